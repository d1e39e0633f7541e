//! Takes a delivered run back and keeps what was typed since.

use super::{Applied, Editor, apply};
use crate::text::{Change, FileChange, Patch, RelPath, merge};

/// Why a run cannot be taken back. Nothing was touched then.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UndoError {
    /// The same lines were changed again since.
    #[error("{} changed since in the same lines; nothing was touched — undo by hand with the diff in the run's folder", join(.0))]
    Touched(Vec<RelPath>),
    /// The editor did not take the edits.
    #[error("the editor did not take it: {0}")]
    Refused(String),
}

fn join(paths: &[RelPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Undoes `delivered`: a three-way merge per file between what was delivered, what was there before, and what is there now.
pub async fn undo(delivered: &Patch, editor: &dyn Editor) -> Result<Patch, UndoError> {
    let (mut back, mut touched) = (Patch::default(), Vec::new());
    for file in &delivered.files {
        match undone(&file.change, editor.current(&file.path)) {
            Ok(Some(change)) => back.files.push(FileChange { path: file.path.clone(), change }),
            Ok(None) => {}
            Err(()) => touched.push(file.path.clone()),
        }
    }
    if !touched.is_empty() {
        return Err(UndoError::Touched(touched));
    }
    match apply(&back, editor).await {
        Applied::Whole => Ok(back),
        Applied::Nothing(why) | Applied::Partly(why) => Err(UndoError::Refused(why)),
    }
}

/// The change that takes `delivered` back from `current`; `None` where it is taken back already.
fn undone(delivered: &Change, current: Option<String>) -> Result<Option<Change>, ()> {
    match (delivered, current) {
        (Change::Modify { old, new }, Some(now)) => {
            if now == *old {
                return Ok(None);
            }
            let text = merge(new, old, &now).map_err(|_| ())?;
            Ok(Some(Change::Modify { old: now, new: text }))
        }
        (Change::Create { new }, Some(now)) if now == *new => Ok(Some(Change::Delete { old: now })),
        (Change::Create { .. }, None) => Ok(None),
        (Change::Delete { old }, None) => Ok(Some(Change::Create { new: old.clone() })),
        (Change::Delete { old }, Some(now)) if now == *old => Ok(None),
        _ => Err(()),
    }
}
