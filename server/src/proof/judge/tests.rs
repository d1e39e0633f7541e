//! The judge as a table: what was observed before and after, and the verdict it must give.

use super::*;
use crate::proof::{Diagnostic, Severity, TestStatus};
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
        report.cases.push(TestCase { id: TestId(id.to_owned()), status, message: message.to_owned(), error, frames, path, seconds: 0.1 });
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
    let check = crate::proof::CheckReport {
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
