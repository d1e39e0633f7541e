//! How much faster a candidate is tried than the tests are run: milliseconds per candidate against a cold run (the
//! median of three) of the same tests on the same machine, in the same minute. `cargo run --release --example bench_proof [CANDIDATES]`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lamplighter::proof::trials::{TrialOptions, try_candidates};
use lamplighter::proof::{Bench, Candidate, Host, Overrides, Selection, SuiteKind, TestId, TrialOutcome, suites, test};
use lamplighter::sandbox::{Copy, Limits, Walls};
use lamplighter::session::Snapshot;
use lamplighter::text::{Edit, RelPath};
use tokio_util::sync::CancellationToken;

/// One language's project: files, the file that candidates change, its suite and tests.
struct Subject {
    name: &'static str,
    kind: SuiteKind,
    files: Vec<(&'static str, String)>,
    changed: &'static str,
    tests: Vec<String>,
}

const FUNCTIONS: usize = 40;

fn python(name: &'static str, kind: SuiteKind) -> Subject {
    let mut module = String::from("import dataclasses, json, re\n\n");
    let mut tests = String::from("import unittest\nimport shop\n\nclass ShopTest(unittest.TestCase):\n");
    for n in 0..FUNCTIONS {
        let _ = write!(
            module,
            "def price_{n}(amount, rate):\n    total = amount * rate\n    if total > {n}:\n        return total - {n}\n    return total + 0\n\n\n"
        );
        let _ = write!(
            tests,
            "    def test_{n}(self):\n        self.assertEqual(shop.price_{n}(100, 2), 200 - {n} + (1 if {n} == 7 else 0))\n"
        );
    }
    let id =
        |n| if kind == SuiteKind::Pytest { format!("test_shop.py::ShopTest::test_{n}") } else { format!("test_shop.ShopTest.test_{n}") };
    let config = if kind == SuiteKind::Pytest { "[pytest]\n" } else { "" };
    let files = vec![
        ("shop.py", module),
        ("test_shop.py", tests),
        (if kind == SuiteKind::Pytest { "pytest.ini" } else { "note.txt" }, config.to_owned()),
    ];
    Subject { name, kind, files, changed: "shop.py", tests: vec![id(7), id(8), id(9)] }
}

fn rust() -> Subject {
    let mut module = String::new();
    let mut tests = String::from("use shop::*;\n");
    for n in 0..FUNCTIONS {
        let _ = write!(
            module,
            "pub fn price_{n}(amount: i64, rate: i64) -> i64 {{\n    let total = amount * rate;\n    if total > {n} {{\n        return total - {n};\n    }}\n    total + 0\n}}\n\n"
        );
        let _ = write!(tests, "#[test]\nfn test_{n}() {{ assert_eq!(price_{n}(100, 2), 200 - {n} + i64::from({n} == 7)); }}\n");
    }
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nregex = \"1\"\n".to_owned();
    let files = vec![("Cargo.toml", manifest), ("src/lib.rs", module), ("tests/prices.rs", tests)];
    Subject {
        name: "cargo",
        kind: SuiteKind::Cargo,
        files,
        changed: "src/lib.rs",
        tests: [7, 8, 9].map(|n| format!("shop::prices$test_{n}")).into(),
    }
}

/// Wrong and right changes of the constants, all in the function under test: none of them can be told apart without running.
fn candidates(text: &str, path: &str, count: usize) -> Vec<Candidate> {
    let start = text.find("total - 7").expect("the function") + "total - ".len();
    let edit = |id: usize| Edit { path: RelPath::new(path).expect("a path"), span: start..start + 1, text: (count + 6 - id).to_string() };
    (1..=count).map(|id| Candidate { id, edits: vec![edit(id)], title: format!("constant {id}") }).collect()
}

/// The `lamplighter` program beside this one: `target/<profile>/lamplighter`.
fn helper() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let helper = program.parent().and_then(Path::parent).expect("a target folder").join("lamplighter");
    assert!(helper.is_file(), "{} is missing: run `cargo build` with the same profile first", helper.display());
    helper
}

/// A virtual environment with pytest, made once per machine.
fn pytest_environment() -> PathBuf {
    let folder = std::env::temp_dir().join("lamplighter-bench-venv");
    #[allow(clippy::disallowed_methods)] // Preparing the machine is not a run of the project.
    let run = |program: &Path, arguments: &[&str]| {
        let status = std::process::Command::new(program).args(arguments).status().expect("a program");
        assert!(status.success(), "{program:?} {arguments:?}");
    };
    if !folder.join("made").exists() {
        run(Path::new("python3"), &["-m", "venv", &folder.to_string_lossy()]);
        run(&folder.join("bin/python"), &["-m", "pip", "install", "-q", "pytest"]);
        std::fs::write(folder.join("made"), "").expect("a mark");
    }
    folder
}

async fn measure(subject: &Subject, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("its path").join("ws");
    for (path, text) in &subject.files {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    let copy = Copy::open(&folder.path().join("cache"), &Snapshot::of_disk(&root)).expect("a copy");
    let (walls, limits, cancel) = (Walls::probe_with_helper(helper()).await, Limits::default(), CancellationToken::new());
    let bench = Bench { sandbox: &walls, copy: &copy, limits: &limits, cancel: &cancel };
    let python = (subject.kind != SuiteKind::Cargo).then(|| pytest_environment().join("bin/python"));
    let found = suites(&copy, &Host::current(), &Overrides { python, ..Overrides::default() });
    let suite = found.suites.iter().find(|suite| suite.kind == subject.kind).expect("the suite");
    let ids: Vec<TestId> = subject.tests.iter().cloned().map(TestId).collect();

    let (_, text) = subject.files.iter().find(|(path, _)| *path == subject.changed).expect("the file");
    let path = RelPath::new(subject.changed).expect("a path");
    let candidates = candidates(text, subject.changed, count);
    let selection = Selection::Ids(ids.clone());
    test(&bench, suite, &selection).await.expect("a first run, for the caches");
    let mut cold = Vec::new();
    for wrong in ["total - 70", "total - 71", "total - 72"] {
        copy.write(&path, text.replacen("total - 7", wrong, 1).as_bytes()).expect("a written candidate");
        let began = Instant::now();
        test(&bench, suite, &selection).await.expect("a cold run");
        cold.push(began.elapsed().as_secs_f64() * 1e3);
    }
    cold.sort_by(f64::total_cmp);
    let cold = cold[1];
    copy.write(&path, text.as_bytes()).expect("the text as it was");

    let began = Instant::now();
    let trials = try_candidates(&bench, suite, &candidates, &ids, &TrialOptions::default()).await.expect("trials");
    let fast = began.elapsed().as_secs_f64() * 1e3;
    let passed: Vec<usize> = trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).map(|trial| trial.id).collect();
    assert_eq!((trials.len(), passed.as_slice()), (count, [count].as_slice()), "exactly the last candidate is right");
    let each = fast / count as f64;
    println!("{:<9} {count:>6} {cold:>10.1} {fast:>10.1} {each:>10.2} {:>8.0}x", subject.name, cold / each);
}

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(400);
    println!("{:<9} {:>6} {:>10} {:>10} {:>10} {:>9}", "runner", "tried", "cold ms", "all ms", "ms each", "ratio");
    measure(&python("pytest", SuiteKind::Pytest), count).await;
    measure(&python("unittest", SuiteKind::Unittest), count).await;
    measure(&rust(), count).await;
}
