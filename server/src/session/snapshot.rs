//! An immutable picture of a workspace at one moment: where it is on disk, and what the editor holds above the disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::text::RelPath;

/// One workspace folder at one moment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Absolute path of the workspace folder, symbolic links resolved.
    pub root: PathBuf,
    /// Texts of open documents below the root; they win over the disk.
    pub overlays: Arc<BTreeMap<RelPath, Overlay>>,
    /// Globs of files to leave out beyond what `.gitignore`, `.aiignore` and `.cursorignore` say (from `lamplighter.toml`).
    pub excludes: Arc<Vec<String>>,
}

/// An open document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// The text as the editor shows it.
    pub text: Arc<str>,
    /// The editor's version number of it.
    pub version: i32,
}

impl Snapshot {
    /// A snapshot of the disk alone, as the command line takes it.
    pub fn of_disk(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), overlays: Arc::default(), excludes: Arc::default() }
    }
}
