//! The private copy of a workspace: a pristine `base/` as captured and a `work/` the run writes to, both in a slot that
//! stays for the next run.
//!
//! Two rules shape everything here. *Nothing leads outside*: every path is walked beneath an open folder without following
//! links. *Time never runs backwards*: whatever is written to `work/` gets the time of the write, for build tools take a
//! file older than their last output for unchanged, however different its content is.

#[cfg_attr(not(target_os = "linux"), path = "portable.rs")]
mod beneath;
mod capture;
#[cfg(all(test, target_os = "linux"))]
mod portable;
mod protected;
mod slot;
mod tracked;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::session::Snapshot;
use crate::text::{Change, FileChange, Files, Hash, Patch, RelPath};
use beneath::{Tree, not_plain};
use slot::Slot;
use walk::Rules;

pub use protected::protected;
pub use slot::{Pruned, prune};

/// A private copy of one snapshot. Cheap reads; writes go to the copy only. Everything takes `&self`.
#[derive(Debug)]
pub struct Copy {
    root: PathBuf,
    work: Tree,
    base: Tree,
    rules: Rules,
    entries: BTreeMap<RelPath, Entry>,
    links: BTreeMap<RelPath, String>,
    originals: BTreeMap<RelPath, OnceLock<Option<Vec<u8>>>>,
    state: Mutex<State>,
    notes: Vec<String>,
    slot: Slot,
}

/// What changes while the run goes on.
#[derive(Debug, Default)]
struct State {
    /// Files of `work/` known to hold what was captured as long as they look like this.
    clean: BTreeMap<RelPath, Stamp>,
    /// Files written or removed through [`Copy::write`] and [`Copy::remove`], not by commands.
    touched: BTreeSet<RelPath>,
}

/// One captured file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    hash: Hash,
    size: u64,
    executable: bool,
    /// How the user's file looked when it was read; `None` for unsaved text and files that were just changing.
    source: Option<Stamp>,
    /// How the copy in `work/` looked when it held this content.
    work: Option<Stamp>,
}

/// How a file looks from outside. The change time cannot be set by anybody, so an equal stamp means equal content (but
/// for changes within the clock's grain, which the makers of stamps look out for).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified: i64,
    changed: i64,
    inode: u64,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Special,
}

/// How much a copy may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Larger files are left out, with a note.
    pub file_bytes: u64,
    /// All files together; more is an error.
    pub total_bytes: u64,
    /// Number of files; more is an error.
    pub files: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { file_bytes: 64 << 20, total_bytes: 4 << 30, files: 300_000 }
    }
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
    /// The path may not be written.
    #[error("{path} is not written: {why}")]
    Protected {
        /// The path.
        path: RelPath,
        /// What protects it.
        why: &'static str,
    },
    /// The workspace is too large to be copied.
    #[error(
        "the workspace is too large to work on a copy of it: more than {limit}; open a smaller folder, or leave data out in `.gitignore` or `lamplighter.toml`"
    )]
    TooLarge {
        /// The bound that was passed.
        limit: String,
    },
    /// Every slot is taken.
    #[error("{most} runs are already working on copies of this workspace; wait for one to end, or cancel one")]
    Busy {
        /// How many there may be.
        most: usize,
    },
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::Io { action, path, source }
}

impl Copy {
    /// Makes or updates a private copy of `snapshot` below `cache` (one slot per concurrent run of a workspace).
    pub fn open(cache: &Path, snapshot: &Snapshot) -> Result<Self, CopyError> {
        Self::open_within(cache, snapshot, &Bounds::default())
    }

    /// The same with bounds of one's own.
    pub fn open_within(cache: &Path, snapshot: &Snapshot, bounds: &Bounds) -> Result<Self, CopyError> {
        capture::capture(cache, snapshot, bounds)
    }

    /// The workspace's own path, where the copy is mounted inside the walls.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the working tree lies on the host.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// The folder that holds the working tree; other trees to mount in its place ([`Command::tree`](super::Command::tree))
    /// go beside it. It stays for later runs.
    pub fn slot(&self) -> &Path {
        self.slot.path()
    }

    /// What was left out of the copy and why, for people.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The bytes of a file as captured in the snapshot; read from the pristine copy once, then kept.
    pub fn original(&self, path: &RelPath) -> Option<&[u8]> {
        let load = || match self.captured(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::error!(%path, %error, "the captured file is lost");
                None
            }
        };
        self.originals.get(path)?.get_or_init(load).as_deref()
    }

    /// The bytes of a file as they are in the copy now; `None` where it does not exist.
    pub fn read(&self, path: &RelPath) -> Result<Option<Vec<u8>>, CopyError> {
        match self.work.read(path, u64::MAX - 1) {
            Ok((bytes, ..)) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // A file where the path wants a folder: nothing can be there.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory && !self.through_link(path) => Ok(None),
            Err(error) => Err(self.refused("read", path, error)),
        }
    }

    /// Writes a file of the copy, creating folders as needed. Equal content is not written again.
    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> Result<(), CopyError> {
        self.may_write(path)?;
        let mut state = self.state();
        state.touched.insert(path.clone());
        let (same, executable) = match self.work.read(path, u64::MAX - 1) {
            Ok((now, _, executable)) => (now == bytes, executable),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (false, false),
            Err(error) => return Err(self.refused("write", path, error)),
        };
        if same {
            return Ok(());
        }
        state.clean.remove(path);
        self.work.put(path, bytes, executable).map_err(|error| self.refused("write", path, error))
    }

    /// Removes a file of the copy; a missing one is fine.
    pub fn remove(&self, path: &RelPath) -> Result<(), CopyError> {
        self.may_write(path)?;
        let mut state = self.state();
        state.touched.insert(path.clone());
        state.clean.remove(path);
        match self.work.look(path) {
            Ok(None) => Ok(()),
            Ok(Some((Kind::File, _))) => self.work.remove(path).map_err(|error| self.refused("remove", path, error)),
            Ok(Some(_)) => Err(CopyError::NotPlain(path.clone())),
            Err(error) => Err(self.refused("remove", path, error)),
        }
    }

    /// Puts every file back to what was captured and removes files that were added, by whomever; build caches stay.
    pub fn reset(&self) -> Result<(), CopyError> {
        let mut state = self.state();
        for path in self.added(&state).into_iter().chain(self.rules.walk(&self.work).protected) {
            self.work.remove_all(&path).map_err(|error| self.refused("remove", &path, error))?;
        }
        for (path, entry) in &self.entries {
            self.put_back(path, entry, &mut state)?;
        }
        for (path, target) in &self.links {
            self.work.link(path, target).map_err(|error| self.refused("restore", path, error))?;
        }
        state.touched.clear();
        Ok(())
    }

    /// Puts these files back to what was captured; those that were not captured are removed.
    pub fn restore(&self, paths: &[RelPath]) -> Result<(), CopyError> {
        let mut state = self.state();
        for path in paths {
            match self.entries.get(path) {
                Some(entry) => self.put_back(path, entry, &mut state)?,
                None => self.work.remove_all(path).map_err(|error| self.refused("remove", path, error))?,
            }
            state.touched.remove(path);
        }
        Ok(())
    }

    /// Files that belong to the workspace in the copy now, sorted.
    pub fn files(&self) -> Vec<RelPath> {
        let exists = |path: &&RelPath| matches!(self.work.look(path), Ok(Some((Kind::File, _))));
        let mut files: BTreeSet<RelPath> = self.entries.keys().filter(exists).cloned().collect();
        files.extend(self.added(&self.state()));
        files.into_iter().collect()
    }

    /// The difference between what was captured and the copy now. Left out: ignored files, files that are not text, what
    /// tools leave behind, and lock files that nobody but a tool has written.
    pub fn patch(&self) -> Result<Patch, CopyError> {
        let mut state = self.state();
        let mut files = Vec::new();
        for (path, entry) in &self.entries {
            let by_tool = walk::is_lockfile(path) && !state.touched.contains(path);
            let Some(now) = self.changed(path, entry, &mut state)? else { continue };
            let Ok(old) = String::from_utf8(self.captured(path)?) else { continue };
            let change = match now.map(String::from_utf8) {
                _ if by_tool => continue,
                Some(Ok(new)) => Change::Modify { old, new },
                Some(Err(_)) => continue,
                None => Change::Delete { old },
            };
            files.push(FileChange { path: path.clone(), change });
        }
        for path in self.added(&state) {
            let Some(Ok(new)) = self.read(&path)?.map(String::from_utf8) else { continue };
            files.push(FileChange { path, change: Change::Create { new } });
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Patch { files })
    }

    /// `Some` if the file is not as captured: its bytes now, or `None` inside where it is gone.
    fn changed(&self, path: &RelPath, entry: &Entry, state: &mut State) -> Result<Option<Option<Vec<u8>>>, CopyError> {
        let look = self.work.look(path).map_err(|error| self.refused("look at", path, error))?;
        match (look, state.clean.get(path)) {
            (None, _) => return Ok(Some(None)),
            (Some((Kind::File, now)), Some(clean)) if now == *clean => return Ok(None),
            _ => {}
        }
        let (bytes, stamp, _) = self.work.read(path, u64::MAX - 1).map_err(|error| self.refused("read", path, error))?;
        if Hash::of(&bytes) != entry.hash {
            return Ok(Some(Some(bytes)));
        }
        if let Some(stamp) = stamp.filter(capture::is_settled) {
            state.clean.insert(path.clone(), stamp);
        }
        Ok(None)
    }

    fn put_back(&self, path: &RelPath, entry: &Entry, state: &mut State) -> Result<(), CopyError> {
        let failed = |error| self.refused("restore", path, error);
        // What is not a plain file any more counts as changed; what cannot be read may still be replaced.
        let changed = self.changed(path, entry, state).map(|change| change.is_some()).unwrap_or(true);
        if changed {
            state.clean.remove(path);
            self.work.force(path, &self.captured(path)?, entry.executable).map_err(failed)
        } else {
            self.work.set_executable(path, entry.executable).map_err(failed)
        }
    }

    /// Files of `work/` that were not captured and belong to the workspace: unignored ones that no tool drops, and all
    /// that were written through the copy.
    fn added(&self, state: &State) -> Vec<RelPath> {
        let new_lock = |path: &RelPath| walk::is_lockfile(path);
        let found = self.rules.walk(&self.work).files.into_iter();
        let left = found.filter(|path| !walk::is_dropping(path) && !new_lock(path) && protected(path).is_none());
        let written = state.touched.iter().filter(|path| matches!(self.work.look(path), Ok(Some((Kind::File, _))))).cloned();
        let added: BTreeSet<RelPath> = left.chain(written).filter(|path| !self.entries.contains_key(path)).collect();
        added.into_iter().collect()
    }

    /// A captured file's bytes, checked against its hash.
    fn captured(&self, path: &RelPath) -> Result<Vec<u8>, CopyError> {
        let place = path.to_path(self.base.path());
        let (bytes, ..) = self.base.read(path, u64::MAX - 1).map_err(io_error("read", &place))?;
        match self.entries.get(path) {
            Some(entry) if entry.hash == Hash::of(&bytes) => Ok(bytes),
            _ => Err(io_error("trust", &place)(io::Error::other("its content is not what was captured"))),
        }
    }

    fn may_write(&self, path: &RelPath) -> Result<(), CopyError> {
        match protected(path) {
            Some(why) => Err(CopyError::Protected { path: path.clone(), why }),
            None => Ok(()),
        }
    }

    fn refused(&self, action: &'static str, path: &RelPath, error: io::Error) -> CopyError {
        if not_plain(&error) { CopyError::NotPlain(path.clone()) } else { io_error(action, &path.to_path(&self.root))(error) }
    }

    /// Whether a link stands somewhere on the way to `path`.
    fn through_link(&self, path: &RelPath) -> bool {
        let ends = path.as_str().match_indices('/').map(|(at, _)| at).chain([path.as_str().len()]);
        let mut steps = ends.filter_map(|end| RelPath::new(&path.as_str()[..end]).ok());
        steps.any(|step| matches!(self.work.look(&step), Ok(Some((Kind::Link, _)))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
