//! Slots: each run of a workspace that is going on at the same time has a copy of its own; the first free one is taken,
//! so that the next run finds the last one's copy and its build caches warm.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{CopyError, beneath, io_error};
use crate::text::Hash;

/// Copies of one workspace that may be in use at once.
const MOST: usize = 64;

/// A slot, held until dropped (or until the process dies).
#[derive(Debug)]
pub(super) struct Slot {
    path: PathBuf,
    _lock: File,
}

impl Slot {
    /// Takes the first free slot of the workspace at `root` below `cache`.
    pub(super) fn take(cache: &Path, root: &Path) -> Result<Self, CopyError> {
        let name = Hash::of(root.as_os_str().as_encoded_bytes()).to_string();
        let house = cache.join(&name[..16]);
        std::fs::create_dir_all(&house).map_err(io_error("create", &house))?;
        private(cache).and_then(|()| private(&house)).map_err(io_error("protect", &house))?;
        for number in 0..MOST {
            let lock = house.join(format!("{number}.lock"));
            if let Some(held) = hold(&lock).map_err(io_error("lock", &lock))? {
                // Its time is when the slot was last used.
                held.set_modified(SystemTime::now()).map_err(io_error("mark", &lock))?;
                let path = house.join(number.to_string());
                std::fs::create_dir_all(&path).map_err(io_error("create", &path))?;
                return Ok(Self { path, _lock: held });
            }
        }
        Err(CopyError::Busy { most: MOST })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Locks the file without waiting; `None` where somebody else holds it.
fn hold(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What [`prune`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Copies removed.
    pub copies: usize,
    /// Bytes they took on disk.
    pub bytes: u64,
}

/// Removes copies below `cache` that were not used for `max_age`, then the longest unused ones until all together take at
/// most `max_bytes`. Copies in use are left alone.
pub fn prune(cache: &Path, max_bytes: u64, max_age: Duration) -> Result<Pruned, CopyError> {
    let mut free = Vec::new();
    let mut total = 0;
    for house in folders(cache).map_err(io_error("read", cache))? {
        for path in folders(&house).map_err(io_error("read", &house))? {
            let lock = path.with_extension("lock");
            let bytes = size(&path);
            total += bytes;
            let Some(held) = hold(&lock).map_err(io_error("lock", &lock))? else { continue };
            let used = held.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            free.push((used, bytes, path, held));
        }
    }
    free.sort_by_key(|(used, ..)| *used);
    let mut pruned = Pruned::default();
    for (used, bytes, path, _held) in free {
        let age = SystemTime::now().duration_since(used).unwrap_or_default();
        if age > max_age || total > max_bytes {
            beneath::remove_tree(&path).map_err(io_error("remove", &path))?;
            total -= bytes;
            pruned.copies += 1;
            pruned.bytes += bytes;
        }
    }
    Ok(pruned)
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(path) {
        Ok(entries) => {
            Ok(entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Bytes on disk below `path`, links not followed.
fn size(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
