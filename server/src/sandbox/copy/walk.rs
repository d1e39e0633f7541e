//! Which files belong to a workspace: what git would not ignore (gitignore(5): nested `.gitignore`, `.git/info/exclude`,
//! the user's global list; a file that is tracked is never ignored), less the globs left out on purpose, less caches.
//!
//! Our own walk, because the same rules hold for two trees: the workspace, and the copy, where neither `.git` nor the
//! folders above it exist.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::FxHashSet;

use super::beneath::Tree;
use super::{Kind, tracked};
use crate::session::Snapshot;
use crate::text::RelPath;

/// Folders that only ever hold what a tool can make again.
const CACHES: &[&str] = &["__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"];

/// The rules of one workspace.
#[derive(Debug)]
pub(super) struct Rules {
    root: PathBuf,
    excludes: Gitignore,
    /// Lists from outside the workspace, the strongest first: those of folders above it, the repository's, the user's.
    outer: Vec<Gitignore>,
    tracked: FxHashSet<String>,
    tracked_folders: FxHashSet<String>,
    /// A folder below the root that is never looked into: where the copies are.
    cache: Option<String>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: Vec<RelPath>,
    pub links: Vec<RelPath>,
    /// FIFOs, sockets and devices.
    pub special: Vec<RelPath>,
    /// `.git` and the like, not looked into.
    pub protected: Vec<RelPath>,
    /// Files that were left out because their names are not UTF-8, or folders that could not be read.
    pub unreadable: Vec<String>,
}

impl Rules {
    pub(super) fn of(snapshot: &Snapshot, cache: &Path) -> Self {
        let root = snapshot.root.clone();
        let top = root.ancestors().find(|folder| folder.join(".git").exists());
        let mut outer = Vec::new();
        if let Some(top) = top {
            let above = root.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
            outer.extend(above.map(|folder| list(folder, &folder.join(".gitignore"))));
            outer.push(list(top, &tracked::git_folder(top).join("info/exclude")));
        }
        outer.push(GitignoreBuilder::new(top.unwrap_or(&root)).build_global().0);
        let mut excludes = GitignoreBuilder::new(&root);
        for glob in snapshot.excludes.iter() {
            let _ = excludes.add_line(None, glob);
        }
        let tracked = top.map(|top| tracked::files(top, &root)).unwrap_or_default();
        let tracked_folders = tracked.iter().flat_map(|file| file.match_indices('/').map(|(at, _)| file[..at].to_owned())).collect();
        let cache = RelPath::below(&root, cache).map(|path| path.as_str().to_owned());
        Self { root, excludes: excludes.build().unwrap_or_else(|_| Gitignore::empty()), outer, tracked, tracked_folders, cache }
    }

    /// Everything in `tree` that belongs to the workspace, sorted.
    pub(super) fn walk(&self, tree: &Tree) -> Found {
        let mut found = Found::default();
        self.folder(tree, "", &mut Vec::new(), false, &mut found);
        for list in [&mut found.files, &mut found.links, &mut found.special] {
            list.sort_unstable();
        }
        found
    }

    /// One folder; `lists` are the ignore lists of the folders above it in the tree, `only_tracked` says it is itself ignored.
    fn folder(&self, tree: &Tree, folder: &str, lists: &mut Vec<Gitignore>, only_tracked: bool, found: &mut Found) {
        let Ok(entries) = tree.entries(folder) else {
            found.unreadable.push(folder.to_owned());
            return;
        };
        let has = |name: &str| entries.iter().any(|(entry, kind)| entry.as_deref() == Some(name) && *kind == Kind::File);
        let only_tracked = only_tracked || !folder.is_empty() && (has("CACHEDIR.TAG") || has("pyvenv.cfg"));
        let depth = lists.len();
        if has(".gitignore")
            && let Ok(path) = RelPath::new(join(folder, ".gitignore"))
            && let Ok((bytes, ..)) = tree.read(&path, 1 << 20)
        {
            lists.push(parsed(&self.root.join(folder), &String::from_utf8_lossy(&bytes)));
        }
        for (name, kind) in entries {
            let Some(path) = name.as_deref().map(|name| join(folder, name)) else {
                found.unreadable.push(join(folder, "(a name that is not UTF-8)"));
                continue;
            };
            let Ok(rel) = RelPath::new(path.as_str()) else { continue };
            if rel.file_name().eq_ignore_ascii_case(".git") {
                found.protected.push(rel);
                continue;
            }
            if self.cache.as_deref() == Some(path.as_str()) || self.left_out(&path, kind) {
                continue;
            }
            let ignored = only_tracked || kind == Kind::Folder && CACHES.contains(&rel.file_name()) || self.ignored(lists, &path, kind);
            match kind {
                Kind::Folder if !ignored || self.tracked_folders.contains(&path) => self.folder(tree, &path, lists, ignored, found),
                Kind::Folder => {}
                _ if ignored && !self.tracked.contains(&path) => {}
                Kind::File => found.files.push(rel),
                Kind::Link => found.links.push(rel),
                Kind::Special => found.special.push(rel),
            }
        }
        lists.truncate(depth);
    }

    fn left_out(&self, path: &str, kind: Kind) -> bool {
        self.excludes.matched(self.root.join(path), kind == Kind::Folder).is_ignore()
    }

    /// The nearest list that has a say decides.
    fn ignored(&self, lists: &[Gitignore], path: &str, kind: Kind) -> bool {
        let path = self.root.join(path);
        for list in lists.iter().rev().chain(&self.outer).filter(|list| !list.is_empty()) {
            match list.matched(&path, kind == Kind::Folder) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn list(root: &Path, file: &Path) -> Gitignore {
    std::fs::read_to_string(file).map(|text| parsed(root, &text)).unwrap_or_else(|_| Gitignore::empty())
}

/// A list of patterns that hold below `root`; lines that are no patterns count for nothing, as in git.
fn parsed(root: &Path, text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    for line in text.lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Files that tools leave behind and nobody means to deliver.
pub(super) fn is_dropping(path: &RelPath) -> bool {
    const FOLDERS: &[&str] = &[".tox", ".nox", "target", "node_modules"];
    let mut folders = path.parent().into_iter().flat_map(|parent| parent.split('/'));
    let name = path.file_name();
    folders.any(|folder| FOLDERS.contains(&folder) || CACHES.contains(&folder) || folder.ends_with(".egg-info"))
        || name == ".coverage"
        || name.starts_with(".coverage.")
        || name.starts_with(".lamplighter-")
        || [".pyc", ".pyo", ".profraw", ".gcda"].iter().any(|end| name.ends_with(end))
}

/// Files whose content is a tool's, kept in step with others.
pub(super) fn is_lockfile(path: &RelPath) -> bool {
    const NAMES: &[&str] = &[
        "Cargo.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "Pipfile.lock",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "go.sum",
        "Gemfile.lock",
    ];
    NAMES.contains(&path.file_name())
}
