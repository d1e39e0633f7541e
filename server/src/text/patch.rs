//! A patch: whole-file changes, each bound to the exact bytes it was made for.

use serde::{Deserialize, Serialize};

use super::{Hash, RelPath};

/// Changes to a set of files, sorted by path, at most one per path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// The changes.
    pub files: Vec<FileChange>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The file.
    pub path: RelPath,
    /// The change, with the full texts on both sides.
    pub change: Change,
}

/// The full text before and after. Texts are UTF-8; a BOM and line ends are part of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Change {
    /// The file exists and gets a new text.
    Modify {
        /// Text captured in the snapshot.
        old: String,
        /// Text that was proven.
        new: String,
    },
    /// The file does not exist yet.
    Create {
        /// Text that was proven.
        new: String,
    },
    /// The file goes away.
    Delete {
        /// Text captured in the snapshot.
        old: String,
    },
}

impl Patch {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The patch that takes every change back.
    pub fn inverse(&self) -> Self {
        let files = self.files.iter().map(|file| FileChange { path: file.path.clone(), change: file.change.inverse() }).collect();
        Self { files }
    }

    /// One hash over all paths and new texts: the identity of what was proven.
    pub fn digest(&self) -> Hash {
        let mut bytes = Vec::new();
        for file in &self.files {
            bytes.extend_from_slice(file.path.as_str().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(file.change.new_hash().map(|hash| hash.to_string()).unwrap_or_default().as_bytes());
            bytes.push(0);
        }
        Hash::of(bytes)
    }
}

impl Change {
    /// Text before, `None` for a creation.
    pub fn old(&self) -> Option<&str> {
        match self {
            Self::Modify { old, .. } | Self::Delete { old } => Some(old),
            Self::Create { .. } => None,
        }
    }

    /// Text after, `None` for a deletion.
    pub fn new_text(&self) -> Option<&str> {
        match self {
            Self::Modify { new, .. } | Self::Create { new } => Some(new),
            Self::Delete { .. } => None,
        }
    }

    /// Hash of the text the change was made for.
    pub fn old_hash(&self) -> Option<Hash> {
        self.old().map(Hash::of)
    }

    /// Hash of the text that was proven.
    pub fn new_hash(&self) -> Option<Hash> {
        self.new_text().map(Hash::of)
    }

    /// The change backwards.
    pub fn inverse(&self) -> Self {
        match self.clone() {
            Self::Modify { old, new } => Self::Modify { old: new, new: old },
            Self::Create { new } => Self::Delete { old: new },
            Self::Delete { old } => Self::Create { new: old },
        }
    }
}
