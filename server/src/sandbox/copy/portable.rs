//! File operations that stay beneath a folder, for systems without the calls of `beneath.rs`: every component is looked at
//! before it is used. That leaves a gap between look and use, which is closed by nothing being run on those systems yet.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::{Kind, Stamp};
use crate::text::RelPath;

/// A folder under which to work.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
}

/// Errors that mean "a link, a special file or a way out stands there".
pub(super) fn not_plain(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

fn in_the_way() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a link or special file stands there")
}

impl Tree {
    /// Opens (and makes, where missing) the folder at `path`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Self::existing(path)
    }

    /// Opens the folder at `path`.
    pub(super) fn existing(path: &Path) -> io::Result<Self> {
        if path.metadata()?.is_dir() { Ok(Self { path: path.to_owned() }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A regular file, open for reading.
    pub(super) fn file(&self, path: &RelPath) -> io::Result<File> {
        let place = self.place(path, false)?;
        if place.symlink_metadata()?.is_file() { File::open(place) } else { Err(in_the_way()) }
    }

    /// As in `beneath.rs`.
    pub(super) fn read(&self, path: &RelPath, most: u64) -> io::Result<(Vec<u8>, Option<Stamp>, bool)> {
        let mut file = self.file(path)?;
        let before = stamp(&file.metadata()?);
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let data = file.metadata()?;
        Ok((bytes, (before == stamp(&data)).then_some(before), executable(&data)))
    }

    /// What stands at `path` itself, links not followed; `None` where nothing does.
    pub(super) fn look(&self, path: &RelPath) -> io::Result<Option<(Kind, Stamp)>> {
        match self.place(path, false).and_then(|place| place.symlink_metadata()) {
            Ok(data) => Ok(Some((kind(data.file_type()), stamp(&data)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound || not_plain(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Names and kinds in a folder (`""` for the tree itself); names that are not UTF-8 come as `None`.
    pub(super) fn entries(&self, folder: &str) -> io::Result<Vec<(Option<String>, Kind)>> {
        let place = match RelPath::new(folder) {
            Ok(path) if matches!(self.look(&path)?, Some((Kind::Folder, _))) => path.to_path(&self.path),
            Ok(_) => return Err(in_the_way()),
            Err(_) => self.path.clone(),
        };
        std::fs::read_dir(place)?
            .map(|entry| entry.and_then(|entry| Ok((entry.file_name().into_string().ok(), kind(entry.file_type()?)))))
            .collect()
    }

    /// Writes a file: a new one beside it, then renamed over it.
    pub(super) fn put(&self, path: &RelPath, bytes: &[u8], executable: bool) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let place = self.place(path, true)?;
        if place.symlink_metadata().is_ok_and(|data| !data.is_file()) {
            return Err(in_the_way());
        }
        let temporary = place.with_file_name(format!(".lamplighter-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let written =
            File::create_new(&temporary).and_then(|mut file| file.write_all(bytes)).and_then(|()| std::fs::rename(&temporary, &place));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written?;
        self.set_executable(path, executable)
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
        make_link(target, &self.place(path, true)?)
    }

    /// Where a link points, if one stands there.
    pub(super) fn link_target(&self, path: &RelPath) -> Option<String> {
        let target = self.place(path, false).ok()?.read_link().ok()?;
        target.into_os_string().into_string().ok()
    }

    /// Removes a file or link; a missing one is fine, a folder is an error.
    pub(super) fn remove(&self, path: &RelPath) -> io::Result<()> {
        match self.place(path, false).and_then(std::fs::remove_file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Removes whatever stands at `path`, folders with all they hold.
    pub(super) fn remove_all(&self, path: &RelPath) -> io::Result<()> {
        match self.look(path)? {
            Some((Kind::Folder, _)) => remove_tree(&path.to_path(&self.path)),
            Some(_) => self.remove(path),
            None => Ok(()),
        }
    }

    /// Sets or clears the executable bits of a regular file, where there are such bits.
    pub(super) fn set_executable(&self, path: &RelPath, executable: bool) -> io::Result<()> {
        mark_executable(&self.file(path)?, executable)
    }

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

    /// The place of `path`, every folder on the way looked at, and made where `create` says so.
    fn place(&self, path: &RelPath, create: bool) -> io::Result<PathBuf> {
        let mut at = self.path.clone();
        for component in path.parent().into_iter().flat_map(|parent| parent.split('/')) {
            at.push(component);
            match at.symlink_metadata() {
                Ok(data) if data.is_dir() => {}
                Ok(data) if data.is_symlink() => return Err(in_the_way()),
                Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
                Err(error) if create && error.kind() == io::ErrorKind::NotFound => std::fs::create_dir(&at)?,
                Err(error) => return Err(error),
            }
        }
        Ok(at.join(path.file_name()))
    }
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Special,
    }
}

fn stamp(data: &Metadata) -> Stamp {
    let since = |time: io::Result<std::time::SystemTime>| time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = since(data.modified()).and_then(|time| i64::try_from(time.as_nanos()).ok()).unwrap_or(0);
    Stamp { size: data.len(), modified, changed: modified, inode: 0 }
}

/// Removes a folder and all it holds.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn executable(data: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o111 != 0
}

#[cfg(unix)]
fn mark_executable(file: &File, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
    if wanted == mode { Ok(()) } else { file.set_permissions(std::fs::Permissions::from_mode(wanted)) }
}

#[cfg(unix)]
fn make_link(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn mark_executable(_: &File, _: bool) -> io::Result<()> {
    Ok(())
}

/// Links need a right of their own on Windows; the copy does without them.
#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    #[test]
    fn files_go_in_and_out_and_links_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::open(&folder.path().join("tree")).unwrap();
        std::fs::write(folder.path().join("outside"), "x").unwrap();
        tree.put(&rel("a/b"), b"text", true).unwrap();
        let (bytes, stamp, executable) = tree.read(&rel("a/b"), 100).unwrap();
        assert_eq!((bytes.as_slice(), executable), (b"text".as_slice(), true));
        assert_eq!(tree.look(&rel("a/b")).unwrap(), stamp.map(|stamp| (Kind::File, stamp)));
        assert_eq!(tree.read(&rel("a/b"), 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        tree.link(&rel("up"), "..").unwrap();
        tree.link(&rel("out"), "../outside").unwrap();
        assert_eq!(tree.link_target(&rel("out")).as_deref(), Some("../outside"));
        for refused in ["up/outside", "out"] {
            assert!(not_plain(&tree.read(&rel(refused), 100).unwrap_err()), "{refused}");
            assert!(not_plain(&tree.put(&rel(refused), b"y", false).unwrap_err()), "{refused}");
        }
        let mut names = tree.entries("").unwrap();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(
            names.iter().map(|(name, kind)| (name.as_deref().unwrap(), *kind)).collect::<Vec<_>>(),
            [("a", Kind::Folder), ("out", Kind::Link), ("up", Kind::Link)]
        );
        tree.force(&rel("up/inner"), b"z", false).unwrap();
        tree.remove_all(&rel("a")).unwrap();
        tree.remove(&rel("missing")).unwrap();
        assert!(tree.look(&rel("a")).unwrap().is_none() && tree.look(&rel("up/inner")).unwrap().is_some());
        assert_eq!(std::fs::read_to_string(folder.path().join("outside")).unwrap(), "x");
        assert!(Tree::existing(&folder.path().join("outside")).is_err() && tree.file(&rel("up/inner")).is_ok());
        tree.set_executable(&rel("up/inner"), true).unwrap();
        assert!(tree.path().join("up/inner").is_file());
    }
}
