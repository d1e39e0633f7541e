//! Rust: signature → inputs → a scratch module that shows results → selection by mutants (trials of many variants in one build) →
//! `#[cfg(test)]` or `tests/` → a real run.

mod calls;
mod choose;
mod facts;
mod probe;
mod render;
mod shown;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::choose::choose;
use self::facts::{Function, Module, Receiver};
use self::probe::{Case, Probe, Seen};
use self::render::{Place, Test};
use self::values::Values;
use super::inputs::{self, Call, Origin, Pool};
use super::mutants::{self, Mutant};
use super::proving::Prover;
use super::{Budget, Generated, Shown, Target, TestgenError, nothing};
use crate::proof::{self, Bench, Severity, Suite};
use crate::text::{Files, RelPath};

const MOST_FILES: usize = 1500;
/// Calls tried for one function.
const MOST_CALLS: usize = 40;
/// Tests written before the choice, for all functions together.
const MOST_TESTS: usize = 60;
const MOST_FUNCTIONS: usize = 10;

/// A function with the calls that are tried on it.
struct Subject {
    function: Function,
    calls: Vec<(Call, Case)>,
    mutants: Vec<Mutant>,
}

fn sources(files: &dyn Files, folder: &str) -> BTreeMap<RelPath, Arc<str>> {
    let below = |path: &RelPath| folder.is_empty() || path.as_str().starts_with(&format!("{folder}/"));
    let rust = files.list().into_iter().filter(|path| path.extension() == Some("rs") && below(path)).take(MOST_FILES);
    rust.filter_map(|path| Some((path.clone(), files.read(&path)?))).collect()
}

/// Public functions of a file that no test names.
pub(super) fn untested(files: &dyn Files, path: &RelPath) -> Vec<Target> {
    let Some(text) = files.read(path) else { return Vec::new() };
    let sources = sources(files, "");
    let in_tests = |path: &RelPath, text: &Arc<str>| {
        let whole = path.as_str().split('/').any(|part| part == "tests") || path.file_name() == "tests.rs";
        text.get(if whole { 0 } else { text.find("#[cfg(test)]").unwrap_or(text.len()) }..).unwrap_or_default().to_owned()
    };
    let tests: Vec<String> = sources.iter().map(|(path, text)| in_tests(path, text)).collect();
    let word = |text: &String, name: &str| text.split(|char: char| !char.is_alphanumeric() && char != '_').any(|word| word == name);
    let open = Module::read(&text).functions.into_iter().filter(|function| {
        function.public
            && !function.in_tests
            && function.of_trait.is_none()
            && function.obstacle.is_none()
            && !tests.iter().any(|text| word(text, &function.name))
    });
    open.map(|function| Target { path: path.clone(), symbol: function.qualified(), span: function.span }).collect()
}

/// Makes tests for targets of one file.
pub(super) async fn generate(
    bench: Bench<'_>,
    suite: &Suite,
    files: &dyn Files,
    targets: &[Target],
    budget: &Budget,
) -> Result<Generated, TestgenError> {
    let Some(first) = targets.first() else {
        return Err(nothing("no symbol was named", &[]));
    };
    let not_found = || TestgenError::NotFound { path: first.path.clone(), symbol: first.symbol.clone() };
    let text = files.read(&first.path).ok_or_else(not_found)?;
    let sources = sources(files, &suite.folder);
    let own = Module::read(&text);
    let others = neighbours(&sources, &first.path);
    let values = Values::new(&own, &others);
    let mut notes = Vec::new();
    let mut subjects = Vec::new();
    for function in functions_of(&own, targets)?.into_iter().take(MOST_FUNCTIONS) {
        match subject(&values, &own, &sources, &text, function) {
            Ok(subject) => subjects.push(subject),
            Err(note) => notes.push(note),
        }
    }
    if subjects.is_empty() {
        return Err(TestgenError::Unsupported { symbol: first.symbol.clone(), why: notes.join("; ") });
    }
    let most = (mutants::MOST / subjects.len()).max(10);
    subjects.iter_mut().for_each(|subject| mutants::thin_out(&mut subject.mutants, most));

    let public = subjects.iter().all(|subject| subject.function.public && subject.function.modules.is_empty());
    let place = Place::of(&sources, &first.path, &text, public, crate_name(files, &first.path).as_deref()).ok_or_else(not_found)?;
    let seen = observe(bench, suite, &first.path, &text, &subjects).await?;
    let mut tests = tests(&subjects, &seen, &place, &text, &mut notes);
    if tests.is_empty() {
        return Err(nothing("no call of it gives something stable that can be asserted", &notes));
    }
    let prover = Prover { bench, suite, files, path: &place.path, budget };
    build_forms(&prover, &values, &place, &mut tests).await?;
    let written = |names: &[String]| {
        let chosen: Vec<Test> = tests.iter().filter(|test| names.contains(&test.name)).cloned().collect();
        render::edits(&values, &place, &chosen)
    };
    let (names, ids) = prover.settle(tests.iter().map(|test| test.name.clone()).collect(), written, &mut notes).await?;
    let (kept, mutants, noticed) = choose(&prover, &written(&names), &first.path, &subjects, &tests, &names, &ids).await?;
    if kept.is_empty() {
        return Err(nothing("the written tests pass, but fail on no mutant", &notes));
    }
    let (names, ids) = prover.settle(kept, written, &mut notes).await?;
    let edits = written(&names);
    if !prover.notices(&names, &ids, &edits, noticed).await? {
        return Err(nothing("the written tests pass, but did not fail on any mutant when run for real", &notes));
    }
    tests.retain(|test| names.contains(&test.name));
    Ok(Generated {
        edits,
        cases: tests.iter().map(|test| Shown { test: test.name.clone(), shows: test.shows.clone() }).collect(),
        tests: tests.into_iter().map(|test| test.name).collect(),
        mutants,
        notes,
    })
}

/// Other files of the same crate, with the path their items are written by.
fn neighbours(sources: &BTreeMap<RelPath, Arc<str>>, path: &RelPath) -> Vec<(String, Module)> {
    let Some((folder, _)) = path.as_str().rsplit_once("src/") else { return Vec::new() };
    let inside = |other: &RelPath| {
        other.as_str().strip_prefix(&format!("{folder}src/")).and_then(|rest| rest.strip_suffix(".rs")).map(str::to_owned)
    };
    let module = |(other, text): (&RelPath, &Arc<str>)| {
        let bare = inside(other).filter(|_| other != path)?;
        let bare = bare.strip_suffix("/mod").unwrap_or(&bare).to_owned();
        let prefix = if bare == "lib" || bare == "main" { "crate::".to_owned() } else { format!("crate::{}::", bare.replace('/', "::")) };
        Some((prefix, Module::read(text)))
    };
    sources.iter().filter_map(module).collect()
}

/// The library's name as it is imported, from the nearest manifest.
fn crate_name(files: &dyn Files, path: &RelPath) -> Option<String> {
    let (folder, _) = path.as_str().rsplit_once("src/")?;
    let manifest: toml::Table = files.read(&RelPath::new(format!("{folder}Cargo.toml")).ok()?)?.parse().ok()?;
    let name = |table: &str| manifest.get(table)?.get("name")?.as_str().map(|name| name.replace('-', "_"));
    files.read(&RelPath::new(format!("{folder}src/lib.rs")).ok()?)?;
    name("lib").or_else(|| name("package"))
}

/// The functions the symbols stand for: themselves, or a type's public methods.
fn functions_of(own: &Module, targets: &[Target]) -> Result<Vec<Function>, TestgenError> {
    let mut found: Vec<Function> = Vec::new();
    for target in targets {
        let symbol = target.symbol.replace('.', "::");
        let open = || own.functions.iter().filter(|function| !function.in_tests);
        let overlaps = |function: &&Function| function.span.start < target.span.end && target.span.start < function.span.end;
        let named = || open().filter(|function| function.qualified() == symbol);
        let methods: Vec<Function> = open()
            .filter(|function| function.owner.as_deref() == symbol.rsplit("::").next() && function.public && function.of_trait.is_none())
            .cloned()
            .collect();
        match named().find(overlaps).or_else(|| named().next()) {
            Some(function) => found.push(function.clone()),
            None if !methods.is_empty() => found.extend(methods),
            None => return Err(TestgenError::NotFound { path: target.path.clone(), symbol: target.symbol.clone() }),
        }
    }
    Ok(found)
}

/// Draws inputs for a function, or says why it is left out.
fn subject(
    values: &Values,
    own: &Module,
    sources: &BTreeMap<RelPath, Arc<str>>,
    text: &str,
    function: Function,
) -> Result<Subject, String> {
    let left_out = |why: &str| format!("`{}` is left out: {why}", function.qualified());
    if let Some(why) = function.obstacle {
        return Err(left_out(why));
    }
    let mut pools = values.pools(&function);
    if let Some((_, (_, kind))) = pools.iter().zip(&function.params).find(|(pool, _)| pool.values.is_empty()) {
        return Err(left_out(&format!("no value of type `{kind}` can be written")));
    }
    let method = function.receiver != Receiver::None;
    let owner = function.owner.as_deref().unwrap_or_default();
    let receivers = if method { values.receivers(owner) } else { Vec::new() };
    if method && receivers.is_empty() {
        return Err(left_out(&format!("no `{owner}` can be made without arguments that are unknown")));
    }
    if method {
        pools.insert(0, Pool { keyword: None, optional: false, values: receivers.clone(), origin: Origin::Typed });
    }
    let mut calls = calls::find(sources, &function);
    calls.iter_mut().filter(|_| method).for_each(|call| call.receiver = receivers.first().cloned());
    for call in inputs::combine(&pools, method, MOST_CALLS) {
        if !calls.iter().any(|old| old.same(&call)) {
            calls.push(call);
        }
    }
    let simple =
        ["bool", "usize", "u8", "u32", "u64", "i32", "i64", "f64", "String", "&str", "Option<&str>", "Option<String>", "Option<i32>"];
    let getter = |other: &&Function| {
        other.owner == function.owner
            && other.receiver == Receiver::Shared
            && other.params.is_empty()
            && simple.contains(&other.returns.as_str())
            && other.obstacle.is_none()
            && other.of_trait.is_none()
    };
    let getters: Vec<&Function> = own.functions.iter().filter(getter).take(3).collect();
    calls.retain(|call| !call.tested);
    calls.truncate(MOST_CALLS);
    let calls =
        calls.into_iter().map(|call| (probe::case(values, &function, &call, &getters), call)).map(|(case, call)| (call, case)).collect();
    let mutants = mutants::rust(text, &function.span);
    Ok(Subject { function, calls, mutants })
}

/// What each case of each subject shows; the key is subject × 1000 + call.
async fn observe(
    bench: Bench<'_>,
    suite: &Suite,
    path: &RelPath,
    text: &str,
    subjects: &[Subject],
) -> Result<BTreeMap<usize, Option<Seen>>, TestgenError> {
    let numbered = |(at, subject): (usize, &Subject)| {
        subject.calls.iter().enumerate().map(|(number, (_, case))| (at * 1000 + number, case.clone())).collect::<Vec<_>>()
    };
    let cases: BTreeMap<usize, Case> = subjects.iter().enumerate().flat_map(numbered).collect();
    Probe { bench, suite, path, text }.observe(&cases).await
}

/// One test for each observation that may become one, different behaviours first where there are too many.
fn tests(subjects: &[Subject], seen: &BTreeMap<usize, Option<Seen>>, place: &Place, text: &str, notes: &mut Vec<String>) -> Vec<Test> {
    let mut taken = place.taken();
    let mut tests = Vec::new();
    let most = (MOST_TESTS / subjects.len()).max(8);
    for (at, subject) in subjects.iter().enumerate() {
        let mut mine = 0;
        for (number, (call, case)) in subject.calls.iter().enumerate() {
            let Some(seen) = seen.get(&(at * 1000 + number)) else { continue };
            let judged = match seen {
                None => Err(format!("the result of `{}` differs from run to run: not asserted", subject.function.qualified())),
                Some(Seen::Hang) => Err(format!("looks like a bug: `{}` did not come back within 2 s; not asserted", case.call)),
                Some(Seen::Panic(message, line)) if !is_meant(&subject.function, text, *line) => Err(format!(
                    "looks like a bug: `{}` panics ({}) at line {line}, and neither its documentation nor a statement says so; not asserted",
                    case.call,
                    message.lines().next().unwrap_or_default()
                )),
                Some(seen) => Ok(seen),
            };
            match judged {
                Ok(seen) if mine < most && case.call.len() < 200 => {
                    if let Some(test) = render::test(at, &subject.function, call, case, seen, place, &mut taken) {
                        mine += 1;
                        tests.push(test);
                    }
                }
                Ok(_) => {}
                Err(note) if notes.len() < 24 && !notes.contains(&note) => notes.push(note),
                Err(_) => {}
            }
        }
    }
    tests
}

/// Whether a panic is documented, or stated by the line it comes from.
fn is_meant(function: &Function, text: &str, line: usize) -> bool {
    let stated = ["panic!(", "assert!(", "assert_eq!(", "assert_ne!(", ".expect(", "unreachable!("];
    let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    function.doc.contains("# Panics") || function.doc.contains("panics") || stated.iter().any(|mark| source.contains(mark))
}

/// Builds the tests; those the compiler refuses compare texts instead of values, and are dropped if that is refused as well.
async fn build_forms(prover: &Prover<'_>, values: &Values, place: &Place, tests: &mut Vec<Test>) -> Result<(), TestgenError> {
    let mut last = String::new();
    for _ in 0..8 {
        let edits = render::edits(values, place, tests);
        let _restore = prover.hold(&edits)?;
        let build = proof::build(&prover.bench, prover.suite).await?;
        if build.complete {
            return Ok(());
        }
        let text = Files::read(prover.bench.copy, &place.path).unwrap_or_default();
        let errors = || build.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        last = errors().next().map(|error| error.message.clone()).unwrap_or_else(|| build.notes.join("; "));
        let refused: BTreeSet<String> =
            errors().filter(|error| error.path == place.path).filter_map(|error| test_at(&text, error.line as usize)).collect();
        if !tests.iter().any(|test| refused.contains(&test.name)) {
            break;
        }
        tests.retain(|test| !(test.as_text && refused.contains(&test.name)));
        tests.iter_mut().filter(|test| refused.contains(&test.name)).for_each(|test| test.as_text = true);
        if tests.is_empty() {
            break;
        }
    }
    Err(nothing(&format!("the written tests do not build: {last}"), &[]))
}

/// The name of the function that holds a line.
fn test_at(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let head = lines.iter().rev().find_map(|line| line.trim_start().strip_prefix("fn "))?;
    head.split('(').next().map(str::to_owned)
}
