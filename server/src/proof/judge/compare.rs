//! Before against after: test by test by id, finding by finding by its words.

use std::collections::BTreeMap;

use crate::proof::{Diagnostic, Observation, Severity, TestCase, TestId, TestReport, TestStatus};
use crate::text::Patch;

use super::{Tally, Want};

/// What marks a finding that was not there before.
pub(super) const NEW: &str = " (new)";

/// `11 passed, 1 failed`; says so where the run did not come to its end.
pub(super) fn counts(report: &TestReport) -> String {
    let of = |status: TestStatus| report.cases.iter().filter(|case| case.status == status).count();
    let numbers = [
        ("passed", TestStatus::Passed),
        ("failed", TestStatus::Failed),
        ("errored", TestStatus::Errored),
        ("skipped", TestStatus::Skipped),
    ];
    let mut parts: Vec<String> = numbers
        .iter()
        .map(|(word, status)| (word, of(*status)))
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() {
        parts.push("no results".to_owned());
    }
    if !report.complete {
        parts.push("not complete".to_owned());
    }
    parts.join(", ")
}

pub(super) fn findings(diagnostics: &[Diagnostic]) -> String {
    let of = |severity: Severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    format!("{} errors, {} warnings", of(Severity::Error), of(Severity::Warning))
}

/// Whether a case proves that something works: an expected failure does not.
fn is_green(case: &TestCase) -> bool {
    case.status == TestStatus::Passed && !case.message.starts_with("expected failure") && !case.message.starts_with("unexpectedly passed")
}

pub(super) fn compare_tests(old: Option<&TestReport>, new: &TestReport, patch: &Patch) -> Tally {
    let mut tally = Tally::default();
    let show = |id: &TestId| if new.folder.is_empty() { id.0.clone() } else { format!("{}: {}", new.folder, id.0) };
    let by_id = |report: &TestReport| report.cases.iter().map(|case| (case.id.clone(), case.clone())).collect::<BTreeMap<_, _>>();
    let (was, now) = (old.map(by_id).unwrap_or_default(), by_id(new));
    // An incomplete run's greens are not counted; its reds are real.
    let believed = new.complete;
    for (id, case) in &was {
        match now.get(id) {
            Some(after) => compare_case(show(id), case, after, believed, &mut tally),
            None => gone(show(id), case, new, &now, &mut tally),
        }
    }
    let old_complete = old.is_some_and(|old| old.complete);
    for (id, case) in now.iter().filter(|(id, _)| !was.contains_key(*id)) {
        match (case.status.is_red(), is_green(case) && believed) {
            (true, _) if old_complete => tally.broken.push(format!("{} (new, and it fails)", show(id))),
            (true, _) => tally.still_red.push(show(id)),
            (false, true) => tally.new.push(show(id)),
            (false, false) => {}
        }
    }
    let excused = old.is_some_and(|old| !old.complete) && !touches(new, patch);
    if !new.complete && !excused {
        let why = if new.notes.is_empty() { "no reason was given".to_owned() } else { new.notes.join("; ") };
        tally.unknown.push(format!("{} did not come to its end: {why}", new.runner));
    }
    tally
}

fn compare_case(name: String, was: &TestCase, now: &TestCase, believed: bool, tally: &mut Tally) {
    match (was.status.is_red(), now.status.is_red()) {
        (true, true) => tally.still_red.push(name),
        (false, true) => tally.broken.push(name),
        (true, false) if is_green(now) && believed => tally.red_to_green.push(name),
        (true, false) if is_green(now) => {}
        (true, false) => tally.weakened.push(format!("`{name}` was red and is now skipped or expected to fail")),
        (false, false) if is_green(was) && !is_green(now) => {
            tally.weakened.push(format!("`{name}` passed and is now skipped or expected to fail"))
        }
        (false, false) => {}
    }
}

/// A test without a result now: removed, hidden by a broken import, or — for a module that could not be imported — replaced by its tests.
fn gone(name: String, was: &TestCase, report: &TestReport, now: &BTreeMap<TestId, TestCase>, tally: &mut Tally) {
    if !report.whole || !report.complete {
        return;
    }
    let inside: Vec<&TestCase> = now.values().filter(|case| is_inside(&case.id.0, &was.id.0)).collect();
    if was.status.is_red() && !inside.is_empty() {
        if inside.iter().all(|case| !case.status.is_red()) && inside.iter().any(|case| is_green(case)) {
            tally.red_to_green.push(name);
        } else {
            tally.still_red.push(name);
        }
        return;
    }
    if was.status != TestStatus::Skipped {
        tally.weakened.push(format!("`{name}` was there before and is gone"));
    }
}

/// Whether a test belongs to a module, class or `conftest.py` by its name.
fn is_inside(id: &str, container: &str) -> bool {
    let below = |rest: &str| rest.starts_with("::") || rest.starts_with('.');
    match container.strip_suffix("conftest.py") {
        Some(folder) => id.starts_with(folder),
        None => id.strip_prefix(container).is_some_and(below),
    }
}

/// Whether the patch changes files that this suite could depend on.
fn touches(report: &TestReport, patch: &Patch) -> bool {
    let rust = report.runner.starts_with("cargo");
    let own: &[&str] = if rust { &["rs", "toml", "lock"] } else { &["py", "pyi", "toml", "cfg", "ini"] };
    patch.files.iter().any(|file| file.path.extension().is_none_or(|extension| own.contains(&extension)))
}

/// Findings by what they say, not where: lines move. Errors count; warnings only where they were asked for.
pub(super) fn compare_findings(before: &Observation, after: &Observation, want: &Want) -> Tally {
    let asked = |diagnostic: &Diagnostic| match want {
        Want::FixOf(targets) => {
            targets.diagnostics.iter().any(|(path, message)| *path == diagnostic.path && *message == diagnostic.message)
        }
        _ => false,
    };
    let matters = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error || asked(diagnostic);
    let collect = |observation: &Observation| {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        observation.diagnostics().iter().filter(matters).for_each(|diagnostic| *found.entry(named(diagnostic)).or_default() += 1);
        found
    };
    let (was, now) = (collect(before), collect(after));
    let mut tally = Tally::default();
    let looked = after.checks.iter().all(|report| report.complete);
    for (name, count) in &was {
        match now.get(name).copied().unwrap_or_default() {
            left if left >= *count => tally.still_red.push(name.clone()),
            _ if looked => tally.red_to_green.push(name.clone()),
            _ => {}
        }
    }
    let more = now.iter().filter(|(name, count)| was.get(*name).copied().unwrap_or_default() < **count);
    tally.broken.extend(more.map(|(name, _)| format!("{name}{NEW}")));
    tally
}

/// `error E0425 in src/lib.rs: cannot find value …`.
pub(super) fn named(diagnostic: &Diagnostic) -> String {
    let level = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
    let code = diagnostic.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    format!("{level}{code} in {}: {}", diagnostic.path, diagnostic.message)
}
