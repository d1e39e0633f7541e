//! The verdict: before against after, test by test and finding by finding, under rules that do not trust appearances.
//!
//! A fix turns something red to green and breaks nothing. What is missing, skipped or expected to fail afterwards is not
//! green. A run that did not come to its end proves nothing. Weakened tests and settings block, whatever the results say.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Patch, RelPath};

use super::guard::Finding;
use super::{Context, Diagnostic, Observation, Screening, Severity, TestCase, TestId, TestReport, TestStatus};

/// What a change is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// Something that is red — a test, or an error of a check — turns green.
    Fix,
    /// Exactly these turn green.
    FixOf(Targets),
    /// Tests are added.
    Tests,
    /// A goal in words: nothing breaks.
    Goal,
}

/// What a fix was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Red tests.
    pub tests: Vec<TestId>,
    /// Findings: file and message, as a check reported them.
    pub diagnostics: Vec<(RelPath, String)>,
}

/// Yes, no, or cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictStatus {
    /// Proven.
    Verified,
    /// Nothing speaks against it, and nothing that ran proves it.
    Unverified,
    /// It breaks something, weakens something, or does not do what was wanted.
    Failed,
    /// Nothing was changed.
    NoChange,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Yes, no, or cannot say.
    pub status: VerdictStatus,
    /// Why, in sentences; the most important first.
    pub reasons: Vec<String>,
    /// Tests (by id) and findings (`error E0425 in src/lib.rs: …`) that were red and are green.
    pub red_to_green: Vec<String>,
    /// Red before and red now.
    pub still_red: Vec<String>,
    /// Green before and not any more, and findings that are new.
    pub broken: Vec<String>,
    /// Tests that are new and pass.
    pub new: Vec<String>,
    /// Tests whose result changed from one run to the next.
    pub flaky: Vec<String>,
    /// Files of the patch that others execute or follow: a yes of their own is needed.
    pub needs_confirmation: Vec<RelPath>,
    /// What the screening of the patch's texts found.
    pub screening: Screening,
    /// What was run, before and after.
    pub evidence: Vec<Evidence>,
}

/// One entry of the result's `evidence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// `test`, `check`, `mutant` or `review`.
    pub kind: String,
    /// The command line.
    pub command: Vec<String>,
    /// The outcome before, in words (`11 passed, 1 failed`).
    pub before: String,
    /// The outcome after.
    pub after: String,
    /// What turned green.
    pub red_to_green: Vec<String>,
    /// What broke.
    pub broken: Vec<String>,
}

/// What happened to one suite or check, before being weighed.
#[derive(Debug, Default)]
struct Tally {
    red_to_green: Vec<String>,
    still_red: Vec<String>,
    broken: Vec<String>,
    new: Vec<String>,
    /// Tests that no longer say anything.
    weakened: Vec<String>,
    /// Why the result cannot be believed or compared.
    unknown: Vec<String>,
}

/// Weighs `after` against `before` for `patch`.
pub fn judge(before: &Observation, after: &Observation, patch: &Patch, want: &Want) -> Verdict {
    let screening = super::screen(patch, &context(before, want));
    judge_screened(before, after, patch, want, screening)
}

/// The context of the screening that an observation gives.
pub(super) fn context(before: &Observation, want: &Want) -> Context {
    let cases = || before.tests.iter().flat_map(|report| &report.cases);
    let is_doc = |case: &&TestCase| {
        case.id.0.contains("::doc$") || case.id.0.split_once("::").is_some_and(|(file, rest)| file.ends_with(".py") && rest.contains('.'))
    };
    Context {
        test_files: cases().filter_map(|case| case.path.clone()).filter(|path| path.extension() == Some("py")).collect(),
        doc_test_files: cases().filter(is_doc).filter_map(|case| case.path.clone()).collect(),
        settings_allowed: *want == Want::Goal,
    }
}

pub(super) fn judge_screened(before: &Observation, after: &Observation, patch: &Patch, want: &Want, screening: Screening) -> Verdict {
    let mut total = Tally::default();
    let mut evidence = Vec::new();
    for report in &after.tests {
        let old = before.tests.iter().find(|old| same_suite(old, report));
        let tally = compare_tests(old, report, patch);
        let words = |report: &TestReport| counts(report);
        evidence.push(entry("test", &report.command, old.map_or_else(|| "not run".to_owned(), words), counts(report), &tally));
        total.add(tally);
    }
    for old in before.tests.iter().filter(|old| !after.tests.iter().any(|report| same_suite(old, report))) {
        total.unknown.push(format!("{} ran before and was not run again", old.runner));
    }
    let tally = compare_findings(before, after, want);
    for report in &after.checks {
        let old = before.checks.iter().find(|old| old.folder == report.folder && old.checker == report.checker);
        let words = |diagnostics: &[Diagnostic]| findings(diagnostics);
        let of = |names: &[String]| {
            names.iter().filter(|name| report.folder.is_empty() || name.contains(&report.folder)).cloned().collect::<Vec<_>>()
        };
        let part = Tally { red_to_green: of(&tally.red_to_green), broken: of(&tally.broken), ..Tally::default() };
        evidence.push(entry(
            "check",
            &report.command,
            old.map_or_else(|| "not run".to_owned(), |old| words(&old.diagnostics)),
            words(&report.diagnostics),
            &part,
        ));
        if !report.complete && old.is_none_or(|old| old.complete) {
            total.unknown.push(format!("{} did not come to its end: {}", report.checker, report.notes.join("; ")));
        }
    }
    total.add(tally);
    conclude(total, evidence, patch, want, screening, after)
}

fn same_suite(a: &TestReport, b: &TestReport) -> bool {
    let family = |report: &TestReport| report.runner.split(' ').next().unwrap_or_default().to_owned();
    a.folder == b.folder && family(a) == family(b)
}

fn entry(kind: &str, command: &[String], before: String, after: String, tally: &Tally) -> Evidence {
    let (red_to_green, broken) = (tally.red_to_green.clone(), [tally.broken.clone(), tally.weakened.clone()].concat());
    Evidence { kind: kind.to_owned(), command: command.to_vec(), before, after, red_to_green, broken }
}

/// `11 passed, 1 failed`; says so where the run did not come to its end.
fn counts(report: &TestReport) -> String {
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

fn findings(diagnostics: &[Diagnostic]) -> String {
    let of = |severity: Severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    format!("{} errors, {} warnings", of(Severity::Error), of(Severity::Warning))
}

/// Whether a case proves that something works: an expected failure does not.
fn is_green(case: &TestCase) -> bool {
    case.status == TestStatus::Passed && !case.message.starts_with("expected failure") && !case.message.starts_with("unexpectedly passed")
}

fn compare_tests(old: Option<&TestReport>, new: &TestReport, patch: &Patch) -> Tally {
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
fn compare_findings(before: &Observation, after: &Observation, want: &Want) -> Tally {
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
    tally.broken.extend(more.map(|(name, _)| format!("{name} (new)")));
    tally
}

/// `error E0425 in src/lib.rs: cannot find value …`.
fn named(diagnostic: &Diagnostic) -> String {
    let level = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
    let code = diagnostic.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    format!("{level}{code} in {}: {}", diagnostic.path, diagnostic.message)
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.red_to_green.extend(other.red_to_green);
        self.still_red.extend(other.still_red);
        self.broken.extend(other.broken);
        self.new.extend(other.new);
        self.weakened.extend(other.weakened);
        self.unknown.extend(other.unknown);
    }
}

fn conclude(tally: Tally, evidence: Vec<Evidence>, patch: &Patch, want: &Want, screening: Screening, after: &Observation) -> Verdict {
    let (status, mut reasons) = weigh(&tally, patch, want, &screening, after);
    reasons.extend(screening.refused.iter().map(|finding| format!("`{}` was dropped from the change: {}", finding.path, finding.why)));
    reasons.extend(
        screening.needs_confirmation.iter().map(|finding| format!("`{}` needs a confirmation of its own: {}", finding.path, finding.why)),
    );
    let paths: BTreeSet<RelPath> = screening.needs_confirmation.iter().map(|finding| finding.path.clone()).collect();
    Verdict {
        status,
        reasons,
        red_to_green: tally.red_to_green,
        still_red: tally.still_red,
        broken: [tally.broken, tally.weakened].concat(),
        new: tally.new,
        flaky: Vec::new(),
        needs_confirmation: paths.into_iter().collect(),
        screening,
        evidence,
    }
}

fn weigh(tally: &Tally, patch: &Patch, want: &Want, screening: &Screening, after: &Observation) -> (VerdictStatus, Vec<String>) {
    if patch.is_empty() {
        return (VerdictStatus::NoChange, vec!["nothing was changed".to_owned()]);
    }
    let blocked = |finding: &Finding| format!("delivery is blocked: in `{}`, {}", finding.path, finding.why);
    let mut against: Vec<String> = screening.violations.iter().map(blocked).collect();
    against.extend(tally.weakened.iter().map(|what| format!("delivery is blocked: {what}")));
    against.extend(some("it breaks", &tally.broken));
    if !against.is_empty() {
        return (VerdictStatus::Failed, against);
    }
    let (missing, proof) = match want {
        Want::Fix => (None, some("it turns green", &tally.red_to_green)),
        Want::FixOf(targets) => (left_over(targets, tally), some("it turns green", &tally.red_to_green)),
        Want::Tests => (None, some("it adds tests that pass", &tally.new)),
        Want::Goal => (None, ran(after)),
    };
    if let Some(left) = missing {
        let status = if tally.red_to_green.is_empty() { VerdictStatus::Failed } else { VerdictStatus::Unverified };
        return (status, vec![left]);
    }
    if !tally.unknown.is_empty() {
        return (VerdictStatus::Unverified, tally.unknown.clone());
    }
    match proof {
        Some(proof) => {
            let rest = some("still red, as before", &tally.still_red);
            (VerdictStatus::Verified, std::iter::once(proof).chain(rest).collect())
        }
        None => without_proof(tally, want),
    }
}

fn without_proof(tally: &Tally, want: &Want) -> (VerdictStatus, Vec<String>) {
    match want {
        Want::Fix | Want::FixOf(_) => match some("nothing turned green; still red", &tally.still_red) {
            Some(reason) => (VerdictStatus::Failed, vec![reason]),
            None => (VerdictStatus::Unverified, vec!["nothing that ran was red before, so nothing can prove the change".to_owned()]),
        },
        Want::Tests => (VerdictStatus::Failed, vec!["no new test passes".to_owned()]),
        Want::Goal => (VerdictStatus::Unverified, vec!["no test and no check ran, so nothing can prove the change".to_owned()]),
    }
}

/// The wanted targets that are not green.
fn left_over(targets: &Targets, tally: &Tally) -> Option<String> {
    let green = |name: &str| tally.red_to_green.iter().any(|one| one == name || one.ends_with(&format!(": {name}")));
    let found = |(path, message): &&(RelPath, String)| {
        let end = format!(" in {path}: {message}");
        tally.red_to_green.iter().any(|one| one.ends_with(&end))
    };
    let tests = targets.tests.iter().map(|id| id.0.clone()).filter(|name| !green(name));
    let findings = targets.diagnostics.iter().filter(|target| !found(target)).map(|(path, message)| format!("{path}: {message}"));
    some("what was asked for is not green", &tests.chain(findings).collect::<Vec<_>>())
}

/// What ran and was green, for a goal in words.
fn ran(after: &Observation) -> Option<String> {
    let passed = after.passed_tests().len();
    let checked = !after.checks.is_empty() && after.checks.iter().all(|report| report.complete) && after.errors().is_empty();
    (passed > 0 || checked).then(|| format!("nothing breaks: {passed} tests pass and the checks find no new error"))
}

/// `it breaks: a, b, c and 4 more`.
fn some(words: &str, names: &[String]) -> Option<String> {
    let first: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    (!names.is_empty()).then(|| format!("{words}: {}{more}", first.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Change, FileChange};

    /// `id status` lines; a leading `!` line is a note that makes the report incomplete.
    fn report(text: &str) -> TestReport {
        let mut report = TestReport {
            runner: "pytest".into(),
            folder: String::new(),
            command: vec!["pytest".into()],
            whole: true,
            complete: true,
            notes: Vec::new(),
            cases: Vec::new(),
            diagnostics: Vec::new(),
            seconds: 1.0,
            tail: String::new(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(note) = line.strip_prefix('!') {
                report.complete = false;
                report.notes.push(note.to_owned());
                continue;
            }
            let (id, status) = line.rsplit_once(' ').expect("a name and a status");
            let (status, message) = match status {
                "ok" => (TestStatus::Passed, ""),
                "xfail" => (TestStatus::Passed, "expected failure: so"),
                "red" => (TestStatus::Failed, "assert 1 == 2"),
                "error" => (TestStatus::Errored, "no"),
                _ => (TestStatus::Skipped, "later"),
            };
            let (error, frames, path) = (None, Vec::new(), None);
            report.cases.push(TestCase {
                id: TestId(id.to_owned()),
                status,
                message: message.to_owned(),
                error,
                frames,
                path,
                seconds: 0.1,
            });
        }
        report
    }

    fn observed(tests: &str) -> Observation {
        Observation { tests: vec![report(tests)], checks: Vec::new() }
    }

    fn checked(tests: &str, errors: &[&str]) -> Observation {
        let diagnostic = |message: &&str| Diagnostic {
            path: RelPath::new("a.py").expect("a path"),
            line: 1,
            column: 1,
            span: None,
            severity: if message.starts_with("unused") { Severity::Warning } else { Severity::Error },
            code: None,
            message: (*message).to_owned(),
            details: Vec::new(),
            fixes: Vec::new(),
        };
        let diagnostics = errors.iter().map(diagnostic).collect();
        let check = super::super::CheckReport {
            checker: "pyflakes".into(),
            folder: String::new(),
            command: vec!["pyflakes".into()],
            complete: true,
            notes: Vec::new(),
            diagnostics,
            seconds: 0.1,
        };
        Observation { checks: vec![check], ..observed(tests) }
    }

    fn patch() -> Patch {
        let change = Change::Modify { old: "x = 1\n".into(), new: "x = 2\n".into() };
        Patch { files: vec![FileChange { path: RelPath::new("a.py").expect("a path"), change }] }
    }

    use VerdictStatus::{Failed, NoChange, Unverified, Verified};

    #[test]
    fn fixes() {
        let rows = [
            ("red to green", "t::a red\nt::b ok", "t::a ok\nt::b ok", Verified),
            ("one of two", "t::a red\nt::b red", "t::a ok\nt::b red", Verified),
            ("still red", "t::a red", "t::a red", Failed),
            ("breaks another", "t::a red\nt::b ok", "t::a ok\nt::b red", Failed),
            ("skipped instead", "t::a red\nt::b ok", "t::a skip\nt::b ok", Failed),
            ("expected to fail instead", "t::a red\nt::b ok", "t::a xfail\nt::b ok", Failed),
            ("another one skipped", "t::a red\nt::b ok", "t::a ok\nt::b skip", Failed),
            ("deleted instead", "t::a red\nt::b ok", "t::b ok", Failed),
            ("a passing one deleted", "t::a red\nt::b ok", "t::a ok", Failed),
            ("nothing was red", "t::a ok", "t::a ok", Unverified),
            ("not complete", "t::a red\nt::b ok", "t::a ok\n!ran past 5 s", Unverified),
            ("not complete and broken", "t::a red\nt::b ok", "t::a ok\nt::b red\n!ran past 5 s", Failed),
            ("a module imports again", "t error\nu::b ok", "t::a ok\nu::b ok", Verified),
            ("a module imports again and fails", "t error\nu::b ok", "t::a red\nu::b ok", Failed),
            ("a module does not import any more", "t::a ok\nu::b red", "t error\nu::b ok", Failed),
            ("a conftest imports again", "conftest.py error\n!did not start", "t::a ok", Verified),
            ("a failing test is new", "t::a red", "t::a ok\nt::b red", Failed),
            ("nothing is left", "t::a red", "", Failed),
        ];
        for (name, before, after, expected) in rows {
            let verdict = judge(&observed(before), &observed(after), &patch(), &Want::Fix);
            assert_eq!(verdict.status, expected, "{name}: {verdict:#?}");
            assert!(!verdict.reasons.is_empty(), "{name}");
        }
        assert_eq!(judge(&observed("t::a red"), &observed("t::a red"), &Patch::default(), &Want::Fix).status, NoChange);
    }

    #[test]
    fn findings_count_like_tests() {
        let rows: [(&str, &[&str], &[&str], VerdictStatus); 4] = [
            ("an error less", &["undefined n"], &[], Verified),
            ("another error instead", &["undefined n"], &["undefined m"], Failed),
            ("the same error", &["undefined n"], &["undefined n"], Failed),
            ("a warning less proves nothing unasked", &["unused x"], &[], Unverified),
        ];
        for (name, before, after, expected) in rows {
            let verdict = judge(&checked("t::a ok", before), &checked("t::a ok", after), &patch(), &Want::Fix);
            assert_eq!(verdict.status, expected, "{name}: {verdict:#?}");
        }
        let target =
            |message: &str| Targets { tests: Vec::new(), diagnostics: vec![(RelPath::new("a.py").expect("a path"), message.to_owned())] };
        let asked = Want::FixOf(target("unused x"));
        assert_eq!(judge(&checked("t::a ok", &["unused x"]), &checked("t::a ok", &[]), &patch(), &asked).status, Verified);
        let other = Want::FixOf(target("undefined m"));
        let partly = judge(&checked("t::a ok", &["undefined n", "undefined m"]), &checked("t::a ok", &["undefined m"]), &patch(), &other);
        assert_eq!(partly.status, Unverified, "{partly:#?}");
    }

    #[test]
    fn tests_and_goals() {
        let rows = [
            ("a new test", Want::Tests, "t::a ok", "t::a ok\nt::b ok", Verified),
            ("a new test that fails", Want::Tests, "t::a ok", "t::a ok\nt::b red", Failed),
            ("a new test that is skipped", Want::Tests, "t::a ok", "t::a ok\nt::b skip", Failed),
            ("a new test, others red as before", Want::Tests, "t::a red", "t::a red\nt::b ok", Verified),
            ("a goal", Want::Goal, "t::a ok", "t::a ok", Verified),
            ("a goal that breaks", Want::Goal, "t::a ok", "t::a red", Failed),
            ("a goal without tests", Want::Goal, "", "", Unverified),
            (
                "one of the targets",
                Want::FixOf(Targets { tests: vec![TestId("t::a".into())], ..Targets::default() }),
                "t::a red\nt::b red",
                "t::a ok\nt::b red",
                Verified,
            ),
            (
                "not the target",
                Want::FixOf(Targets { tests: vec![TestId("t::b".into())], ..Targets::default() }),
                "t::a red\nt::b red",
                "t::a ok\nt::b red",
                Unverified,
            ),
        ];
        for (name, want, before, after, expected) in rows {
            let verdict = judge(&observed(before), &observed(after), &patch(), &want);
            assert_eq!(verdict.status, expected, "{name}: {verdict:#?}");
        }
    }

    #[test]
    fn a_suite_that_never_worked_excuses_itself_only_where_the_patch_leaves_it_alone() {
        let rust = |text: &str| TestReport { runner: "cargo test".into(), ..report(text) };
        let before = Observation { tests: vec![rust("!no network"), report("t::a red")], checks: Vec::new() };
        let after = Observation { tests: vec![rust("!no network"), report("t::a ok")], checks: Vec::new() };
        assert_eq!(judge(&before, &after, &patch(), &Want::Fix).status, Verified);
        let change = Change::Modify { old: "fn a() {}\n".into(), new: "fn b() {}\n".into() };
        let both = Patch { files: vec![FileChange { path: RelPath::new("src/lib.rs").expect("a path"), change }] };
        assert_eq!(judge(&before, &after, &both, &Want::Fix).status, Unverified);
    }

    #[test]
    fn weakened_texts_block_whatever_the_results_say() {
        let change = Change::Modify { old: "def test_a():\n    assert f() == 2\n".into(), new: "def test_a():\n    assert f()\n".into() };
        let weakened = Patch { files: vec![FileChange { path: RelPath::new("test_a.py").expect("a path"), change }] };
        let verdict = judge(&observed("test_a.py::test_a red"), &observed("test_a.py::test_a ok"), &weakened, &Want::Fix);
        assert_eq!(verdict.status, Failed);
        assert!(verdict.reasons[0].contains("delivery is blocked") && !verdict.violations().is_empty(), "{verdict:#?}");
    }

    #[test]
    fn evidence_has_the_shape_of_results() {
        let verdict = judge(&checked("t::a red\nt::b ok", &["undefined n"]), &checked("t::a ok\nt::b ok", &[]), &patch(), &Want::Fix);
        let expected = serde_json::json!([
            {"kind": "test", "command": ["pytest"], "before": "1 passed, 1 failed", "after": "2 passed", "red_to_green": ["t::a"], "broken": []},
            {"kind": "check", "command": ["pyflakes"], "before": "1 errors, 0 warnings", "after": "0 errors, 0 warnings",
             "red_to_green": ["error in a.py: undefined n"], "broken": []},
        ]);
        assert_eq!(serde_json::to_value(&verdict.evidence).expect("JSON"), expected);
    }
}
