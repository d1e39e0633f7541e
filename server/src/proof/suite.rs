//! A suite: one way in which this workspace can be tested and checked.

use std::collections::BTreeMap;

use crate::text::RelPath;

use super::Toolchain;

/// A test suite found in the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Which runner.
    pub kind: SuiteKind,
    /// Folder below the workspace root where it is started; `""` for the root.
    pub folder: String,
    /// How to start it.
    pub toolchain: Toolchain,
    /// Folders below this one (from the workspace root) that are suites of their own.
    pub nested: Vec<String>,
    /// Arguments the runner always gets: the user's own, and those that keep its plugins from reordering or parallelising.
    pub args: Vec<String>,
    /// Optional tools that are there and that the project uses (`clippy`, `nextest`, `pyflakes`, `ruff`), with their programs.
    pub tools: BTreeMap<String, String>,
}

impl Suite {
    /// The program of an optional tool, where it is there and used.
    pub fn tool(&self, name: &str) -> Option<&str> {
        self.tools.get(name).map(String::as_str)
    }

    /// Whether a workspace path belongs to this suite: below its folder, and not in a nested suite's.
    pub fn owns(&self, path: &RelPath) -> bool {
        let inside = |folder: &str| folder.is_empty() || path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        inside(&self.folder) && !self.nested.iter().any(|folder| inside(folder))
    }

    /// A workspace path as seen from this suite's folder.
    pub fn relative<'p>(&self, path: &'p RelPath) -> Option<&'p str> {
        if self.folder.is_empty() {
            return Some(path.as_str());
        }
        path.as_str().strip_prefix(&self.folder)?.strip_prefix('/')
    }

    /// The path from the workspace root of `name` in this suite's folder.
    pub fn below(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

/// The runners we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuiteKind {
    /// `cargo test` (`nextest` where the project is set up for it).
    Cargo,
    /// pytest.
    Pytest,
    /// The standard library's unittest.
    Unittest,
}
