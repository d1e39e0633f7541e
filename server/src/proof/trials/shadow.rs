//! A second tree beside the copy's `work/`, for candidates that must be written to files: brought up to date by
//! difference, mounted at the workspace's own path, with build folders of its own that stay warm.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::proof::Bench;
use crate::sandbox::SandboxError;
use crate::text::{Files, RelPath};

use super::setup;

/// A build folder beyond this is not worth copying.
const LARGEST_SEED: u64 = 3 << 30;

/// The tree, held by one user at a time.
#[derive(Debug)]
pub(super) struct Shadow {
    root: PathBuf,
    _lock: File,
}

impl Shadow {
    /// Waits for the tree to be free and makes its workspace files equal to the copy's.
    pub(super) async fn of(bench: &Bench<'_>, program: &str) -> Result<Self, SandboxError> {
        let root = bench.copy.work().with_file_name("variants");
        let failed = |error: io::Error| setup(program, format!("{}: {error}", root.display()));
        fs::create_dir_all(&root).map_err(failed)?;
        let lock = File::create(root.with_extension("lock")).map_err(failed)?;
        while lock.try_lock().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sync(bench, &root).map_err(failed)?;
        Ok(Self { root, _lock: lock })
    }

    /// Gives the tree the copy's build folder to start from, once: dependencies need not be built again. Times are kept, so
    /// that the shadow's own sources, which are newer, are.
    pub(super) fn seed(&self, bench: &Bench<'_>, target: &RelPath) {
        let (from, to) = (target.to_path(bench.copy.work()).join("debug"), target.to_path(&self.root).join("debug"));
        let parts = ["build", ".fingerprint", "deps"];
        if to.exists() || parts.iter().map(|part| size(&from.join(part))).sum::<u64>() > LARGEST_SEED {
            return;
        }
        let copied = parts.iter().filter(|part| from.join(part).is_dir()).try_for_each(|part| copy_tree(&from.join(part), &to.join(part)));
        if copied.is_err() {
            let _ = fs::remove_dir_all(&to); // a full build is the worst that follows
        }
    }

    /// Where it lies on the host.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes one file unless it already has this text; build tools see a change by its time.
    pub(super) fn write(&self, path: &RelPath, text: &str) -> io::Result<()> {
        let file = path.to_path(&self.root);
        if fs::read(&file).is_ok_and(|bytes| bytes == text.as_bytes()) { Ok(()) } else { fs::write(file, text) }
    }

    /// Puts the copy's text back.
    pub(super) fn restore(&self, bench: &Bench<'_>, path: &RelPath) -> io::Result<()> {
        Files::read(bench.copy, path).map_or(Ok(()), |text| self.write(path, &text))
    }
}

/// Copies what differs, removes what an earlier call put there and is gone.
fn sync(bench: &Bench<'_>, root: &Path) -> io::Result<()> {
    let manifest = root.with_extension("files");
    let files: BTreeSet<RelPath> = bench.copy.files().into_iter().collect();
    for line in fs::read_to_string(&manifest).unwrap_or_default().lines() {
        if let Some(path) = RelPath::new(line).ok().filter(|path| !files.contains(path)) {
            let _ = fs::remove_file(path.to_path(root));
        }
    }
    let names: Vec<&str> = files.iter().map(RelPath::as_str).collect();
    fs::write(manifest, names.join("\n"))?;
    files.iter().try_for_each(|path| sync_file(&path.to_path(bench.copy.work()), &path.to_path(root)))
}

fn sync_file(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(meta) = fs::symlink_metadata(from) else {
        return match fs::remove_file(to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if meta.is_symlink() {
        let target = fs::read_link(from)?;
        if fs::read_link(to).is_ok_and(|now| now == target) {
            return Ok(());
        }
        let _ = fs::remove_file(to);
        return symlink(target, to);
    }
    let same_size =
        fs::symlink_metadata(to).is_ok_and(|now| now.is_file() && now.len() == meta.len() && now.permissions() == meta.permissions());
    if same_size && fs::read(from)? == fs::read(to)? {
        return Ok(());
    }
    fs::copy(from, to).map(drop)
}

/// Bytes below a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => size(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

/// Copies plain files and folders with their times; everything else is left out.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (meta, target) = (entry.metadata()?, to.join(entry.file_name()));
        if meta.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if meta.is_file() {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.set_modified(meta.modified()?)?;
        }
    }
    Ok(())
}
