//! Which files git tracks, read from the index file without running git (format: git's `Documentation/gitformat-index`).
//! Needed because a tracked file is not ignored even where a pattern says so.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::text::RelPath;

/// The repository's own folder for the working tree at `top`: `.git`, or where a `.git` file points.
pub(super) fn git_folder(top: &Path) -> PathBuf {
    let entry = top.join(".git");
    match std::fs::read_to_string(&entry) {
        Ok(text) if text.len() < 4096 => match text.trim().strip_prefix("gitdir:") {
            Some(folder) => top.join(folder.trim()),
            None => entry,
        },
        _ => entry,
    }
}

/// Tracked files of the repository at `top`, relative to `root` below it; empty where the index cannot be understood.
pub(super) fn files(top: &Path, root: &Path) -> FxHashSet<String> {
    let Ok(bytes) = std::fs::read(git_folder(top).join("index")) else { return FxHashSet::default() };
    let prefix = RelPath::below(top, root).map(|path| format!("{path}/")).unwrap_or_default();
    let names = names(&bytes).unwrap_or_default();
    names.into_iter().filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned)).collect()
}

/// The entries' names. `None` for a damaged file or an unknown version.
fn names(bytes: &[u8]) -> Option<Vec<String>> {
    const FIXED: usize = 62; // times, device, inode, mode, owner, size, SHA-1, flags
    const EXTENDED: u16 = 0x4000;
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let version = word(4)?;
    if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    let (mut at, mut names, mut last) = (12, Vec::new(), Vec::new());
    for _ in 0..word(8)? {
        let start = at;
        let flags = u16::from_be_bytes(bytes.get(at + FIXED - 2..at + FIXED)?.try_into().ok()?);
        at += FIXED + if flags & EXTENDED != 0 { 2 } else { 0 };
        if version == 4 {
            let (cut, length) = variable(bytes.get(at..)?)?;
            at += length;
            last.truncate(last.len().checked_sub(cut)?);
        } else {
            last.clear();
        }
        let end = at + bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        last.extend_from_slice(&bytes[at..end]);
        at = if version == 4 { end + 1 } else { start + (end - start + 8) / 8 * 8 };
        names.extend(String::from_utf8(last.clone()).ok());
    }
    Some(names)
}

/// A number in the variable width encoding of pack offsets, and how many bytes it took.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = usize::from(bytes.first()? & 0x7f);
    let mut length = 1;
    while bytes.get(length - 1)? & 0x80 != 0 {
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(bytes.get(length)? & 0x7f))?;
        length += 1;
    }
    Some((value, length))
}
