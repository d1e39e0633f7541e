//! Fault localisation: which statements are suspected, how much, and why.
//!
//! Spectrum-based suspiciousness (Ochiai; Abreu, Zoeteweij and van Gemund, "An Evaluation of Similarity Coefficients for
//! Software Fault Localization", 2006) where coverage is known, combined with stack frames, the call graph below the
//! failing test (by name), words of the failure message, diagnostics, and the place the user pointed at.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::case::{Case, Project, Unit, test_name};
use super::hints::Hints;
use super::source::{Function, Lang, Statement, walk};
use crate::proof::Severity;
use crate::text::RelPath;

/// A suspected statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// The file.
    pub path: RelPath,
    /// The statement, nested ones included.
    pub span: Range<usize>,
    /// Its first line, from 1.
    pub line: u32,
    /// The function it lies in, qualified by its type.
    pub function: Option<String>,
    /// From just above 0 to 1, the most suspected being 1.
    pub score: f64,
    /// The reasons, in words.
    pub why: String,
}

/// Weight of the functions the failing test calls, at each further call.
const CALL_DECAY: f64 = 0.8;

/// The suspects of a case, most suspected first; ties in the order of path and position.
pub fn localise(case: &Case<'_>) -> Vec<Suspect> {
    localise_in(&Project::open(case), case)
}

/// [`localise`] over files already parsed.
pub fn localise_in(project: &Project, case: &Case<'_>) -> Vec<Suspect> {
    let hints = Hints::of(case);
    let called = call_weights(project, case, &hints);
    let spectrum = Spectrum::of(case);
    let mut suspects = Vec::new();
    for (path, unit) in &project.units {
        let runs: Vec<f64> = unit.source.statements.iter().map(|s| spectrum.ochiai(path, s.line..=s.last_line)).collect();
        let mut best_run: BTreeMap<Option<usize>, f64> = BTreeMap::new();
        for (statement, run) in unit.source.statements.iter().zip(&runs) {
            let slot = best_run.entry(statement.function).or_default();
            *slot = slot.max(*run);
        }
        for (statement, run) in unit.source.statements.iter().zip(&runs) {
            if unit.source.in_tests(statement.span.start) || is_silent(statement, unit) {
                continue;
            }
            let function = statement.function.map(|index| &unit.source.functions[index]);
            let (mut score, mut why) = clues(case, &hints, path, unit, statement, function);
            let call = function.and_then(|f| called.get(&(path.clone(), f.span.start))).copied().unwrap_or_default();
            if call > 0.0 {
                score += 0.5 * call;
                why.push(format!("in `{}`, which a failing test reaches", function.map(Function::qualified).unwrap_or_default()));
            }
            if spectrum.known {
                let around = best_run.get(&statement.function).copied().unwrap_or_default();
                if *run > 0.0 {
                    score = 0.4 * score + 1.2 * run;
                    why.push(format!("run by failing tests (Ochiai {run:.2})"));
                } else if statement.function.is_some() && around > 0.0 {
                    score = 0.3 * score + 0.25 * around;
                } else if statement.function.is_some() {
                    score *= 0.05;
                }
            }
            if function.is_none() {
                let used = module_level_use(unit, statement, path, &called);
                score += 0.3 * used;
                if used > 0.0 {
                    why.push("a definition that suspected code uses".into());
                }
            }
            let score = if score > 0.0 { score } else { 0.004 };
            let function = function.map(Function::qualified);
            suspects.push(Suspect {
                path: path.clone(),
                span: statement.span.clone(),
                line: statement.line,
                function,
                score,
                why: why.join("; "),
            });
        }
    }
    let top = suspects.iter().map(|suspect| suspect.score).fold(f64::MIN_POSITIVE, f64::max);
    suspects.iter_mut().for_each(|suspect| suspect.score /= top);
    suspects.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.path.cmp(&b.path))
            .then(a.span.start.cmp(&b.span.start))
            .then(a.span.end.cmp(&b.span.end))
    });
    suspects
}

/// Statements in which nothing can be wrong: imports are kept only where a name in them is unknown (see `clues`).
fn is_silent(statement: &Statement, unit: &Unit) -> bool {
    let text = &unit.source.text[statement.span.clone()];
    match statement.kind.as_str() {
        "use_declaration" | "mod_item" | "extern_crate_declaration" | "macro_definition" | "empty_statement" => true,
        "expression_statement" => text.starts_with(['"', '\'']) || text.starts_with("r\"\"\""),
        "trait_item" | "impl_item" => true,
        _ => false,
    }
}

/// Frames, diagnostics, the user's place and words of the message.
fn clues(
    case: &Case<'_>,
    hints: &Hints,
    path: &RelPath,
    unit: &Unit,
    statement: &Statement,
    function: Option<&Function>,
) -> (f64, Vec<String>) {
    let (mut score, mut why) = (0.0, Vec::new());
    let lines = statement.line..=statement.last_line;
    for test in case.failing {
        let own: Vec<_> = test.frames.iter().filter(|frame| unit_of(frame, unit)).collect();
        let depth = test.frames.len();
        for frame in own {
            let at = test.frames.iter().position(|other| std::ptr::eq(other, frame)).unwrap_or_default();
            let deep = 0.85_f64.powi((depth - 1 - at) as i32);
            if lines.contains(&frame.line) {
                score += 0.8 * deep / case.failing.len() as f64;
                why.push(format!("in the stack trace at line {}", frame.line));
            } else if function.is_some_and(|f| (unit.source.line_of(f.span.start)..=unit.source.line_of(f.span.end)).contains(&frame.line))
            {
                score += 0.4 * deep / case.failing.len() as f64;
            }
        }
    }
    for diagnostic in case.diagnostics.iter().filter(|diagnostic| diagnostic.path == *path && lines.contains(&diagnostic.line)) {
        score += match diagnostic.severity {
            Severity::Error => 1.2,
            Severity::Warning => 0.2,
            Severity::Note => 0.05,
        };
        why.push(format!("reported: {}", diagnostic.message.lines().next().unwrap_or_default()));
    }
    if let Some(place) = case.place.filter(|place| place.path == *path) {
        let hit = |span: &Range<usize>| {
            place.span.as_ref().is_some_and(|at| at.start < span.end.max(span.start + 1) && span.start < at.end.max(at.start + 1))
        };
        let on_line = |at: &Range<usize>| *lines.start() <= unit.source.line_of(at.end) && unit.source.line_of(at.start) <= *lines.end();
        if place.span.is_none() {
            score += 0.4;
        } else if place.span.as_ref().is_some_and(on_line) {
            score += 1.0;
            why.push("where you pointed".into());
        } else if function.is_some_and(|function| hit(&function.span)) {
            score += 0.6;
            why.push("in the function you pointed at".into());
        }
    }
    if !hints.unknown.is_empty() {
        let text = &unit.source.text[unit.source.line_span(statement.line).start..unit.source.line_span(statement.last_line).end];
        if hints.unknown.iter().any(|name| !name.is_empty() && text.contains(name.as_str())) {
            score += 0.5;
            why.push("holds a name that could not be resolved".into());
        }
    }
    (score, why)
}

fn unit_of(frame: &crate::proof::Frame, unit: &Unit) -> bool {
    frame.path == unit.source.path && !unit.source.in_tests(unit.source.line_span(frame.line).start)
}

/// How far each function is from the failing tests in calls, by name: 1 for a function the test calls itself.
fn call_weights(project: &Project, case: &Case<'_>, hints: &Hints) -> BTreeMap<(RelPath, usize), f64> {
    let mut by_name: BTreeMap<&str, Vec<(&Unit, &Function)>> = BTreeMap::new();
    let mut by_owner: BTreeMap<&str, Vec<(&Unit, &Function)>> = BTreeMap::new();
    for unit in project.units.values() {
        for function in unit.source.functions.iter().filter(|function| !function.is_test) {
            by_name.entry(&function.name).or_default().push((unit, function));
            if let Some(owner) = &function.owner {
                by_owner.entry(owner).or_default().push((unit, function));
            }
        }
    }
    let mut weights: BTreeMap<(RelPath, usize), f64> = BTreeMap::new();
    let mut front: Vec<(&Unit, Range<usize>, f64)> = Vec::new();
    for (unit, span) in failing_tests(project, case) {
        front.push((unit, span, 1.0 / CALL_DECAY));
    }
    while let Some((unit, span, weight)) = front.pop() {
        let names = names_in(unit, &span);
        for name in &names {
            let mut found: Vec<(&Unit, &Function, f64)> = Vec::new();
            let direct = by_name.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
            let near = direct.iter().filter(|(_, f)| f.owner.as_ref().is_none_or(|owner| names.contains(owner))).count();
            for (at, function) in direct {
                let related = function.owner.as_ref().is_none_or(|owner| names.contains(owner)) || near == 0;
                found.push((at, function, if related { 1.0 } else { 0.5 } / (direct.len() as f64).sqrt()));
            }
            for (at, function) in by_owner.get(name.as_str()).map(Vec::as_slice).unwrap_or_default() {
                let implicit = function.name.starts_with("__") || is_operator_method(&function.name);
                if implicit {
                    found.push((at, function, if function.name == "__init__" { 0.9 } else { 0.5 }));
                }
            }
            for (at, function, share) in found {
                let mentioned = if hints.words.contains(&function.name) { 1.15 } else { 1.0 };
                let new = (weight * CALL_DECAY * share * mentioned).min(1.2);
                let slot = weights.entry((at.source.path.clone(), function.span.start)).or_default();
                if new > *slot + 1e-6 && new > 0.05 {
                    *slot = new;
                    front.push((at, function.span.clone(), new));
                }
            }
        }
    }
    weights
}

/// Methods reached without being named: operators, formatting, conversion, iteration.
fn is_operator_method(name: &str) -> bool {
    matches!(
        name,
        "fmt"
            | "from"
            | "into"
            | "from_str"
            | "try_from"
            | "add"
            | "sub"
            | "mul"
            | "div"
            | "rem"
            | "neg"
            | "not"
            | "index"
            | "index_mut"
            | "eq"
            | "cmp"
            | "partial_cmp"
            | "next"
            | "hash"
            | "deref"
            | "drop"
            | "default"
            | "from_iter"
            | "extend"
            | "into_iter"
            | "as_ref"
            | "add_assign"
            | "sub_assign"
            | "mul_assign"
    )
}

/// Spans of the failing tests and of the helpers of their files that they name.
fn failing_tests<'p>(project: &'p Project, case: &Case<'_>) -> Vec<(&'p Unit, Range<usize>)> {
    let mut spans = Vec::new();
    for test in case.failing {
        let name = test_name(&test.id.0);
        for unit in project.all().filter(|unit| test.path.as_ref().is_none_or(|path| *path == unit.source.path)) {
            let mut own: Vec<&Function> =
                unit.source.functions.iter().filter(|function| function.name == name && function.is_test).collect();
            let mut seen = BTreeSet::new();
            while let Some(function) = own.pop() {
                if !seen.insert(function.span.start) {
                    continue;
                }
                spans.push((unit, function.span.clone()));
                let named = names_in(unit, &function.span);
                let helpers =
                    unit.source.functions.iter().filter(|f| {
                        f.is_test && !f.name.starts_with("test") && (named.contains(&f.name) || f.name.to_lowercase() == "setup")
                    });
                own.extend(helpers);
            }
        }
    }
    spans.sort_by(|a, b| a.0.source.path.cmp(&b.0.source.path).then(a.1.start.cmp(&b.1.start)));
    spans.dedup_by(|a, b| a.0.source.path == b.0.source.path && a.1 == b.1);
    spans
}

/// Identifiers in a span, including those in Rust macro calls.
fn names_in(unit: &Unit, span: &Range<usize>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(node) = unit.source.root().descendant_for_byte_range(span.start, span.end) else { return names };
    walk(node, &mut |node| {
        let inside = node.start_byte() >= span.start && node.end_byte() <= span.end;
        if inside && node.child_count() == 0 && (node.kind().ends_with("identifier")) {
            names.insert(unit.source.of(node).to_owned());
        }
        node.end_byte() > span.start && node.start_byte() < span.end
    });
    if unit.source.lang == Lang::Rust {
        let alias =
            unit.scope.bindings.iter().filter(|binding| names.contains(&binding.name)).filter_map(|binding| binding.type_name.clone());
        names.extend(alias.collect::<Vec<_>>());
    }
    names
}

/// For a definition outside functions (a constant, a class attribute, a signature): how suspected its users are.
fn module_level_use(unit: &Unit, statement: &Statement, path: &RelPath, called: &BTreeMap<(RelPath, usize), f64>) -> f64 {
    let text = &unit.source.text[statement.span.clone()];
    let name: String = text
        .trim_start_matches("pub ")
        .trim_start_matches("const ")
        .trim_start_matches("static ")
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let functions = unit.source.functions.iter().filter(|f| !f.is_test);
    if matches!(statement.kind.as_str(), "function_definition" | "decorated_definition" | "function_item" | "class_definition") {
        let inside = functions.filter(|f| {
            statement.span.contains(&f.span.start)
                && matches!(statement.kind.as_str(), "function_definition" | "decorated_definition" | "function_item")
        });
        return inside.filter_map(|f| called.get(&(path.clone(), f.span.start))).fold(0.0, |best, weight| best.max(weight * 0.6));
    }
    if name.len() < 2 {
        return 0.0;
    }
    let users = functions.filter(|f| unit.source.text[f.span.clone()].contains(&name));
    users.filter_map(|f| called.get(&(path.clone(), f.span.start))).fold(0.0, |best, weight| best.max(*weight))
}

/// Which failing and passing tests ran which lines.
struct Spectrum<'a> {
    known: bool,
    failed: f64,
    lines: BTreeMap<&'a RelPath, BTreeMap<u32, (f64, f64)>>,
}

impl<'a> Spectrum<'a> {
    fn of(case: &Case<'a>) -> Self {
        let failing: BTreeSet<_> = case.failing.iter().map(|test| &test.id).collect();
        let mut spectrum = Self { known: false, failed: 0.0, lines: BTreeMap::new() };
        let Some(coverage) = case.coverage else { return spectrum };
        for (test, files) in &coverage.lines {
            let red = failing.contains(test);
            spectrum.failed += f64::from(u8::from(red));
            for (path, lines) in files {
                let counts = spectrum.lines.entry(path).or_default();
                for line in lines {
                    let slot = counts.entry(*line).or_default();
                    if red { slot.0 += 1.0 } else { slot.1 += 1.0 }
                }
            }
        }
        spectrum.known = spectrum.failed > 0.0;
        spectrum
    }

    /// `ef / sqrt((ef + nf) · (ef + ep))` of the most suspicious line of the range.
    fn ochiai(&self, path: &RelPath, lines: std::ops::RangeInclusive<u32>) -> f64 {
        let Some(counts) = self.lines.get(path).filter(|_| self.known) else { return 0.0 };
        counts.range(lines).map(|(_, (ef, ep))| if *ef == 0.0 { 0.0 } else { ef / (self.failed * (ef + ep)).sqrt() }).fold(0.0, f64::max)
    }
}
