//! Runners on real projects: real pytest, unittest and cargo, on projects written into strings.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use lamplighter::proof::{
    Bench, CheckReport, Fix, Found, Host, Overrides, Selection, Severity, Suite, SuiteKind, Targets, TestCase, TestId, TestReport,
    TestStatus, Verdict, VerdictStatus, Want, suites,
};
use lamplighter::sandbox::{Copy, Limits, Tier};
use lamplighter::session::Snapshot;
use lamplighter::text::{RelPath, apply_edits};
use tokio_util::sync::CancellationToken;

use crate::support::walls;

/// A workspace on disk and its private copy.
struct Project {
    _folder: tempfile::TempDir,
    root: PathBuf,
    cache: PathBuf,
}

impl Project {
    /// Writes a project: sections `//- path` followed by the file's text.
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its real path").join("ws");
        let cache = root.with_file_name("cache");
        std::fs::create_dir_all(&root).expect("the root");
        for section in text.split("//- ").skip(1) {
            let (path, body) = section.split_once('\n').expect("a path and a text");
            let file = root.join(path.trim());
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, body).expect("a file");
        }
        Self { _folder: folder, root, cache }
    }

    fn copy(&self) -> Copy {
        Copy::open(&self.cache, &Snapshot::of_disk(&self.root)).expect("a private copy")
    }

    fn found(&self) -> Found {
        suites(&self.copy(), &Host::current(), &Overrides::default())
    }

    /// Runs the one suite of the project.
    async fn test(&self, selection: Selection) -> TestReport {
        self.test_within(selection, Duration::from_secs(300)).await
    }

    async fn test_within(&self, selection: Selection, wall: Duration) -> TestReport {
        let copy = self.copy();
        let found = suites(&copy, &Host::current(), &Overrides::default());
        let [suite] = found.suites.as_slice() else { panic!("one suite expected: {found:?}") };
        run_suite(&copy, suite, selection, wall).await
    }

    /// Checks the one suite of the project.
    async fn check(&self) -> CheckReport {
        let copy = self.copy();
        let found = suites(&copy, &Host::current(), &Overrides::default());
        let [suite] = found.suites.as_slice() else { panic!("one suite expected: {found:?}") };
        let (sandbox, cancel, limits) = (walls().await, CancellationToken::new(), Limits::default());
        let bench = Bench { sandbox: &sandbox, copy: &copy, limits: &limits, cancel: &cancel };
        lamplighter::proof::check(&bench, suite).await.expect("the check is run")
    }

    /// The text of a file after a fix.
    fn fixed(&self, fix: &Fix) -> String {
        let path = fix.edits.first().expect("an edit").path.to_path(&self.root);
        apply_edits(&std::fs::read_to_string(path).expect("the file"), &fix.edits).expect("it applies")
    }

    /// Gives the project a `.venv` with pytest in it: one shared environment, linked.
    fn with_pytest(self) -> Self {
        std::os::unix::fs::symlink(pytest_environment(), self.root.join(".venv")).expect("a link");
        self
    }
}

/// A virtual environment with pytest, made once per machine in the target folder.
fn pytest_environment() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pytest-venv");
        let lock = std::fs::File::create(folder.with_extension("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        if !folder.join("made").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            run("python3", &["-m", "venv", &folder.to_string_lossy()]);
            run(&folder.join("bin/python").to_string_lossy(), &["-m", "pip", "install", "-q", "pytest", "pyflakes"]);
            std::fs::write(folder.join("made"), "").expect("a mark");
        }
        folder
    })
}

#[allow(clippy::disallowed_methods)] // Prepares the machine for a test; nothing of a workspace is run.
fn run(program: &str, arguments: &[&str]) {
    let status = std::process::Command::new(program).args(arguments).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{program} {arguments:?}: {status:?}");
}

async fn run_suite(copy: &Copy, suite: &Suite, selection: Selection, wall: Duration) -> TestReport {
    let (sandbox, cancel) = (walls().await, CancellationToken::new());
    let limits = Limits { wall, ..Limits::default() };
    let bench = Bench { sandbox: &sandbox, copy, limits: &limits, cancel: &cancel };
    lamplighter::proof::test(&bench, suite, &selection).await.expect("the suite is run")
}

/// `id status` per case, in order.
fn statuses(report: &TestReport) -> Vec<String> {
    report.cases.iter().map(|case| format!("{} {:?}", case.id.0, case.status)).collect()
}

fn case<'r>(report: &'r TestReport, id: &str) -> &'r TestCase {
    report.cases.iter().find(|case| case.id.0 == id).unwrap_or_else(|| panic!("no case `{id}` in {report:#?}"))
}

fn ids(names: &[&str]) -> Selection {
    Selection::Ids(names.iter().map(|name| TestId((*name).to_owned())).collect())
}

const PYTEST: &str = "//- src/money/__init__.py
from .sums import mean
//- src/money/sums.py
def mean(numbers):
    total = sum(numbers)
    return total / (len(numbers) + 1)
//- tests/test_mean.py
import pytest
from money import mean

def test_mean():
    assert mean([1, 3]) == 2

def test_empty():
    with pytest.raises(ValueError):
        mean([])

@pytest.mark.parametrize('n', [1, 2], ids=['a b', 'c[d]'])
def test_many(n):
    assert mean([0] * n) == 0

@pytest.mark.skip(reason='later')
def test_later(): pass

@pytest.mark.xfail(reason='known')
def test_known(): assert False

@pytest.fixture
def broken(): raise KeyError('gone')

def test_setup(broken): pass

class TestGroup:
    def test_inside(self): assert mean([0]) == 0
//- tests/test_import.py
import nowhere
//- tests/test_exit.py
import sys
sys.exit('leaving')
";

#[tokio::test]
async fn pytest_reports_each_test_with_values_and_frames() {
    let report = Project::new(PYTEST).with_pytest().test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(
        statuses(&report),
        [
            "tests/test_exit.py Errored",
            "tests/test_import.py Errored",
            "tests/test_mean.py::TestGroup::test_inside Passed",
            "tests/test_mean.py::test_empty Failed",
            "tests/test_mean.py::test_known Passed",
            "tests/test_mean.py::test_later Skipped",
            "tests/test_mean.py::test_many[a b] Passed",
            "tests/test_mean.py::test_many[c[d]] Passed",
            "tests/test_mean.py::test_mean Failed",
            "tests/test_mean.py::test_setup Errored",
        ]
    );
    let mean = case(&report, "tests/test_mean.py::test_mean");
    assert!(mean.message.contains("assert 1.3333333333333333 == 2"), "{mean:?}");
    assert_eq!(mean.error.as_deref(), Some("AssertionError"));
    let empty = case(&report, "tests/test_mean.py::test_empty");
    assert_eq!(empty.path, Some(RelPath::new("tests/test_mean.py").expect("a path")));
    assert!(case(&report, "tests/test_import.py").message.contains("nowhere"));
    assert_eq!(case(&report, "tests/test_mean.py::test_setup").error.as_deref(), Some("KeyError"));
}

#[tokio::test]
async fn pytest_frames_lead_from_the_test_to_the_fault() {
    let text = "//- pkg.py\ndef inner(x):\n    return x.nothing\n\ndef outer(x):\n    return inner(x)\n//- test_pkg.py\nimport pkg\ndef test_a():\n    pkg.outer(1)\n";
    let report = Project::new(text).with_pytest().test(Selection::All).await;
    let frames = &case(&report, "test_pkg.py::test_a").frames;
    let seen: Vec<(&str, u32, Option<&str>)> = frames.iter().map(|f| (f.path.as_str(), f.line, f.function.as_deref())).collect();
    assert_eq!(seen, [("test_pkg.py", 3, Some("test_a")), ("pkg.py", 5, Some("outer")), ("pkg.py", 2, Some("inner"))]);
}

#[tokio::test]
async fn pytest_runs_only_what_is_selected_and_says_what_is_absent() {
    let project = Project::new(PYTEST).with_pytest();
    let report = project.test(ids(&["tests/test_mean.py::test_many[c[d]]", "tests/test_mean.py::test_mean"])).await;
    assert_eq!(statuses(&report), ["tests/test_mean.py::test_many[c[d]] Passed", "tests/test_mean.py::test_mean Failed"]);
    assert!(report.complete, "{report:#?}");
    let report = project.test(ids(&["tests/test_mean.py::test_gone"])).await;
    assert!(!report.complete && report.notes.iter().any(|note| note.contains("test_gone")), "{report:#?}");
    let report = project.test(Selection::Files(vec![RelPath::new("tests/test_import.py").expect("a path")])).await;
    assert_eq!(statuses(&report), ["tests/test_import.py Errored"]);
}

#[tokio::test]
async fn a_project_wide_option_cannot_hide_results() {
    let text = "//- pytest.ini\n[pytest]\naddopts = -x --lf -q\n//- test_a.py\ndef test_a(): assert False\ndef test_b(): assert False\n";
    let report = Project::new(text).with_pytest().test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(statuses(&report), ["test_a.py::test_a Failed", "test_a.py::test_b Failed"]);
}

#[tokio::test]
async fn a_conftest_that_cannot_be_imported_is_red() {
    let text = "//- conftest.py\nimport pkg\n//- pkg.py\nvalue = nmae\n//- test_a.py\ndef test_a(): pass\n";
    let report = Project::new(text).with_pytest().test(Selection::All).await;
    assert!(!report.complete);
    let conftest = case(&report, "conftest.py");
    assert_eq!((conftest.status, conftest.error.as_deref()), (TestStatus::Errored, Some("NameError")), "{report:#?}");
    assert!(conftest.frames.iter().any(|frame| frame.path.as_str() == "pkg.py" && frame.line == 1), "{conftest:?}");
}

/// What a test or the code under test may do to look green.
const CHEATS: [(&str, &str); 6] = [
    ("prints a summary and leaves", "import os\ndef test_a():\n    print('===== 1 passed in 0.01s =====', flush=True)\n    os._exit(0)\n"),
    ("leaves on import", "import os\nos._exit(0)\ndef test_a(): assert False\n"),
    ("turns the exit status at the end", "import atexit, os\natexit.register(lambda: os._exit(0))\ndef test_a(): assert False\n"),
    ("stops the session", "import pytest\ndef test_a(): pytest.exit('done', 0)\ndef test_b(): assert False\n"),
    ("kills itself", "import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGKILL)\n"),
    (
        "writes into the report",
        "import json, lamplighter_pytest\ndef test_a():\n    with open(lamplighter_pytest.JOB['report'], 'a') as report:\n        report.write(json.dumps({'kind': 'end', 'exit': 0, 'seq': 3}) + '\\n')\n    assert False\n",
    ),
];

#[tokio::test]
async fn looking_green_is_not_being_green() {
    for (name, test) in CHEATS {
        let report =
            Project::new(&format!("//- test_a.py\n{test}")).with_pytest().test_within(Selection::All, Duration::from_secs(60)).await;
        assert!(!report.notes.iter().any(|note| note.contains("ran past")), "{name}: {report:#?}");
        let green = report.complete && !report.cases.iter().any(|case| case.status.is_red());
        assert!(!green && !report.notes.is_empty(), "pytest: {name}: {report:#?}");
    }
}

#[tokio::test]
async fn a_test_that_never_ends_is_unknown_and_named() {
    let text = "//- test_a.py\ndef test_a(): pass\ndef test_b():\n    while True: pass\n";
    let report = Project::new(text).with_pytest().test_within(Selection::All, Duration::from_secs(6)).await;
    assert!(!report.complete && report.notes.iter().any(|note| note.contains("`test_a.py::test_b` ran past 6 s")), "{report:#?}");
    assert_eq!(statuses(&report), ["test_a.py::test_a Passed"]);
}

const UNITTEST: &str = "//- calc/__init__.py
def add(a, b):
    return a - b
//- tests/__init__.py
//- tests/test_calc.py
import unittest
from calc import add

class Base(unittest.TestCase):
    pass

class Adding(Base):
    def test_zero(self):
        self.assertEqual(add(0, 0), 0)

    def test_more(self):
        for n in (0, 5):
            with self.subTest(n=n):
                self.assertEqual(add(1, n), 1 + n)

    def test_error(self):
        add(None, 1)

    @unittest.skip('later')
    def test_skip(self): pass

    @unittest.expectedFailure
    def test_known(self): self.fail()

    def test_said(self):
        self.skipTest('not here')

class Unset(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError('no')
    def test_never(self): pass

class Later(unittest.IsolatedAsyncioTestCase):
    async def test_async(self): self.assertTrue(add(1, 1))
//- tests/test_import.py
import unittest
import nowhere
class A(unittest.TestCase):
    def test(self): pass
";

#[tokio::test]
async fn unittest_reports_each_test_sub_test_and_broken_module() {
    let project = Project::new(UNITTEST);
    let report = project.test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(
        statuses(&report),
        [
            "tests.test_calc.Adding.test_error Failed",
            "tests.test_calc.Adding.test_known Passed",
            "tests.test_calc.Adding.test_more Failed",
            "tests.test_calc.Adding.test_said Skipped",
            "tests.test_calc.Adding.test_skip Skipped",
            "tests.test_calc.Adding.test_zero Passed",
            "tests.test_calc.Later.test_async Failed",
            "tests.test_calc.Unset.test_never Errored",
            "tests.test_import Errored",
        ]
    );
    let more = case(&report, "tests.test_calc.Adding.test_more");
    assert!(more.message.contains("(n=5)") && more.message.contains("-4 != 6"), "{more:?}");
    assert_eq!(case(&report, "tests.test_calc.Adding.test_error").frames.last().and_then(|frame| frame.function.as_deref()), Some("add"));
    let report = project.test(ids(&["tests.test_calc.Adding.test_zero"])).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(statuses(&report), ["tests.test_calc.Adding.test_zero Passed"]);
}

#[tokio::test]
async fn unittest_that_leaves_early_is_not_complete() {
    let text = "//- test_a.py\nimport os, unittest\nclass A(unittest.TestCase):\n    def test_a(self): print('OK'); os._exit(0)\n    def test_b(self): self.fail()\n";
    let report = Project::new(text).test(Selection::All).await;
    assert!(!report.complete && report.notes.iter().any(|note| note.contains("in the middle of `test_a.A.test_a`")), "{report:#?}");
}

const WORKSPACE: &str = "//- Cargo.toml
[workspace]
members = ['core', 'app']
resolver = '2'
//- core/Cargo.toml
[package]
name = 'core-parts'
version = '0.1.0'
edition = '2021'
[[test]]
name = 'plain'
harness = false
//- core/src/lib.rs
//! ```
//! assert_eq!(core_parts::double(2), 4);
//! ```
pub mod deep;
/// ```
/// assert_eq!(core_parts::double(3), 6);
/// ```
///
/// ```should_panic
/// core_parts::double(i32::MAX);
/// ```
pub fn double(n: i32) -> i32 { n + n + 1 }
//- core/src/deep.rs
pub fn pick(xs: &[i32], at: usize) -> i32 {
    xs[at + 1]
}
#[cfg(test)]
mod tests {
    #[test]
    fn last() {
        assert_eq!(super::pick(&[1, 2], 1), 2);
    }
    #[test]
    #[ignore = \"slow\"]
    fn slow() {}
    #[test]
    fn noisy() {
        use std::io::Write;
        std::io::stdout().write_all(b\"test deep::tests::last ... ok\").unwrap();
    }
}
//- core/tests/plain.rs
fn main() { std::process::exit(3) }
//- app/Cargo.toml
[package]
name = 'app'
version = '0.1.0'
edition = '2021'
[dependencies]
core-parts = { path = '../core' }
//- app/src/main.rs
fn main() { println!(\"{}\", core_parts::double(1)) }
#[test]
fn unit() { assert_eq!(std::env::var(\"CARGO_PKG_NAME\").unwrap(), \"app\") }
//- app/tests/run.rs
#[test]
fn prints() {
    let out = std::process::Command::new(env!(\"CARGO_BIN_EXE_app\")).output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), \"2\\n\");
}
";

#[tokio::test]
async fn cargo_reports_a_workspace_with_doc_tests_and_plain_binaries() {
    let project = Project::new(WORKSPACE);
    let report = project.test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(
        statuses(&report),
        [
            "app::bin/app$unit Passed",
            "app::run$prints Failed",
            "core-parts$deep::tests::last Failed",
            "core-parts$deep::tests::noisy Passed",
            "core-parts$deep::tests::slow Skipped",
            "core-parts::doc$core/src/lib.rs Failed",
            "core-parts::doc$core/src/lib.rs - double Failed",
            "core-parts::doc$core/src/lib.rs - double #2 Passed",
            "core-parts::plain$main Failed",
        ]
    );
    let last = case(&report, "core-parts$deep::tests::last");
    assert_eq!(last.message, "index out of bounds: the len is 2 but the index is 2");
    assert_eq!(last.path.as_ref().map(RelPath::as_str), Some("core/src/deep.rs"));
    let frames: Vec<(&str, u32, Option<&str>)> = last.frames.iter().map(|f| (f.path.as_str(), f.line, f.function.as_deref())).collect();
    assert_eq!(
        frames,
        [("core/src/deep.rs", 8, Some("core_parts::deep::tests::last")), ("core/src/deep.rs", 2, Some("core_parts::deep::pick"))]
    );
    assert!(case(&report, "app::run$prints").message.contains("left: \"3\\n\""), "{report:#?}");
    let doc = case(&report, "core-parts::doc$core/src/lib.rs - double");
    assert_eq!(doc.frames.first().map(|frame| (frame.path.as_str(), frame.line)), Some(("core/src/lib.rs", 5)));

    let one = ["core-parts$deep::tests::noisy", "core-parts::doc$core/src/lib.rs - double #2"];
    let report = project.test(ids(&one)).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(statuses(&report), one.map(|id| format!("{id} Passed")));
    let report = project.test(Selection::Files(vec![RelPath::new("core/src/deep.rs").expect("a path")])).await;
    assert_eq!(report.cases.len(), 3, "{report:#?}");
}

#[tokio::test]
async fn nextest_gives_the_same_ids() {
    let text = "//- Cargo.toml\n[package]\nname = 'some-app'\nversion = '0.1.0'\nedition = '2021'\n//- .config/nextest.toml\n//- src/lib.rs\npub fn one() -> i32 { 2 }\n\
                #[test]\nfn a() { assert_eq!(one(), 1) }\n#[test]\nfn b() {}\n//- tests/outer.rs\n#[test]\nfn c() { assert_eq!(some_app::one(), 2) }\n";
    let project = Project::new(text);
    let report = project.test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(report.runner, "cargo nextest", "cargo-nextest must be installed for this test");
    assert_eq!(statuses(&report), ["some-app$a Failed", "some-app$b Passed", "some-app::outer$c Passed"]);
    assert_eq!(case(&report, "some-app$a").frames.len(), 1);
    let report = project.test(ids(&["some-app$b"])).await;
    assert!(report.complete && statuses(&report) == ["some-app$b Passed"], "{report:#?}");
}

fn library(body: &str) -> String {
    format!("//- Cargo.toml\n[package]\nname = 'lib'\nversion = '0.1.0'\nedition = '2021'\n//- src/lib.rs\n{body}")
}

#[tokio::test]
async fn a_build_error_is_a_diagnostic_with_the_compilers_own_fix() {
    let body = "pub fn mean(numbers: &[f64]) -> f64 {\r\n    // größer\r\n    number.iter().sum::<f64>()\r\n}\r\n";
    let project = Project::new(&library(body));
    let report = project.test(Selection::All).await;
    assert!(!report.complete && report.cases.is_empty(), "{report:#?}");
    let [error] = report.diagnostics.as_slice() else { panic!("one error expected: {report:#?}") };
    assert_eq!((error.code.as_deref(), error.line, error.column), (Some("E0425"), 3, 5));
    let fix = error.fixes.first().expect("rustc suggests the similar name");
    let text = std::fs::read_to_string(project.root.join("src/lib.rs")).expect("the source");
    assert_eq!(apply_edits(&text, &fix.edits).expect("it applies"), text.replace("number.iter", "numbers.iter"));
}

#[tokio::test]
async fn a_test_that_takes_its_process_down_is_red_and_the_others_keep_their_results() {
    let body = "pub fn forever(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + forever(std::hint::black_box(n + 2)) } }\n\
                #[test] fn a() {}\n#[test] fn b() { assert!(forever(0) > 0) }\n#[test] fn c() { std::process::exit(0) }\n#[test] fn d() { panic!(\"no\") }\n";
    let report = Project::new(&library(body)).test(Selection::All).await;
    assert_eq!(statuses(&report), ["lib$a Passed", "lib$b Failed", "lib$c Failed", "lib$d Failed"], "{report:#?}");
    assert!(case(&report, "lib$b").message.contains("took its process down (signal 6)"), "{report:#?}");
    assert!(case(&report, "lib$c").message.contains("exit status 0"), "{report:#?}");
}

#[tokio::test]
async fn a_cargo_test_that_never_ends_is_unknown_and_named() {
    let body = "#[test] fn a() {}\n#[test] fn b() { loop { std::thread::sleep(std::time::Duration::from_secs(1)) } }\n";
    let report = Project::new(&library(body)).test_within(Selection::All, Duration::from_secs(12)).await;
    assert!(!report.complete && report.notes.iter().any(|note| note.contains("`lib$b` ran past 12 s")), "{report:#?}");
}

#[tokio::test]
async fn a_dependency_that_is_not_here_is_said_with_the_remedy() {
    let text = library("").replace("edition = '2021'\n", "edition = '2021'\n[dependencies]\nlamplighter-no-such-crate = '1'\n");
    let report = Project::new(&text).test(Selection::All).await;
    assert!(!report.complete && report.notes.iter().any(|note| note.contains("run `cargo fetch`")), "{report:#?}");
}

#[tokio::test]
async fn dependencies_come_from_the_users_registry_without_a_lock_file() {
    let text = library("#[test] fn a() { assert_eq!(strsim::levenshtein(\"ab\", \"b\"), 1) }\n")
        .replace("edition = '2021'\n", "edition = '2021'\n[dependencies]\nstrsim = '0.11'\n");
    let report = Project::new(&text).test(Selection::All).await;
    assert!(report.complete, "{report:#?}");
    assert_eq!(statuses(&report), ["lib$a Passed"]);
}

#[tokio::test]
async fn cargo_check_finds_warnings_and_fixes_of_several_parts() {
    let project = Project::new(&library(
        "pub fn f(x: Option<u8>) -> bool {\n    let mut y = (x.is_some());\n    y\n}\n#[test] fn t() { undefined() }\n",
    ));
    let report = project.check().await;
    assert!(report.complete, "{report:#?}");
    let seen: Vec<(Severity, &str)> = report.diagnostics.iter().map(|d| (d.severity, d.code.as_deref().unwrap_or_default())).collect();
    assert_eq!(seen, [(Severity::Warning, "unused_mut"), (Severity::Warning, "unused_parens"), (Severity::Error, "E0425")]);
    let parens = report.diagnostics[1].fixes.first().expect("rustc's own fix");
    assert!(parens.machine_applicable && parens.edits.len() == 2, "{parens:?}");
    assert!(project.fixed(parens).contains("let mut y = x.is_some()"), "{}", project.fixed(parens));
}

#[tokio::test]
async fn clippy_is_asked_where_the_project_has_settings_for_it() {
    let project = Project::new(&format!("//- clippy.toml\n{}", library("pub fn f(x: &[u8]) -> bool { x.len() == 0 }\n")));
    let report = project.check().await;
    assert_eq!((report.checker.as_str(), report.complete), ("cargo clippy", true), "{report:#?}");
    let fix = report
        .diagnostics
        .iter()
        .find(|d| d.code.as_deref() == Some("clippy::len_zero"))
        .and_then(|d| d.fixes.first())
        .expect("clippy's fix");
    assert!(project.fixed(fix).contains("x.is_empty()"));
}

#[tokio::test]
async fn python_files_are_checked_without_being_imported() {
    let text = "//- bad.py\ndef f(:\n    pass\n//- names.py\n\u{feff}import os\r\ndef größe(zahl):\r\n    return 'ä', zahlen\r\n\
                //- run.py\nopen('made', 'w')\nraise SystemExit\n//- test_a.py\ndef test_a(): pass\n";
    let project = Project::new(text).with_pytest();
    let report = project.check().await;
    assert!(report.complete && report.checker == "pyflakes", "{report:#?}");
    let seen: Vec<(&str, u32, u32, &str)> =
        report.diagnostics.iter().map(|d| (d.path.as_str(), d.line, d.column, d.code.as_deref().unwrap_or_default())).collect();
    assert_eq!(seen, [("bad.py", 1, 7, "syntax"), ("names.py", 1, 1, "UnusedImport"), ("names.py", 3, 17, "UndefinedName")], "{report:#?}");
    let names = std::fs::read_to_string(project.root.join("names.py")).expect("the source");
    assert_eq!(report.diagnostics[2].span.clone().and_then(|span| names.get(span)), Some("zahlen"));
    assert!(!project.copy().work().join("made").exists());
}

#[tokio::test]
async fn without_namespaces_the_results_are_the_same() {
    let sandbox = walls().await.with_tier(Tier::B).expect("tier B holds where Landlock does");
    let cancel = CancellationToken::new();
    let limits = Limits { wall: Duration::from_secs(120), ..Limits::default() };
    for (project, expected) in [
        (Project::new(MEAN).with_pytest(), vec!["test_money.py::test_mean Failed", "test_money.py::test_zero Passed"]),
        (Project::new(UNIT), vec!["test_money.Mean.test_mean Failed"]),
        (Project::new(&library("pub fn at(x: &[u8]) -> u8 { x[3] }\n#[test] fn a() { at(&[]); }\n")), vec!["lib$a Failed"]),
    ] {
        let copy = project.copy();
        let found = suites(&copy, &Host::current(), &Overrides::default());
        let bench = Bench { sandbox: &sandbox, copy: &copy, limits: &limits, cancel: &cancel };
        let report = lamplighter::proof::test(&bench, &found.suites[0], &Selection::All).await.expect("it is run");
        assert!(report.complete, "{report:#?}");
        assert_eq!(statuses(&report), expected);
        assert!(report.cases.iter().all(|case| case.path.is_some() && case.status.is_red() != case.frames.is_empty()), "{report:#?}");
    }
}

const UNIT: &str = "//- money.py
def mean(numbers):
    return sum(numbers) / (len(numbers) + 1)
//- test_money.py
import unittest
from money import mean
class Mean(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 3]), 2)
";

#[tokio::test]
async fn crates_that_lie_packed_in_the_registry_are_unpacked_privately() {
    let real =
        std::env::var_os("CARGO_HOME").map_or_else(|| Path::new(&std::env::var("HOME").expect("a home")).join(".cargo"), PathBuf::from);
    let text = library("#[test] fn a() { assert_eq!(strsim::levenshtein(\"ab\", \"b\"), 1) }\n")
        .replace("edition = '2021'\n", "edition = '2021'\n[dependencies]\nstrsim = '0.11'\n");
    let project = Project::new(&text);
    let home = project.root.with_file_name("cargo-home");
    std::fs::create_dir_all(home.join("registry/src")).expect("a folder");
    run("cp", &["-r", &real.join("registry/index").to_string_lossy(), &home.join("registry/index").to_string_lossy()]);
    for index in std::fs::read_dir(real.join("registry/cache")).expect("the cache").flatten() {
        let to = home.join("registry/cache").join(index.file_name());
        std::fs::create_dir_all(&to).expect("a folder");
        for archive in std::fs::read_dir(index.path()).expect("archives").flatten() {
            if archive.file_name().to_string_lossy().starts_with("strsim-0.11") {
                std::fs::copy(archive.path(), to.join(archive.file_name())).expect("copied");
            }
        }
    }
    let host = Host { vars: [("CARGO_HOME".to_owned(), home.to_string_lossy().into_owned())].into(), ..Host::current() };
    // First without a lock file, where any crate may be needed; then with the one that cargo wrote.
    for lock in [false, true] {
        let copy = project.copy();
        let found = suites(&copy, &host, &Overrides::default());
        let report = run_suite(&copy, &found.suites[0], Selection::All, Duration::from_secs(120)).await;
        assert!(report.complete, "with a lock file: {lock}: {report:#?}");
        std::fs::copy(copy.work().join("Cargo.lock"), project.root.join("Cargo.lock")).expect("cargo's lock file");
        std::fs::remove_dir_all(copy.work().with_file_name("cargo-home")).expect("the private home is thrown away");
    }
    assert_eq!(std::fs::read_dir(home.join("registry/src")).expect("the folder").count(), 0, "the user's registry is left as it was");
}

/// Observes the project, makes `edit` in its copy (path, old, new), and proves it.
async fn proven(project: &Project, edit: (&str, &str, &str), want: Want) -> Verdict {
    let copy = project.copy();
    let found = suites(&copy, &Host::current(), &Overrides::default());
    let (sandbox, cancel) = (walls().await, CancellationToken::new());
    let limits = Limits { wall: Duration::from_secs(120), ..Limits::default() };
    let bench = Bench { sandbox: &sandbox, copy: &copy, limits: &limits, cancel: &cancel };
    let before = lamplighter::proof::observe(&bench, &found.suites).await.expect("the baseline");
    let path = RelPath::new(edit.0).expect("a path");
    let text = String::from_utf8(copy.read(&path).expect("readable").unwrap_or_default()).expect("text");
    assert!(text.contains(edit.1), "{text}");
    copy.write(&path, text.replacen(edit.1, edit.2, 1).as_bytes()).expect("written");
    let patch = copy.patch().expect("a patch");
    let (verdict, _) = lamplighter::proof::prove(&bench, &found.suites, &before, want).await.expect("a verdict");
    let refused = verdict.screening.refused.len();
    assert_eq!(copy.patch().expect("a patch").files.len(), patch.files.len() - refused, "proving leaves the change as it was");
    verdict
}

const MEAN: &str = "//- money.py
def mean(numbers):
    return sum(numbers) / (len(numbers) + 1)
//- test_money.py
from money import mean
def test_mean(): assert mean([1, 3]) == 2
def test_zero(): assert mean([0]) == 0
";

#[tokio::test]
async fn a_true_fix_is_proven_and_a_false_one_is_not() {
    let project = Project::new(MEAN).with_pytest();
    let verdict = proven(&project, ("money.py", "(len(numbers) + 1)", "len(numbers)"), Want::Fix).await;
    assert_eq!(
        (verdict.status, verdict.red_to_green.as_slice()),
        (VerdictStatus::Verified, ["test_money.py::test_mean".to_owned()].as_slice()),
        "{verdict:#?}"
    );
    let verdict = proven(&project, ("money.py", "sum(numbers) / (len(numbers) + 1)", "2"), Want::Fix).await;
    assert_eq!(
        (verdict.status, verdict.broken.as_slice()),
        (VerdictStatus::Failed, ["test_money.py::test_zero".to_owned()].as_slice()),
        "{verdict:#?}"
    );
    let verdict = proven(&project, ("test_money.py", "== 2", ">= 1"), Want::Fix).await;
    assert!(verdict.status == VerdictStatus::Failed && !verdict.violations().is_empty(), "{verdict:#?}");
    let verdict = proven(&project, (".vscode/tasks.json", "", "{}"), Want::Fix).await;
    assert_eq!((verdict.status, verdict.screening.refused.len()), (VerdictStatus::NoChange, 1), "{verdict:#?}");
}

#[tokio::test]
async fn a_build_error_that_goes_away_is_proven() {
    let project = Project::new(&library("pub fn one() -> i32 { on }\n#[test] fn a() { assert_eq!(one(), 1) }\n"));
    let verdict = proven(&project, ("src/lib.rs", "{ on }", "{ 1 }"), Want::Fix).await;
    assert_eq!(verdict.status, VerdictStatus::Verified, "{verdict:#?}");
    assert!(verdict.red_to_green[0].starts_with("error E0425 in src/lib.rs"), "{verdict:#?}");
    let verdict = proven(&project, ("src/lib.rs", "{ on }", "{ 2 }"), Want::FixOf(Targets::default())).await;
    assert!(verdict.still_red.contains(&"lib$a".to_owned()), "{verdict:#?}");
}

#[tokio::test]
async fn what_is_green_only_at_times_is_not_proven() {
    // The first run with the change passes and leaves a mark in a file that the copy keeps between runs.
    let text = "//- .gitignore\nmarks\n//- pkg.py\nimport os\ndef value():\n    return 0\n//- test_pkg.py\nimport pkg\ndef test_value(): assert pkg.value() == 1\n";
    let once = "    os.makedirs('marks', exist_ok=True)\n    open('marks/' + str(len(os.listdir('marks'))), 'w').close()\n    return int(len(os.listdir('marks')) == 1)\n";
    let project = Project::new(text).with_pytest();
    let verdict = proven(&project, ("pkg.py", "    return 0\n", once), Want::Fix).await;
    assert_eq!(
        (verdict.status, verdict.flaky.as_slice()),
        (VerdictStatus::Unverified, ["test_pkg.py::test_value".to_owned()].as_slice()),
        "{verdict:#?}"
    );
}

#[tokio::test]
async fn tests_that_rewrite_tests_are_put_back_and_not_believed() {
    let text = "//- pkg.py\ndef value():\n    return 0\n//- test_pkg.py\nimport pkg\ndef test_value(): assert pkg.value() == 1\n";
    let cheat = "    open('test_pkg.py', 'w').write('def test_value(): pass\\n')\n    return 1\n";
    let project = Project::new(text).with_pytest();
    let verdict = proven(&project, ("pkg.py", "    return 0\n", cheat), Want::Fix).await;
    assert_eq!(verdict.status, VerdictStatus::Unverified, "{verdict:#?}");
    assert!(verdict.reasons[0].contains("rewrote `test_pkg.py`"), "{verdict:#?}");
}

#[test]
fn discovery_names_each_suite_and_its_folder() {
    let project = Project::new(
        "//- Cargo.toml\n[workspace]\nmembers = ['a']\nexclude = ['tool']\n//- a/Cargo.toml\n[package]\nname='a'\n//- tool/Cargo.toml\n[package]\nname='t'\n\
         //- tests/fixtures/x/Cargo.toml\n[package]\nname='x'\n//- py/pyproject.toml\n[tool.pytest.ini_options]\n//- py/tests/test_a.py\ndef test_a(): pass\n\
         //- old/setup.py\n//- old/test_b.py\nimport unittest\nclass B(unittest.TestCase):\n    def test(self): pass\n",
    )
    .with_pytest();
    let found = project.found();
    let seen: Vec<(SuiteKind, &str)> = found.suites.iter().map(|suite| (suite.kind, suite.folder.as_str())).collect();
    let expected = [(SuiteKind::Cargo, ""), (SuiteKind::Cargo, "tool"), (SuiteKind::Unittest, "old"), (SuiteKind::Pytest, "py")];
    assert_eq!(seen, expected, "{found:?}");
}

#[test]
fn a_missing_runner_is_named_with_the_command_that_installs_it() {
    let project = Project::new("//- test_a.py\nimport pytest\ndef test_a(): pass\n");
    run("/usr/bin/python3", &["-m", "venv", "--without-pip", &project.root.join(".venv").to_string_lossy()]);
    let found = project.found();
    assert_eq!(found.suites, []);
    let missing: Vec<String> = found.missing.iter().map(ToString::to_string).collect();
    assert_eq!(
        missing,
        [
            "pytest is not installed for .venv/bin/python; install it with `.venv/bin/python -m ensurepip && .venv/bin/python -m pip install pytest`"
        ]
    );
}

#[test]
fn an_environment_whose_home_is_no_python_is_not_mounted() {
    let project = Project::new("//- test_a.py\nimport unittest\nclass A(unittest.TestCase):\n    def test(self): pass\n");
    let secrets = project.root.with_file_name("secrets");
    std::fs::create_dir_all(secrets.join("bin")).expect("a folder");
    run("/usr/bin/python3", &["-m", "venv", "--without-pip", &project.root.join(".venv").to_string_lossy()]);
    let config = format!("home = {}\n", secrets.join("bin").display());
    std::fs::write(project.root.join(".venv/pyvenv.cfg"), config).expect("a configuration");
    let found = project.found();
    let suite = found.suites.first().expect("the system's Python serves");
    assert!(!suite.toolchain.program.contains(".venv"), "{suite:?}");
    assert!(suite.toolchain.binds.iter().all(|bind| !bind.host.starts_with(project.root.with_file_name("secrets"))), "{suite:?}");
}
