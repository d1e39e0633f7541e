//! Takes a proven patch to the editor as one stale-proof transaction, confirms that it arrived, and can undo it.
//!
//! Everything is compared by text: an editor's "applied" is a claim, not a fact. What changed meanwhile is merged where
//! regions do not touch — and proven again — or nothing is touched at all.

mod conduct;
mod files;
mod report;
mod undo;

pub use conduct::{Conducted, Host, conduct};
pub use files::DiskEditor;
pub use report::markdown as report_markdown;
pub use undo::{UndoError, undo};

use async_trait::async_trait;

use crate::text::{Change, FileChange, Patch, RelPath, merge};

/// Where patches go: an editor's buffers, or the files.
#[async_trait]
pub trait Editor: Send + Sync {
    /// The text as it is now — the open buffer, else the disk — or `None` where the file does not exist.
    fn current(&self, path: &RelPath) -> Option<String>;

    /// Makes one file's change. `Err` says why it was refused. What really happened is seen by [`Editor::current`].
    async fn apply(&self, change: &FileChange) -> Result<(), String>;

    /// Waits until [`Editor::current`] tells `expected` for `path`, or the editor had time enough to say so.
    async fn settle(&self, path: &RelPath, expected: Option<&str>) -> bool;
}

/// How a patch stands against the texts as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Every target is as captured.
    Exact,
    /// Some changed, but elsewhere: this patch has the new base and both changes. It must be proven again.
    Merged(Patch),
    /// These changed where the patch changes them too, or appeared or went away.
    Stale(Vec<RelPath>),
}

/// Compares every target of `patch` with its text as it is now.
pub fn fit(patch: &Patch, editor: &dyn Editor) -> Fit {
    let (mut merged, mut stale, mut exact) = (Patch::default(), Vec::new(), true);
    for file in &patch.files {
        let current = editor.current(&file.path);
        if current.as_deref() == file.change.old() {
            merged.files.push(file.clone());
            continue;
        }
        exact = false;
        match (&file.change, current) {
            (Change::Modify { old, new }, Some(theirs)) => match merge(old, new, &theirs).ok() {
                Some(both) => merged.files.push(FileChange { path: file.path.clone(), change: Change::Modify { old: theirs, new: both } }),
                None => stale.push(file.path.clone()),
            },
            _ => stale.push(file.path.clone()),
        }
    }
    match (stale.is_empty(), exact) {
        (true, true) => Fit::Exact,
        (true, false) => Fit::Merged(merged),
        (false, _) => Fit::Stale(stale),
    }
}

/// What became of applying a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// Every target now has the proven text.
    Whole,
    /// Something went wrong; what had been applied was taken back. Says what happened.
    Nothing(String),
    /// Something went wrong and could not be taken back everywhere. Says what happened and names the files.
    Partly(String),
}

/// Applies `patch`, one file after another, comparing texts before and after each. All or nothing, as far as the editor lets us.
pub async fn apply(patch: &Patch, editor: &dyn Editor) -> Applied {
    let mut done: Vec<&FileChange> = Vec::new();
    for file in &patch.files {
        let why = match apply_one(file, editor).await {
            Ok(()) => {
                done.push(file);
                continue;
            }
            Err(why) => why,
        };
        let mut stuck = Vec::new();
        if let Miss::Otherwise(_) = why {
            stuck.push(file.path.to_string());
        }
        for file in done.into_iter().rev() {
            let back = FileChange { path: file.path.clone(), change: file.change.inverse() };
            if apply_one(&back, editor).await.is_err() {
                stuck.push(file.path.to_string());
            }
        }
        if stuck.is_empty() {
            return Applied::Nothing(why.to_string());
        }
        return Applied::Partly(format!("{why}; these files keep their change: {}", stuck.join(", ")));
    }
    Applied::Whole
}

/// How one file's change failed.
enum Miss {
    /// The file is as it was. Says why.
    Untouched(String),
    /// The file is neither as it was nor as it should be. Says why.
    Otherwise(String),
}

impl std::fmt::Display for Miss {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Untouched(why) | Self::Otherwise(why)) = self;
        out.write_str(why)
    }
}

async fn apply_one(file: &FileChange, editor: &dyn Editor) -> Result<(), Miss> {
    let as_before = || editor.current(&file.path).as_deref() == file.change.old();
    if !as_before() {
        return Err(Miss::Untouched(format!("{} changed at the last moment", file.path)));
    }
    let answer = editor.apply(file).await;
    if editor.settle(&file.path, file.change.new_text()).await {
        return Ok(());
    }
    let why = match answer {
        Err(why) => format!("{} was not changed as it should be: {why}", file.path),
        Ok(()) => format!("the editor said that {} was changed, but its text is another", file.path),
    };
    Err(if as_before() { Miss::Untouched(why) } else { Miss::Otherwise(why) })
}
