//! Which suites a workspace has, decided from names and texts of its files alone.
//!
//! A Rust project is a folder with a `Cargo.toml` no other one covers; a Python project is the nearest folder with a
//! project file above its tests. Projects that lie among another project's fixtures are data, not suites.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use crate::sandbox::Copy;
use crate::text::{Files, RelPath};

use super::host::Host;
use super::toolchains::python::{self, Python};
use super::toolchains::{Missing, rust};
use super::{Suite, SuiteKind};

/// The user's own choices (their configuration or command line; never the workspace's).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The interpreter to use.
    pub python: Option<PathBuf>,
    /// The cargo to use.
    pub cargo: Option<PathBuf>,
    /// Further arguments for pytest (`-m "not slow"`).
    pub pytest_args: Vec<String>,
    /// Further arguments for cargo's build of the tests (`--features full`).
    pub cargo_args: Vec<String>,
}

/// What discovery found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The suites, Rust first, then by folder.
    pub suites: Vec<Suite>,
    /// Toolchains and runners that tests here need and that are not there.
    pub missing: Vec<Missing>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Finds the suites of `copy`. Reads files only; starts nothing.
pub fn suites(copy: &Copy, host: &Host, overrides: &Overrides) -> Found {
    let files: Vec<RelPath> = copy.files().into_iter().filter(|path| !is_foreign(path.as_str())).collect();
    let mut found = Found::default();
    for folder in cargo_projects(copy, &files) {
        match rust::find(copy, &folder, host, overrides.cargo.as_deref()) {
            Ok(rust) => {
                let nextest = nextest(copy, &folder, host);
                found.notes.extend(rust.notes.clone());
                found.suites.push(cargo_suite(copy, folder, rust, nextest, overrides));
            }
            Err(missing) => found.missing.push(missing),
        }
    }
    for (folder, tests) in python_projects(&files) {
        python_suite(copy, host, overrides, folder, &tests, &mut found);
    }
    found.missing.dedup();
    set_nested(&mut found.suites);
    found
}

/// Tells each suite which suites of its own language lie below it.
fn set_nested(suites: &mut [Suite]) {
    let all: Vec<(bool, String)> = suites.iter().map(|suite| (suite.kind == SuiteKind::Cargo, suite.folder.clone())).collect();
    for suite in suites {
        let below = |folder: &String| suite.folder.is_empty() || folder.starts_with(&format!("{}/", suite.folder));
        let others =
            all.iter().filter(|(rust, folder)| *rust == (suite.kind == SuiteKind::Cargo) && *folder != suite.folder && below(folder));
        suite.nested = others.map(|(_, folder)| folder.clone()).collect();
    }
}

/// Whether a file belongs to an environment, a build or somebody else's sources.
pub(super) fn is_foreign(path: &str) -> bool {
    const FOREIGN: [&str; 14] = [
        ".venv",
        "venv",
        "site-packages",
        "node_modules",
        ".tox",
        ".nox",
        ".git",
        "__pycache__",
        ".eggs",
        "target",
        "vendor",
        "third_party",
        ".mypy_cache",
        ".pytest_cache",
    ];
    path.split('/').any(|part| FOREIGN.contains(&part))
}

/// Whether a folder lies among test data of a project further up.
fn is_fixture(folder: &str) -> bool {
    const DATA: [&str; 9] = ["tests", "test", "testing", "fixtures", "testdata", "test_data", "examples", "templates", "fuzz"];
    folder.split('/').any(|part| DATA.contains(&part))
}

fn cargo_suite(copy: &Copy, folder: String, rust: rust::Rust, nextest: Option<PathBuf>, overrides: &Overrides) -> Suite {
    let mut toolchain = rust.toolchain;
    let mut tools = BTreeMap::new();
    if rust.clippy && uses_clippy(copy, &folder) {
        tools.insert("clippy".to_owned(), toolchain.program.clone());
    }
    if let Some(program) = nextest {
        tools.insert("nextest".to_owned(), program.to_string_lossy().into_owned());
        if !super::host::is_system(&program) {
            toolchain.binds.push(crate::sandbox::Bind::read_only(program));
        }
    }
    if in_folder(copy, &folder, ".cargo/config.toml").is_some_and(|text| text.contains("target-dir")) {
        toolchain.env.insert("CARGO_TARGET_DIR".to_owned(), "target".to_owned());
    }
    Suite { kind: SuiteKind::Cargo, folder, nested: Vec::new(), toolchain, args: overrides.cargo_args.clone(), tools }
}

fn in_folder(copy: &Copy, folder: &str, name: &str) -> Option<String> {
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    Files::read(copy, &RelPath::new(path).ok()?).map(|text| text.to_string())
}

fn uses_clippy(copy: &Copy, folder: &str) -> bool {
    let configured = ["clippy.toml", ".clippy.toml"].iter().any(|name| in_folder(copy, folder, name).is_some());
    configured || in_folder(copy, folder, "Cargo.toml").is_some_and(|text| text.contains("lints.clippy"))
}

/// cargo-nextest, where the project is set up for it and it is installed.
fn nextest(copy: &Copy, folder: &str, host: &Host) -> Option<PathBuf> {
    in_folder(copy, folder, ".config/nextest.toml")?;
    host.programs("cargo-nextest", copy.root()).into_iter().next()
}

/// Folders with a `Cargo.toml` that no workspace further up covers.
fn cargo_projects(copy: &Copy, files: &[RelPath]) -> Vec<String> {
    let mut projects: BTreeMap<String, toml::Table> = BTreeMap::new();
    let manifests = files.iter().filter(|path| path.file_name() == "Cargo.toml");
    let mut manifests: Vec<(String, toml::Table)> = manifests
        .filter_map(|path| Some((path.parent().unwrap_or_default().to_owned(), Files::read(copy, path)?.parse().unwrap_or_default())))
        .collect();
    manifests.sort_by_key(|(folder, _)| folder.matches('/').count() + usize::from(!folder.is_empty()));
    for (folder, table) in manifests {
        let above = projects.iter().filter(|(upper, _)| upper.is_empty() || folder.starts_with(&format!("{upper}/")));
        let above = above.max_by_key(|(upper, _)| upper.len());
        let own_project = match above {
            None => true,
            Some(_) if is_fixture(&folder) => false,
            Some((upper, owner)) => {
                let relative = folder.strip_prefix(upper.as_str()).unwrap_or(&folder).trim_start_matches('/');
                table.contains_key("workspace") || !owner.contains_key("workspace") || excluded(owner, relative)
            }
        };
        if own_project {
            projects.insert(folder, table);
        }
    }
    projects.into_keys().collect()
}

fn excluded(owner: &toml::Table, folder: &str) -> bool {
    let list = owner.get("workspace").and_then(|workspace| workspace.get("exclude")).and_then(toml::Value::as_array);
    let mut names = list.into_iter().flatten().filter_map(toml::Value::as_str);
    names.any(|name| folder == name || folder.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
}

/// Python project folders and the test files that belong to each.
fn python_projects(files: &[RelPath]) -> BTreeMap<String, Vec<RelPath>> {
    const MARKS: [&str; 5] = ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini"];
    let marked = files.iter().filter(|path| MARKS.contains(&path.file_name())).map(|path| path.parent().unwrap_or_default());
    let marked: BTreeSet<&str> = marked.filter(|folder| !is_fixture(folder)).collect();
    let mut projects: BTreeMap<String, Vec<RelPath>> = BTreeMap::new();
    for path in files.iter().filter(|path| is_python_test(path)) {
        let folder = rust::upwards(path.parent().unwrap_or_default()).find(|folder| marked.contains(folder)).unwrap_or_default();
        projects.entry(folder.to_owned()).or_default().push(path.clone());
    }
    projects
}

/// Whether a file's name is one that Python test runners look for.
pub(super) fn is_python_test(path: &RelPath) -> bool {
    let Some(stem) = path.file_name().strip_suffix(".py") else {
        return false;
    };
    stem.starts_with("test") || stem.ends_with("_test") || stem.ends_with("_tests")
}

static PYTEST_STYLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?:async +)?def +test|^class +Test\w*(?:\(\s*(?:object)?\s*\))? *:|^\s*(?:import|from) +pytest\b")
        .expect("a valid pattern")
});
static UNITTEST_STYLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^class +\w+\([^)]*\b\w*TestCase\b|^class +\w+\([^)]+\)(?s:.*)\n\s+(?:async +)?def +test").expect("a valid pattern")
});

/// Whether a test file holds tests for unittest's loader.
pub(super) fn is_unittest_file(copy: &Copy, path: &RelPath) -> bool {
    is_python_test(path) && Files::read(copy, path).is_some_and(|text| UNITTEST_STYLE.is_match(&text))
}

fn pytest_configured(copy: &Copy, folder: &str) -> bool {
    let holds = |name: &str, section: &str| in_folder(copy, folder, name).is_some_and(|text| text.contains(section));
    in_folder(copy, folder, "pytest.ini").is_some()
        || in_folder(copy, folder, ".pytest.ini").is_some()
        || holds("pyproject.toml", "[tool.pytest")
        || holds("setup.cfg", "[tool:pytest]")
        || holds("tox.ini", "[pytest]")
        || copy.files().iter().any(|path| path.file_name() == "conftest.py" && !is_foreign(path.as_str()))
}

fn python_suite(copy: &Copy, host: &Host, overrides: &Overrides, folder: String, tests: &[RelPath], found: &mut Found) {
    let texts: Vec<_> = tests.iter().filter_map(|path| Files::read(copy, path)).collect();
    let wants_pytest = pytest_configured(copy, &folder) || texts.iter().any(|text| PYTEST_STYLE.is_match(text));
    let has_unittest = texts.iter().any(|text| UNITTEST_STYLE.is_match(text));
    if !wants_pytest && !has_unittest {
        return;
    }
    let pythons = python::find(copy, &folder, host, overrides.python.as_deref());
    let Some(first) = pythons.first() else {
        found.missing.push(python::missing());
        return;
    };
    if wants_pytest {
        if let Some(python) = pythons.iter().find(|python| python.has("pytest")) {
            found.suites.push(pytest_suite(folder, python, overrides));
            return;
        }
        found.missing.push(python::missing_package(first, "pytest"));
    }
    if has_unittest {
        let tools = checkers(first);
        found.suites.push(Suite {
            kind: SuiteKind::Unittest,
            folder,
            nested: Vec::new(),
            toolchain: first.toolchain.clone(),
            args: Vec::new(),
            tools,
        });
    }
}

/// pytest with the plugins that are there kept from running in parallel, reordering or failing on coverage.
fn pytest_suite(folder: String, python: &Python, overrides: &Overrides) -> Suite {
    let mut args = overrides.pytest_args.clone();
    let quiet = [("xdist", "-n0"), ("pytest_cov", "--no-cov"), ("pytest_randomly", "-pno:randomly"), ("random_order", "-pno:random_order")];
    args.extend(quiet.iter().filter(|(module, _)| python.has(module)).map(|(_, argument)| (*argument).to_owned()));
    Suite { kind: SuiteKind::Pytest, folder, nested: Vec::new(), toolchain: python.toolchain.clone(), args, tools: checkers(python) }
}

fn checkers(python: &Python) -> BTreeMap<String, String> {
    let there = ["pyflakes", "ruff"].into_iter().filter(|name| python.has(name));
    there.map(|name| (name.to_owned(), python.toolchain.program.clone())).collect()
}
