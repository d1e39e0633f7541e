//! Runners on real projects: real pytest, unittest and cargo, on projects written into strings.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lamplighter::proof::{Found, Host, Overrides, SuiteKind, suites};
use lamplighter::sandbox::Copy;
use lamplighter::session::Snapshot;

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

fn run(program: &str, arguments: &[&str]) {
    let status = std::process::Command::new(program).args(arguments).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{program} {arguments:?}: {status:?}");
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
    assert_eq!(missing, ["pytest is not installed for .venv/bin/python; install it with `.venv/bin/python -m pip install pytest`"]);
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
