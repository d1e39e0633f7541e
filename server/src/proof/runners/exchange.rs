//! The exchange: a folder pair beside the copy through which a harness inside the walls gets its job and hands out its
//! report. What goes in is read-only inside; what comes out lies outside the workspace, so no test finds it by accident.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::sandbox::{Bind, Command, Copy, SandboxError};

/// One exchange; removed when dropped.
pub(crate) struct Exchange {
    folder: tempfile::TempDir,
}

const LARGEST_REPORT: u64 = 256 << 20;

impl Exchange {
    /// Makes an exchange for `copy` and puts `files` (name, text) into its inbox.
    pub(crate) fn new(copy: &Copy, files: &[(&str, &str)]) -> Result<Self, SandboxError> {
        Self::make(copy, files).map_err(|error| SandboxError::Setup {
            program: "the test harness".to_owned(),
            why: format!("its exchange folder beside the private copy could not be made ({error})"),
        })
    }

    fn make(copy: &Copy, files: &[(&str, &str)]) -> io::Result<Self> {
        let parent = copy.work().with_file_name("exchange");
        fs::create_dir_all(&parent)?;
        let exchange = Self { folder: tempfile::Builder::new().prefix("x").tempdir_in(parent)? };
        fs::create_dir(exchange.inbox())?;
        fs::create_dir(exchange.outbox())?;
        for (name, text) in files {
            fs::write(exchange.inbox().join(name), text)?;
        }
        Ok(exchange)
    }

    /// Adds a file to the inbox.
    pub(crate) fn put(&self, name: &str, text: &str) -> Result<(), SandboxError> {
        fs::write(self.inbox().join(name), text).map_err(|error| SandboxError::Setup {
            program: "the test harness".to_owned(),
            why: format!("{name} could not be written ({error})"),
        })
    }

    /// Mounts both sides for `command`.
    pub(crate) fn mount(&self, command: &mut Command) {
        command.binds.push(Bind::read_only(self.inbox()));
        command.binds.push(Bind::writable(self.outbox(), self.outbox()));
    }

    /// Where the harness finds its files, inside and outside.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.path().join("in")
    }

    /// Where the harness writes, inside and outside.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.path().join("out")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The text of a plain file the harness wrote; `None` where it is missing, a link, or beyond 256 MiB.
    pub(crate) fn take(&self, name: &str) -> Option<String> {
        let path = self.outbox().join(name);
        let meta = fs::symlink_metadata(&path).ok()?;
        if !meta.is_file() || meta.len() > LARGEST_REPORT {
            return None;
        }
        Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
    }
}
