//! A suite: one way in which this workspace can be tested and checked.

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
