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
