//! A workspace-relative path that cannot point outside: the only way files are named past the door.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A path below the workspace root, with `/` between components; never empty, absolute, or containing `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

/// Why a string is not a [`RelPath`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{path}` is not a path inside the workspace ({why}); give it relative to the workspace root")]
pub struct PathError {
    path: String,
    why: &'static str,
}

impl RelPath {
    /// Checks and wraps `path`; a leading `./` is dropped.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        let trimmed = path.strip_prefix("./").unwrap_or(&path);
        let why = if trimmed.is_empty() {
            Some("it is empty")
        } else if trimmed.starts_with('/') || trimmed.contains('\\') && cfg!(windows) {
            Some("it is absolute")
        } else if trimmed.contains('\0') {
            Some("it contains a NUL byte")
        } else if trimmed.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            Some("it has an empty, `.` or `..` component")
        } else {
            None
        };
        match why {
            Some(why) => Err(PathError { path, why }),
            None => Ok(Self(trimmed.to_owned())),
        }
    }

    /// The part of `path` below `root`, where it is below and valid UTF-8.
    pub fn below(root: &Path, path: &Path) -> Option<Self> {
        let relative = path.strip_prefix(root).ok()?;
        Self::new(relative.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")).ok()
    }

    /// The path as text, components joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The absolute path below `root`.
    pub fn to_path(&self, root: &Path) -> PathBuf {
        root.join(&self.0)
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The part after the last dot of the file name, if any.
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty()).then_some(extension)
    }

    /// The folder that holds the file, or `None` at the root.
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RelPath {
    type Error = PathError;
    fn try_from(path: String) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}
