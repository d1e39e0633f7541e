//! Pure text: lines and encodings, diffs, merges, and patches that carry the hash of what they were made for.
//!
//! Nothing here touches a file, a process or a clock. To extend: one file per concept, re-exported here.

mod changes;
mod conflict;
mod diff;
mod document;
mod edit;
mod hash;
mod lines;
mod merge;
mod patch;
mod path;
mod position;

pub use changes::edits_between;
pub use conflict::Conflict;
pub use diff::{unified, unified_file};
pub use document::{ContentChange, Document, Splice};
pub use edit::{Edit, EditError, apply_edits};
pub use hash::Hash;
pub use lines::lines;
pub use merge::{MergeConflict, merge};
pub use patch::{Change, FileChange, Patch};
pub use path::{PathError, RelPath};
pub use position::{Encoding, Position, PositionError};

use std::sync::Arc;

/// A read-only tree of texts: what engines that only look (outline, repair) get to see of a workspace.
pub trait Files: Send + Sync {
    /// The file's text, or `None` where it does not exist or is not UTF-8.
    fn read(&self, path: &RelPath) -> Option<Arc<str>>;
    /// Every file that is part of the workspace (ignored files left out), sorted.
    fn list(&self) -> Vec<RelPath>;
}

/// An in-memory [`Files`], for tests and for texts that exist nowhere else.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles(pub std::collections::BTreeMap<RelPath, Arc<str>>);

impl Files for MemoryFiles {
    fn read(&self, path: &RelPath) -> Option<Arc<str>> {
        self.0.get(path).cloned()
    }
    fn list(&self) -> Vec<RelPath> {
        self.0.keys().cloned().collect()
    }
}
