//! The private copy of a workspace: a pristine `base/` as captured and a `work/` the run writes to.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::session::Snapshot;
use crate::text::{Change, FileChange, Files, Hash, Patch, RelPath};

/// A private copy of one snapshot. Cheap reads; writes go to the copy only. Everything takes `&self`.
#[derive(Debug)]
pub struct Copy {
    root: PathBuf,
    work: PathBuf,
    base: BTreeMap<RelPath, Vec<u8>>,
    lock: Mutex<()>,
}

/// Why a copy could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The path is a link, a special file, or leads out of the copy.
    #[error("{0} is not a regular file inside the workspace; it is left alone")]
    NotPlain(RelPath),
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::Io { action, path, source }
}

impl Copy {
    /// Makes or updates a private copy of `snapshot` below `cache` (one slot per concurrent run of a workspace).
    pub fn open(cache: &Path, snapshot: &Snapshot) -> Result<Self, CopyError> {
        let slot = cache.join(Hash::of(snapshot.root.to_string_lossy().as_bytes()).to_string().get(..16).unwrap_or_default());
        let work = slot.join("work");
        fs::create_dir_all(&work).map_err(io_error("create", &work))?;
        let mut base = BTreeMap::new();
        for entry in ignore::WalkBuilder::new(&snapshot.root).hidden(false).build().flatten() {
            let Some(path) = RelPath::below(&snapshot.root, entry.path()) else {
                continue;
            };
            if path.as_str().starts_with(".git/") || !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let bytes = fs::read(entry.path()).map_err(io_error("read", entry.path()))?;
            base.insert(path, bytes);
        }
        for (path, overlay) in snapshot.overlays.iter() {
            base.insert(path.clone(), overlay.text.as_bytes().to_vec());
        }
        let copy = Self { root: snapshot.root.clone(), work, base, lock: Mutex::new(()) };
        for (path, bytes) in &copy.base {
            if copy.read(path)?.as_ref() != Some(bytes) {
                copy.write(path, bytes)?;
            }
        }
        Ok(copy)
    }

    /// The workspace's own path, where the copy is mounted inside the walls.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the working tree lies on the host.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// The bytes of a file as captured in the snapshot.
    pub fn original(&self, path: &RelPath) -> Option<&[u8]> {
        self.base.get(path).map(Vec::as_slice)
    }

    /// The bytes of a file as they are in the copy now; `None` where it does not exist.
    pub fn read(&self, path: &RelPath) -> Result<Option<Vec<u8>>, CopyError> {
        let file = path.to_path(&self.work);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", &file)(error)),
        }
    }

    /// Writes a file of the copy, creating folders as needed.
    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> Result<(), CopyError> {
        let _guard = self.lock.lock();
        let file = path.to_path(&self.work);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        }
        fs::write(&file, bytes).map_err(io_error("write", &file))
    }

    /// Removes a file of the copy; a missing one is fine.
    pub fn remove(&self, path: &RelPath) -> Result<(), CopyError> {
        let file = path.to_path(&self.work);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &file)(error)),
            _ => Ok(()),
        }
    }

    /// Puts every file back to what was captured and removes files that were added.
    pub fn reset(&self) -> Result<(), CopyError> {
        for change in self.patch()?.files {
            match self.original(&change.path) {
                Some(bytes) => self.write(&change.path, bytes)?,
                None => self.remove(&change.path)?,
            }
        }
        Ok(())
    }

    /// Files that belong to the workspace in the copy now, sorted.
    pub fn files(&self) -> Vec<RelPath> {
        self.base.keys().cloned().collect()
    }

    /// The difference between what was captured and the copy now. Binary and ignored files are left out.
    pub fn patch(&self) -> Result<Patch, CopyError> {
        let mut files = Vec::new();
        for (path, old) in &self.base {
            let new = self.read(path)?;
            if new.as_ref() == Some(old) {
                continue;
            }
            let Ok(old) = String::from_utf8(old.clone()) else {
                continue;
            };
            let change = match new.map(String::from_utf8) {
                Some(Ok(new)) => Change::Modify { old, new },
                Some(Err(_)) => continue,
                None => Change::Delete { old },
            };
            files.push(FileChange { path: path.clone(), change });
        }
        Ok(Patch { files })
    }
}

impl Files for Copy {
    fn read(&self, path: &RelPath) -> Option<Arc<str>> {
        let bytes = Copy::read(self, path).ok()??;
        String::from_utf8(bytes).ok().map(Arc::from)
    }
    fn list(&self) -> Vec<RelPath> {
        self.files()
    }
}
