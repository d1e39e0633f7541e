//! The machine as discovery sees it: the server's own environment and plain file reads, never a process.
//!
//! Toolchains are found from here. Passing the environment as a value keeps discovery testable and makes plain which
//! variables it trusts: those of the server, never those of a workspace.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The server's environment, as far as toolchains depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The folders of `PATH`, in order; relative ones left out.
    pub path: Vec<PathBuf>,
    /// Variables by name; read through [`Host::var`].
    pub vars: BTreeMap<String, String>,
}

/// The variables discovery may read, besides `HOME` and `PATH`.
const VARIABLES: [&str; 7] =
    ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYENV_VERSION"];

impl Host {
    /// The environment of this process.
    pub fn current() -> Self {
        let vars = VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            home: std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute()),
            path: std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect(),
            vars,
        }
    }

    /// A variable's value, where set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable's value as an absolute path.
    pub fn var_path(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// Files called `name` on `PATH`, in order, none of them inside `workspace` (neither by name nor through a link).
    pub fn programs(&self, name: &str, workspace: &Path) -> Vec<PathBuf> {
        let outside = |path: &PathBuf| !path.starts_with(workspace) && canonical(path).is_some_and(|real| !real.starts_with(workspace));
        self.path.iter().map(|folder| folder.join(name)).filter(|path| path.is_file()).filter(outside).collect()
    }
}

/// The path with every link resolved, where it exists.
pub(super) fn canonical(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// A small text file of the host, at most 1 MiB.
pub(super) fn read_small(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    if size > 1 << 20 {
        return None;
    }
    fs::read_to_string(path).ok()
}

/// Names in a folder, sorted; empty where it cannot be read.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Whether a path is one of the system's folders, which are always visible inside the walls.
pub(super) fn is_system(path: &Path) -> bool {
    ["/usr", "/lib", "/lib64", "/bin", "/sbin"].iter().any(|system| path.starts_with(system))
}

/// A toolchain or environment name that is only a name: no separators, no leading dot or dash.
pub(super) fn plain_name(name: &str) -> Option<&str> {
    let ok = !name.is_empty()
        && name.len() <= 128
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    ok.then_some(name)
}
