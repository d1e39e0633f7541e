//! File operations that stay beneath a folder: every path is walked from an open folder without following a link, so that
//! neither a planted link nor a swap between check and use leads outside (openat2(2), `RESOLVE_BENEATH`).

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::{Kind, Stamp};
use crate::text::RelPath;

/// A folder under which to work.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
    fd: OwnedFd,
}

/// Errors that mean "a link, a special file or a way out stands there".
pub(super) fn not_plain(error: &io::Error) -> bool {
    let codes = [Errno::LOOP, Errno::XDEV, Errno::NOTDIR, Errno::ISDIR, Errno::NXIO];
    error.raw_os_error().is_some_and(|code| codes.iter().any(|errno| errno.raw_os_error() == code))
}

impl Tree {
    /// Opens (and makes, where missing) the folder at `path`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Self::existing(path)
    }

    /// Opens the folder at `path`.
    pub(super) fn existing(path: &Path) -> io::Result<Self> {
        let fd = rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { path: path.to_owned(), fd })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A regular file, open for reading. Never blocks, whatever stands there.
    pub(super) fn file(&self, path: &RelPath) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(open_beneath(self.fd.as_fd(), path.as_str(), flags)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(Errno::LOOP.into()) }
    }

    /// The content of a regular file of at most `most` bytes, with the stamp it had before and after; `None` for the stamp
    /// where it changed meanwhile.
    pub(super) fn read(&self, path: &RelPath, most: u64) -> io::Result<(Vec<u8>, Option<Stamp>, bool)> {
        let mut file = self.file(path)?;
        let before = rustix::fs::fstat(&file)?;
        let mut bytes = Vec::with_capacity(usize::try_from(before.st_size).unwrap_or(0).min(1 << 26));
        Read::by_ref(&mut file).take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(Errno::FBIG.into());
        }
        let (before, after) = (stamp(&before), rustix::fs::fstat(&file)?);
        let executable = after.st_mode & 0o111 != 0;
        let after = stamp(&after);
        Ok((bytes, (before == after).then_some(after), executable))
    }

    /// What stands at `path` itself, links not followed; `None` where nothing does.
    pub(super) fn look(&self, path: &RelPath) -> io::Result<Option<(Kind, Stamp)>> {
        let (folder, name) = match self.parent(path, false) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound || not_plain(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some((kind(FileType::from_raw_mode(stat.st_mode)), stamp(&stat)))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Names and kinds in a folder (`""` for the tree itself); names that are not UTF-8 come as `None`.
    pub(super) fn entries(&self, folder: &str) -> io::Result<Vec<(Option<String>, Kind)>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = open_beneath(self.fd.as_fd(), if folder.is_empty() { "." } else { folder }, flags)?;
        let mut found = Vec::new();
        for entry in Dir::read_from(&opened)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_bytes() == b"." || name.to_bytes() == b".." {
                continue;
            }
            let file_type = match entry.file_type() {
                FileType::Unknown => match rustix::fs::statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(_) => continue,
                },
                known => known,
            };
            found.push((name.to_str().ok().map(str::to_owned), kind(file_type)));
        }
        Ok(found)
    }

    /// Writes a file: a new one beside it, then renamed over it, so that nobody reads half and no hard link leads on.
    pub(super) fn put(&self, path: &RelPath, bytes: &[u8], executable: bool) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (folder, name) = self.parent(path, true)?;
        if let Ok(stat) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)
            && FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
        {
            return Err(Errno::LOOP.into());
        }
        let temporary = format!(".lamplighter-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = if executable { 0o777 } else { 0o666 };
        let mut file = File::from(rustix::fs::openat(&folder, &temporary, flags, Mode::from_raw_mode(mode))?);
        let written = file.write_all(bytes).and_then(|()| Ok(rustix::fs::renameat(&folder, &temporary, &folder, name)?));
        if written.is_err() {
            let _ = rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty());
        }
        written
    }

    /// The same, clearing away links, folders and special files that stand in the way.
    pub(super) fn force(&self, path: &RelPath, bytes: &[u8], executable: bool) -> io::Result<()> {
        match self.put(path, bytes, executable) {
            Err(error) if not_plain(&error) || error.kind() == io::ErrorKind::AlreadyExists => {
                self.clear_way(path)?;
                self.put(path, bytes, executable)
            }
            result => result,
        }
    }

    /// Makes a symbolic link, replacing what stands there; nothing happens where it already is.
    pub(super) fn link(&self, path: &RelPath, target: &str) -> io::Result<()> {
        if self.link_target(path).is_some_and(|now| now == target) {
            return Ok(());
        }
        self.clear_way(path)?;
        let (folder, name) = self.parent(path, true)?;
        Ok(rustix::fs::symlinkat(target, &folder, name)?)
    }

    /// Where a link points, if one stands there.
    pub(super) fn link_target(&self, path: &RelPath) -> Option<String> {
        let (folder, name) = self.parent(path, false).ok()?;
        rustix::fs::readlinkat(&folder, name, Vec::new()).ok()?.into_string().ok()
    }

    /// Removes a file or link; a missing one is fine, a folder is an error.
    pub(super) fn remove(&self, path: &RelPath) -> io::Result<()> {
        let (folder, name) = match self.parent(path, false) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes whatever stands at `path`, folders with all they hold.
    pub(super) fn remove_all(&self, path: &RelPath) -> io::Result<()> {
        match self.remove(path) {
            Err(error) if not_plain(&error) || error.kind() == io::ErrorKind::PermissionDenied => {}
            result => return result,
        }
        let Ok((folder, name)) = self.parent(path, false) else { return Ok(()) };
        remove_tree(&PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name))
    }

    /// Sets or clears the executable bits of a regular file.
    pub(super) fn set_executable(&self, path: &RelPath, executable: bool) -> io::Result<()> {
        let file = self.file(path)?;
        let mode = rustix::fs::fstat(&file)?.st_mode;
        let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
        if wanted != mode {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(wanted & 0o777))?;
        }
        Ok(())
    }

    /// Removes the first thing on the way to `path` that is not a folder, or what stands at `path`.
    fn clear_way(&self, path: &RelPath) -> io::Result<()> {
        for (at, _) in path.as_str().match_indices('/') {
            let Ok(folder) = RelPath::new(&path.as_str()[..at]) else { continue };
            match self.look(&folder)? {
                Some((Kind::Folder, _)) => {}
                Some(_) => return self.remove(&folder),
                None => return Ok(()),
            }
        }
        self.remove_all(path)
    }

    /// The open folder that holds `path` and the last component's name.
    fn parent<'a>(&self, path: &'a RelPath, create: bool) -> io::Result<(OwnedFd, &'a str)> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Some(parent) = path.parent() else {
            return Ok((self.fd.try_clone()?, path.file_name()));
        };
        match open_beneath(self.fd.as_fd(), parent, flags) {
            Err(error) if create && error.kind() == io::ErrorKind::NotFound => {}
            result => return Ok((result?, path.file_name())),
        }
        let mut folder = self.fd.try_clone()?;
        for component in parent.split('/') {
            match rustix::fs::mkdirat(&folder, component, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = rustix::fs::openat(&folder, component, flags, Mode::empty())?;
        }
        Ok((folder, path.file_name()))
    }
}

/// Opens `path` beneath `folder` without following any link; component by component where the kernel (before 5.6) or a
/// container's filter has no openat2.
fn open_beneath(folder: BorrowedFd<'_>, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(folder, path, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => walk(folder, path, flags),
        // The kernel could not rule out a concurrent rename; once more, then slowly.
        Err(Errno::AGAIN) => walk(folder, path, flags),
        result => Ok(result?),
    }
}

fn walk(folder: BorrowedFd<'_>, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let mut at = folder.try_clone_to_owned()?;
    let mut components = path.split('/').peekable();
    while let Some(component) = components.next() {
        let last = components.peek().is_none();
        let step = if last { flags | OFlags::NOFOLLOW } else { OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC };
        at = rustix::fs::openat(&at, component, step, Mode::empty())?;
    }
    Ok(at)
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    }
}

fn stamp(stat: &Stat) -> Stamp {
    let time = |seconds: i64, nanoseconds: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds);
    Stamp {
        size: stat.st_size.cast_unsigned(),
        modified: time(stat.st_mtime, stat.st_mtime_nsec.cast_signed()),
        changed: time(stat.st_ctime, stat.st_ctime_nsec.cast_signed()),
        inode: stat.st_ino,
    }
}

/// Removes a folder and all it holds, also where a command has taken away its own right to.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            std::fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn open_up(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slow_walk_refuses_what_openat2_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::open(&folder.path().join("tree")).unwrap();
        std::fs::write(folder.path().join("outside"), "x").unwrap();
        std::fs::create_dir(tree.path().join("real")).unwrap();
        std::fs::write(tree.path().join("real/file"), "y").unwrap();
        std::os::unix::fs::symlink("..", tree.path().join("up")).unwrap();
        std::os::unix::fs::symlink("real", tree.path().join("inner")).unwrap();
        std::os::unix::fs::symlink("../outside", tree.path().join("out")).unwrap();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for open in [open_beneath, walk] {
            assert!(open(tree.fd.as_fd(), "real/file", flags).is_ok());
            for refused in ["up/outside", "inner/file", "out"] {
                let error = open(tree.fd.as_fd(), refused, flags).unwrap_err();
                assert!(not_plain(&error), "{refused}: {error}");
            }
        }
    }
}
