//! Fast trials against cold runs: the same candidates must come to the same verdict on real pytest, unittest and cargo.

mod python;
mod rust;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;
use std::time::Duration;

use lamplighter::proof::trials::{CoverageOptions, TrialOptions, coverage, try_candidates};
use lamplighter::proof::{Bench, Candidate, Coverage, Host, Overrides, Suite, SuiteKind, TestId, Trial, TrialOutcome, suites};
use lamplighter::sandbox::{Copy, Limits, Tier, Walls};
use lamplighter::session::Snapshot;
use lamplighter::text::{Edit, RelPath};
use tokio_util::sync::CancellationToken;

use crate::support;

/// A project in a string, for trials.
struct Project(support::project::Project);

impl Project {
    fn new(text: &str) -> Self {
        Self(support::project::Project::new(text))
    }

    /// A candidate that replaces the only occurrence of each old text in `path` by the new one.
    fn candidate(&self, id: usize, path: &str, changes: &[(&str, &str)]) -> Candidate {
        let text = self.0.read(path);
        let edit = |(old, new): &(&str, &str)| {
            let mut found = text.match_indices(old);
            let (start, _) = found.next().unwrap_or_else(|| panic!("`{old}` is not in {path}"));
            assert!(found.next().is_none(), "`{old}` is more than once in {path}");
            Edit { path: RelPath::new(path).expect("a path"), span: start..start + old.len(), text: (*new).to_owned() }
        };
        Candidate { id, edits: changes.iter().map(edit).collect(), title: changes[0].1.to_owned() }
    }

    fn copy(&self) -> Copy {
        Copy::open(&self.0.home().join("cache"), &Snapshot::of_disk(self.0.root())).expect("a private copy")
    }

    async fn trials(&self, kind: SuiteKind, candidates: &[Candidate], tests: &[&str], options: &TrialOptions) -> Vec<Trial> {
        self.trials_behind(&support::walls().await, kind, candidates, tests, options).await
    }

    async fn trials_behind(
        &self,
        walls: &Walls,
        kind: SuiteKind,
        candidates: &[Candidate],
        tests: &[&str],
        options: &TrialOptions,
    ) -> Vec<Trial> {
        let copy = self.copy();
        let (limits, cancel) = (Limits::default(), CancellationToken::new());
        let bench = Bench { sandbox: walls, copy: &copy, limits: &limits, cancel: &cancel };
        let suite = suite(&copy, kind);
        let before = copy.patch().expect("a patch");
        let trials = try_candidates(&bench, &suite, candidates, &ids(tests), options).await.expect("trials");
        assert_eq!(copy.patch().expect("a patch"), before, "the copy's own tree was written to");
        trials
    }

    async fn coverage(&self, kind: SuiteKind, tests: &[&str]) -> Coverage {
        let copy = self.copy();
        let (walls, limits, cancel) = (support::walls().await, Limits::default(), CancellationToken::new());
        let bench = Bench { sandbox: &walls, copy: &copy, limits: &limits, cancel: &cancel };
        coverage(&bench, &suite(&copy, kind), &ids(tests), &CoverageOptions::default()).await.expect("coverage")
    }
}

fn ids(tests: &[&str]) -> Vec<TestId> {
    tests.iter().map(|test| TestId((*test).to_owned())).collect()
}

/// The project's suite of that kind; Python ones run in the shared environment with pytest.
fn suite(copy: &Copy, kind: SuiteKind) -> Suite {
    let python = (kind != SuiteKind::Cargo).then(|| pytest_environment().join("bin/python"));
    let found = suites(copy, &Host::current(), &Overrides { python, ..Overrides::default() });
    let wanted = found.suites.iter().find(|suite| suite.kind == kind);
    wanted.unwrap_or_else(|| panic!("no {kind:?} suite: {found:?}")).clone()
}

fn seconds(wall: u64) -> TrialOptions {
    TrialOptions { per_candidate: Duration::from_secs(wall), ..TrialOptions::default() }
}

/// `passed`, `red`, `broken` or `timeout`.
fn kind(outcome: &TrialOutcome) -> &'static str {
    match outcome {
        TrialOutcome::Passed => "passed",
        TrialOutcome::Red { .. } => "red",
        TrialOutcome::Broken { .. } => "broken",
        TrialOutcome::Timeout => "timeout",
    }
}

fn message(outcome: &TrialOutcome) -> &str {
    match outcome {
        TrialOutcome::Red { message, .. } | TrialOutcome::Broken { message } => message,
        TrialOutcome::Passed | TrialOutcome::Timeout => "",
    }
}

/// Runs a program in `folder`, outside any walls: what the trials are compared with.
#[allow(clippy::disallowed_methods)] // The cold run must not go the way of the fast one.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    std::process::Command::new(program).args(arguments).current_dir(folder).output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// The project with a candidate's text written over one file, in a folder of its own.
fn written(project: &Project, name: &str, path: &str, changes: &[(&str, &str)]) -> PathBuf {
    let folder = project.0.home().join(name);
    let copied = run("cp", &["-rT", &project.0.root().to_string_lossy(), &folder.to_string_lossy()], Path::new("/"));
    assert!(copied.status.success(), "{copied:?}");
    let text = changes.iter().fold(project.0.read(path), |text, (old, new)| text.replacen(old, new, 1));
    std::fs::write(folder.join(path), text).expect("a written candidate");
    folder
}

#[tokio::test]
async fn trials_work_where_nothing_can_be_mounted() {
    let walls = support::walls().await.with_tier(Tier::B).expect("tier B holds wherever Landlock does");
    let project = Project::new(
        "//- pytest.ini\n[pytest]\n//- a.py\ndef one(): return 2\n//- test_a.py\nimport a\ndef test_one(): assert a.one() == 1\n\
         //- Cargo.toml\n[package]\nname = \"a\"\nedition = \"2021\"\n//- src/lib.rs\npub fn one() -> u8 { 2 }\n\
         #[test]\nfn is_one() { assert_eq!(one(), 1); assert!(std::path::Path::new(env!(\"CARGO_MANIFEST_DIR\")).is_dir()); }\n",
    );
    let python = [project.candidate(0, "a.py", &[("2", "1")]), project.candidate(1, "a.py", &[("2", "3")])];
    let trials = project.trials_behind(&walls, SuiteKind::Pytest, &python, &["test_a.py::test_one"], &seconds(20)).await;
    assert_eq!(trials.iter().map(|trial| kind(&trial.outcome)).collect::<Vec<_>>(), ["passed", "red"], "{trials:?}");
    let rust = [project.candidate(0, "src/lib.rs", &[("{ 2 }", "{ 1 }")]), project.candidate(1, "src/lib.rs", &[("{ 2 }", "{ 3 }")])];
    let trials = project.trials_behind(&walls, SuiteKind::Cargo, &rust, &["a$is_one"], &seconds(20)).await;
    assert_eq!(trials.iter().map(|trial| kind(&trial.outcome)).collect::<Vec<_>>(), ["passed", "red"], "{trials:?}");
}

/// A virtual environment with pytest, made once per machine in the target folder.
fn pytest_environment() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trials-venv");
        let lock = std::fs::File::create(folder.with_extension("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        if !folder.join("made").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            assert!(run("python3", &["-m", "venv", &folder.to_string_lossy()], Path::new("/")).status.success(), "python3 -m venv");
            let python = folder.join("bin/python");
            let pip = run(python.to_str().expect("UTF-8"), &["-m", "pip", "install", "-q", "pytest"], Path::new("/"));
            assert!(pip.status.success(), "pip install pytest: {pip:?}");
            std::fs::write(folder.join("made"), "").expect("a mark");
        }
        folder
    })
}
