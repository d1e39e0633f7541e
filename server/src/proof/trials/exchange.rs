//! A folder outside the workspace through which a job goes into the walls and results come out.

use std::fmt::Display;
use std::path::Path;

use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::proof::Bench;
use crate::sandbox::{Bind, SandboxError};

/// A temporary folder beside the copy, mounted writable at its own path; gone when dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    folder: TempDir,
    program: String,
}

impl Exchange {
    /// A new one, for `program` (named in errors).
    pub(super) fn new(bench: &Bench<'_>, program: &str) -> Result<Self, SandboxError> {
        let beside = bench.copy.work().parent().unwrap_or(bench.copy.work());
        let folder = tempfile::Builder::new().prefix("exchange-").tempdir_in(beside).map_err(|error| setup(program, error))?;
        Ok(Self { folder, program: program.to_owned() })
    }

    /// Where it is, outside and inside.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The mount that makes it visible inside.
    pub(super) fn bind(&self) -> Bind {
        Bind::writable(self.path(), self.path())
    }

    /// Puts a file there, creating folders.
    pub(super) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), SandboxError> {
        let file = self.path().join(name);
        let parent = file.parent().unwrap_or(self.path());
        std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&file, bytes)).map_err(|error| setup(&self.program, error))
    }

    /// A JSON file from there, where it exists and has the shape asked for.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&std::fs::read(self.path().join(name)).ok()?).ok()
    }

    /// Every line of a JSON-lines file that has the shape asked for; a cut last line is left out.
    pub(super) fn lines<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let bytes = std::fs::read(self.path().join(name)).unwrap_or_default();
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// An error in preparing a trial, said as the sandbox says it.
pub(super) fn setup(program: &str, why: impl Display) -> SandboxError {
    SandboxError::Setup { program: program.to_owned(), why: why.to_string() }
}
