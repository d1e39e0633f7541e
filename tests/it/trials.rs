//! Fast trials against cold runs: the same candidates must come to the same verdict on real pytest, unittest and cargo.

mod python;
mod rust;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use lamplighter::proof::trials::{CoverageOptions, TrialOptions, coverage, try_candidates};
use lamplighter::proof::{Bench, Candidate, Coverage, Host, Overrides, Suite, SuiteKind, TestId, Trial, TrialOutcome, suites};
use lamplighter::sandbox::{Copy, Limits, Walls};
use lamplighter::session::Snapshot;
use lamplighter::text::{Edit, RelPath};
use tokio_util::sync::CancellationToken;

/// A workspace on disk, from sections `//- path` followed by the file's text.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(text: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        for section in text.split("//- ").skip(1) {
            let (path, body) = section.split_once('\n').expect("a path and a text");
            let file = project.root().join(path.trim());
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, body).expect("a file");
        }
        project
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("its real path").join("ws")
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).expect("a text file")
    }

    /// A candidate that replaces the only occurrence of each old text in `path` by the new one.
    fn candidate(&self, id: usize, path: &str, changes: &[(&str, &str)]) -> Candidate {
        let text = self.read(path);
        let edit = |(old, new): &(&str, &str)| {
            let mut found = text.match_indices(old);
            let (start, _) = found.next().unwrap_or_else(|| panic!("`{old}` is not in {path}"));
            assert!(found.next().is_none(), "`{old}` is more than once in {path}");
            Edit { path: RelPath::new(path).expect("a path"), span: start..start + old.len(), text: (*new).to_owned() }
        };
        Candidate { id, edits: changes.iter().map(edit).collect(), title: changes[0].1.to_owned() }
    }

    fn copy(&self) -> Copy {
        Copy::open(&self.folder.path().join("cache"), &Snapshot::of_disk(self.root())).expect("a private copy")
    }

    async fn trials(&self, kind: SuiteKind, candidates: &[Candidate], tests: &[&str], options: &TrialOptions) -> Vec<Trial> {
        let copy = self.copy();
        let (walls, limits, cancel) = (Walls::probe().await, Limits::default(), CancellationToken::new());
        let bench = Bench { sandbox: &walls, copy: &copy, limits: &limits, cancel: &cancel };
        let suite = suite(&copy, kind);
        let before = copy.patch().expect("a patch");
        let trials = try_candidates(&bench, &suite, candidates, &ids(tests), options).await.expect("trials");
        assert_eq!(copy.patch().expect("a patch"), before, "the copy's own tree was written to");
        trials
    }

    async fn coverage(&self, kind: SuiteKind, tests: &[&str]) -> Coverage {
        let copy = self.copy();
        let (walls, limits, cancel) = (Walls::probe().await, Limits::default(), CancellationToken::new());
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

/// A virtual environment with pytest, made once per machine in the target folder.
fn pytest_environment() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trials-venv");
        let lock = std::fs::File::create(folder.with_extension("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        if !folder.join("made").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            let run = |program: &Path, arguments: &[&str]| {
                let status = Command::new(program).args(arguments).status();
                assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{program:?} {arguments:?}: {status:?}");
            };
            run(Path::new("python3"), &["-m", "venv", &folder.to_string_lossy()]);
            run(&folder.join("bin/python"), &["-m", "pip", "install", "-q", "pytest", "pytest-asyncio"]);
            std::fs::write(folder.join("made"), "").expect("a mark");
        }
        folder
    })
}
