//! Which of the patches that pass to keep. Passing the tests is not being right: small, natural, general changes first;
//! deletions, constant conditions and anything that repeats the tests' own literals last.

use std::collections::BTreeSet;

use super::case::{Case, Project};
use super::lexicon::Lexicon;
use super::search::Search;
use super::source::walk;
use crate::proof::Candidate;
use crate::text::{Edit, apply_edits};

/// Literals so common that using one says nothing.
const PLAIN: &[&str] = &["0", "1", "2", "-1", "10", "0.0", "1.0", "\"\"", "''", "\" \"", "' '", "\",\""];

/// Numbers and strings that stand in failing tests.
#[derive(Debug, Clone, Default)]
pub struct Literals(BTreeSet<String>);

impl Literals {
    /// Collects them from the failing tests' functions.
    pub fn of(project: &Project, case: &Case<'_>) -> Self {
        let names: BTreeSet<String> = case.failing.iter().map(|test| super::case::test_name(&test.id.0)).collect();
        let mut found = BTreeSet::new();
        for unit in project.all() {
            for function in unit.source.functions.iter().filter(|function| function.is_test && names.contains(&function.name)) {
                let Some(node) = unit.source.root().descendant_for_byte_range(function.span.start, function.span.end) else { continue };
                walk(node, &mut |node| {
                    if matches!(node.kind(), "integer" | "float" | "string" | "integer_literal" | "float_literal" | "string_literal") {
                        found.insert(unit.source.of(node).to_owned());
                    }
                    true
                });
            }
        }
        found.retain(|literal| !PLAIN.contains(&literal.as_str()));
        Self(found)
    }

    /// Below 1 where the edits bring in a literal of the tests that the edited file did not know.
    pub fn factor(&self, project: &Project, edits: &[Edit]) -> f32 {
        let special = edits.iter().any(|edit| {
            let known = project.units.get(&edit.path).map(|unit| unit.source.text.clone()).unwrap_or_default();
            literals(&edit.text).any(|literal| self.0.contains(literal) && !has_token(&known, literal))
        });
        if special { 0.35 } else { 1.0 }
    }
}

/// Whole-token occurrence.
fn has_token(text: &str, token: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.match_indices(token).any(|(at, _)| !text[..at].ends_with(word) && !text[at + token.len()..].starts_with(word))
}

/// Numbers and quoted strings in a piece of code.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find(|c: char| c.is_ascii_digit() || c == '"' || c == '\'')?;
        let after = &rest[at..];
        let first = after.chars().next()?;
        let end = if first.is_ascii_digit() {
            after.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(after.len())
        } else {
            after[1..].find(first).map_or(after.len(), |close| close + 2)
        };
        rest = &after[end..];
        Some(&after[..end])
    })
}

/// Above 1 where the edited lines read more like the rest of the project than before, below 1 where less; within ½ … 1.6.
pub fn naturalness_factor(project: &Project, lexicon: &Lexicon, edits: &[Edit]) -> f32 {
    let [edit] = edits else { return 1.0 };
    let Some(unit) = project.units.get(&edit.path) else { return 1.0 };
    let source = &unit.source;
    let first = source.line_span(source.line_of(edit.span.start)).start;
    let last = source.line_span(source.line_of(edit.span.end.max(edit.span.start))).end;
    let (Some(old), Some(before), Some(after)) =
        (source.text.get(first..last), source.text.get(first..edit.span.start), source.text.get(edit.span.end..last))
    else {
        return 1.0;
    };
    if last - first > 400 {
        return 1.0;
    }
    let new = format!("{before}{}{after}", edit.text);
    let gain = lexicon.naturalness(&new) - lexicon.naturalness(old);
    ((gain * 0.6).exp() as f32).clamp(0.5, 1.6)
}

/// The passing candidates, the one to keep first. Those a user would not call a fix (see the factors below) come last.
pub fn rank_plausible(search: &Search, passed: &[Candidate]) -> Vec<Candidate> {
    let mut scored: Vec<(f32, Candidate)> = passed.iter().map(|candidate| (plausibility(search, candidate), candidate.clone())).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How much a passing candidate looks like the fix a person would make; only the order means something.
pub fn plausibility(search: &Search, candidate: &Candidate) -> f32 {
    let given = search.given(candidate.id);
    let found = given.map_or(0.1, |given| given.score.max(1e-4).powf(0.6));
    let project = search.project();
    let (mut removed, mut added) = (0, 0);
    let mut factor = 1.0;
    for edit in &candidate.edits {
        let old = project.units.get(&edit.path).and_then(|unit| unit.source.text.get(edit.span.clone())).unwrap_or_default();
        removed += old.trim().len();
        added += edit.text.trim().len();
        let text = edit.text.trim();
        if text.is_empty() || text == "pass" {
            factor *= 0.45;
        } else if matches!(text, "True" | "False" | "true" | "false") && !matches!(old, "True" | "False" | "true" | "false") {
            factor *= 0.15;
        }
        if old.chars().any(char::is_alphabetic) && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '-') {
            factor *= 0.3;
        }
    }
    let size = (-((removed.max(added)) as f32) / 90.0).exp();
    let special = search.literals().factor(project, &candidate.edits);
    let natural = naturalness_factor(project, search.lexicon(), &candidate.edits);
    let parses = candidate
        .edits
        .iter()
        .all(|edit| project.units.get(&edit.path).is_some_and(|unit| apply_edits(&unit.source.text, std::slice::from_ref(edit)).is_ok()));
    found * factor * size * special * special * natural * if parses { 1.0 } else { 0.0 }
}
