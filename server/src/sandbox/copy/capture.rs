//! Brings a slot up to date with a snapshot, by difference: a file whose stamp is the manifest's is not read, one whose
//! content is the copy's is not written.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::beneath::{Tree, not_plain};
use super::slot::Slot;
use super::walk::{Found, Rules};
use super::{Bounds, Copy, CopyError, Entry, Kind, Stamp, State, io_error, protected};
use crate::session::Snapshot;
use crate::text::{Hash, RelPath};

/// Changes closer together than this may carry the same time (the kernel's clock ticks every 1 to 10 ms).
const GRAIN: i64 = 20_000_000;

/// What a slot holds; kept beside it only while that is true.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    root: PathBuf,
    entries: BTreeMap<RelPath, Entry>,
}

/// Whether a file last changed so long ago that a change from now on will show in its stamp.
pub(super) fn is_settled(stamp: &Stamp) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_nanos()).unwrap_or_default();
    i64::try_from(now).is_ok_and(|now| stamp.changed.max(stamp.modified) < now - GRAIN)
}

/// Makes or updates the copy.
pub(super) fn capture(cache: &Path, snapshot: &Snapshot, bounds: &Bounds) -> Result<Copy, CopyError> {
    let slot = Slot::take(cache, &snapshot.root)?;
    let source = Tree::existing(&snapshot.root).map_err(io_error("open", &snapshot.root))?;
    let open = |name: &str| Tree::open(&slot.path().join(name)).map_err(io_error("create", &slot.path().join(name)));
    let (base, work) = (open("base")?, open("work")?);
    let rules = Rules::of(snapshot, cache);
    let found = rules.walk(&source);
    let overlays = snapshot.overlays.keys().filter(|path| protected(path).is_none());
    let paths: BTreeSet<&RelPath> = found.files.iter().chain(overlays).collect();
    if paths.len() > bounds.files {
        return Err(CopyError::TooLarge { limit: format!("{} files", bounds.files) });
    }
    let file = slot.path().join("manifest.json");
    let old = take_manifest(&file, &snapshot.root);
    let mut links = Links::of(&source, &found.links, &snapshot.root);
    clear(&base, &work, &rules, &old, &paths, &links)?;
    let job =
        Job { source: &source, base: &base, work: &work, old: &old, snapshot, bounds, total: AtomicU64::new(0), notes: Mutex::default() };
    let entries: Vec<Option<(RelPath, Entry)>> = paths.par_iter().map(|path| job.one(path)).collect::<Result<_, _>>()?;
    let mut entries: BTreeMap<RelPath, Entry> = entries.into_iter().flatten().collect();
    for (path, target) in &links.inside {
        work.link(path, target).map_err(io_error("link", &path.to_path(work.path())))?;
    }
    let mut notes = job.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
    notes.append(&mut links.notes);
    notes.extend(notes_on(&found));
    // The copy is ours alone until now: only what was written within the clock's grain could change unseen from here on.
    for entry in entries.values_mut() {
        entry.work = entry.work.filter(is_settled);
    }
    let manifest = Manifest { root: snapshot.root.clone(), entries };
    keep_manifest(&file, &manifest)?;
    let Manifest { root, entries } = manifest;
    let originals = entries.keys().map(|path| (path.clone(), OnceLock::new())).collect();
    let clean = entries.iter().filter_map(|(path, entry)| Some((path.clone(), entry.work?))).collect();
    let state = Mutex::new(State { clean, touched: BTreeSet::new() });
    Ok(Copy { root, work, base, rules, entries, links: links.inside, originals, state, notes, slot })
}

/// Reads the manifest and takes it away: should this end half-way, nobody may believe it.
fn take_manifest(file: &Path, root: &Path) -> BTreeMap<RelPath, Entry> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let _ = std::fs::remove_file(file);
    match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) if manifest.root == root => manifest.entries,
        _ => BTreeMap::new(),
    }
}

/// Writes the manifest, all or nothing.
fn keep_manifest(file: &Path, manifest: &Manifest) -> Result<(), CopyError> {
    let bytes = serde_json::to_vec(manifest).map_err(io::Error::other).map_err(io_error("write", file))?;
    let new = file.with_extension("new");
    std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, file)).map_err(io_error("write", file))
}

/// Removes from the slot what an earlier run left: files that are captured no more, files commands added, links, and
/// anything that plays `.git`. Ignored build folders stay.
fn clear(
    base: &Tree,
    work: &Tree,
    rules: &Rules,
    old: &BTreeMap<RelPath, Entry>,
    paths: &BTreeSet<&RelPath>,
    links: &Links,
) -> Result<(), CopyError> {
    let left = rules.walk(work);
    let added =
        left.files.iter().filter(|path| !paths.contains(path) && !super::walk::is_dropping(path) && !super::walk::is_lockfile(path));
    let other_links = left.links.iter().filter(|path| !links.inside.contains_key(path));
    for path in added.chain(other_links).chain(&left.special).chain(&left.protected) {
        work.remove_all(path).map_err(io_error("remove", &path.to_path(work.path())))?;
    }
    for path in old.keys().filter(|path| !paths.contains(path)) {
        for tree in [base, work] {
            match tree.remove(path) {
                Err(error) if !not_plain(&error) => return Err(io_error("remove", &path.to_path(tree.path()))(error)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn notes_on(found: &Found) -> Vec<String> {
    let special = found.special.iter().map(|path| format!("{path} is a pipe, socket or device and was left out"));
    let unreadable = found.unreadable.iter().map(|path| format!("{path} could not be read and was left out"));
    special.chain(unreadable).collect()
}

/// Symbolic links of the workspace: those that lead inside are made again, the others left out.
struct Links {
    inside: BTreeMap<RelPath, String>,
    notes: Vec<String>,
}

impl Links {
    fn of(source: &Tree, links: &[RelPath], root: &Path) -> Self {
        let mut found = Self { inside: BTreeMap::new(), notes: Vec::new() };
        for path in links {
            match source.link_target(path) {
                Some(target) if leads_inside(root, path, &target) => {
                    found.inside.insert(path.clone(), target);
                }
                _ => found.notes.push(format!("{path} is a link that leads out of the workspace and was left out")),
            }
        }
        found
    }
}

/// Whether the link at `path` leads to something in the workspace: as the file system resolves it, or (where it leads
/// nowhere) as it is written.
fn leads_inside(root: &Path, path: &RelPath, target: &str) -> bool {
    let place = path.to_path(root);
    if let Ok(real) = place.canonicalize() {
        return root.canonicalize().is_ok_and(|root| real.starts_with(root)) && !real.components().any(|part| part.as_os_str() == ".git");
    }
    let mut depth = path.as_str().matches('/').count();
    if target.starts_with('/') {
        return false;
    }
    target.split('/').all(|part| {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => depth += 1,
        }
        true
    })
}

/// What every file's turn needs.
struct Job<'a> {
    source: &'a Tree,
    base: &'a Tree,
    work: &'a Tree,
    old: &'a BTreeMap<RelPath, Entry>,
    snapshot: &'a Snapshot,
    bounds: &'a Bounds,
    total: AtomicU64,
    notes: Mutex<Vec<String>>,
}

/// A file's content, or that it is the one the manifest knows.
struct Content {
    bytes: Option<Vec<u8>>,
    entry: Entry,
}

impl Job<'_> {
    /// Captures one file; `None` where it is left out.
    fn one(&self, path: &RelPath) -> Result<Option<(RelPath, Entry)>, CopyError> {
        let Some(Content { mut bytes, mut entry }) = self.content(path)? else {
            self.drop_from_slot(path)?;
            return Ok(None);
        };
        let sum = self.total.fetch_add(entry.size, Ordering::Relaxed) + entry.size;
        if sum > self.bounds.total_bytes {
            return Err(CopyError::TooLarge { limit: format!("{} MiB", self.bounds.total_bytes >> 20) });
        }
        let old = self.old.get(path);
        let in_base = |entry: &Entry| matches!(self.base.look(path), Ok(Some((Kind::File, stamp))) if stamp.size == entry.size);
        if !old.is_some_and(|old| old.hash == entry.hash && in_base(&entry)) {
            let content = self.loaded(path, &mut bytes, &mut entry)?;
            self.base.force(path, content, false).map_err(io_error("write", &path.to_path(self.base.path())))?;
        }
        entry.work = self.bring_work(path, old, &mut bytes, &mut entry)?;
        Ok(Some((path.clone(), entry)))
    }

    /// Unsaved text, or the file's own: not read where it looks as it did last time.
    fn content(&self, path: &RelPath) -> Result<Option<Content>, CopyError> {
        if let Some(overlay) = self.snapshot.overlays.get(path) {
            let bytes = overlay.text.as_bytes().to_vec();
            let executable = self.source.file(path).is_ok_and(|file| is_executable(&file));
            let entry = Entry { hash: Hash::of(&bytes), size: bytes.len() as u64, executable, source: None, work: None };
            return Ok(Some(Content { bytes: Some(bytes), entry }));
        }
        if let Some(old) = self.old.get(path)
            && let Some(stamp) = old.source
            && matches!(self.source.look(path), Ok(Some((Kind::File, now))) if now == stamp)
        {
            return Ok(Some(Content { bytes: None, entry: old.clone() }));
        }
        self.fresh(path)
    }

    /// Reads the file; again where it changed meanwhile, and with no stamp to trust where it does not come to rest.
    fn fresh(&self, path: &RelPath) -> Result<Option<Content>, CopyError> {
        let mut tries = 3;
        loop {
            match self.source.read(path, self.bounds.file_bytes) {
                Ok((_, None, _)) if tries > 0 => tries -= 1,
                Ok((bytes, stamp, executable)) => {
                    let source = stamp.filter(is_settled);
                    let entry = Entry { hash: Hash::of(&bytes), size: bytes.len() as u64, executable, source, work: None };
                    return Ok(Some(Content { bytes: Some(bytes), entry }));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return self.left_out(format!("{path} is larger than {} MiB and was left out", self.bounds.file_bytes >> 20));
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied || not_plain(&error) => {
                    return self.left_out(format!("{path} could not be read ({error}) and was left out"));
                }
                Err(error) => return Err(io_error("read", &path.to_path(self.source.path()))(error)),
            }
        }
    }

    /// The bytes, read now where the stamp had made that unnecessary.
    fn loaded<'a>(&self, path: &RelPath, bytes: &'a mut Option<Vec<u8>>, entry: &mut Entry) -> Result<&'a [u8], CopyError> {
        if bytes.is_none() {
            match self.fresh(path)? {
                Some(content) => {
                    *entry = content.entry;
                    *bytes = content.bytes;
                }
                None => return Err(io_error("read", &path.to_path(self.source.path()))(io::ErrorKind::NotFound.into())),
            }
        }
        Ok(bytes.as_deref().unwrap_or_default())
    }

    /// Makes the file in `work/` hold the captured content, touching it only where it does not. The stamp it then has.
    fn bring_work(
        &self,
        path: &RelPath,
        old: Option<&Entry>,
        bytes: &mut Option<Vec<u8>>,
        entry: &mut Entry,
    ) -> Result<Option<Stamp>, CopyError> {
        let failed = |error| io_error("write", &path.to_path(self.work.path()))(error);
        let known = old.filter(|old| old.hash == entry.hash).and_then(|old| old.work);
        if let (Some(known), Ok(Some((Kind::File, now)))) = (known, self.work.look(path))
            && now == known
            && old.is_some_and(|old| old.executable == entry.executable)
        {
            return Ok(Some(known));
        }
        if let Ok((now, _, _)) = self.work.read(path, self.bounds.file_bytes)
            && Hash::of(&now) == entry.hash
        {
            self.work.set_executable(path, entry.executable).map_err(failed)?;
        } else {
            let content = match bytes {
                Some(bytes) => bytes,
                None => bytes.insert(self.base.read(path, self.bounds.file_bytes).map_err(failed)?.0),
            };
            self.work.force(path, content, entry.executable).map_err(failed)?;
        }
        Ok(self.work.look(path).map_err(failed)?.map(|(_, stamp)| stamp))
    }

    fn left_out(&self, note: String) -> Result<Option<Content>, CopyError> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
        Ok(None)
    }

    fn drop_from_slot(&self, path: &RelPath) -> Result<(), CopyError> {
        for tree in [self.base, self.work] {
            tree.remove_all(path).map_err(io_error("remove", &path.to_path(tree.path())))?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(file: &std::fs::File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::File) -> bool {
    false
}
