//! The one edit type: replace a byte range of a file by a text. Every editing format is converted to it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::RelPath;

/// Replace the bytes `span` of `path` by `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file.
    pub path: RelPath,
    /// Byte range in the text the edit was made for; both ends on character boundaries.
    pub span: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

/// Why edits do not apply to a text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// A span reaches past the text or splits a character.
    #[error("the range {start}..{end} does not lie on character boundaries of a text of {len} bytes")]
    OutOfRange {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// Bytes in the text.
        len: usize,
    },
    /// Two edits touch the same bytes.
    #[error("two edits overlap at byte {at}")]
    Overlap {
        /// Where the later edit begins.
        at: usize,
    },
}

/// Applies edits of one file (their `path` is not looked at) to `text`, all or nothing; order does not matter.
pub fn apply_edits(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for edit in sorted {
        let Range { start, end } = edit.span;
        if start > end || text.get(start..end).is_none() {
            return Err(EditError::OutOfRange { start, end, len: text.len() });
        }
        if start < done {
            return Err(EditError::Overlap { at: start });
        }
        out.push_str(&text[done..start]);
        out.push_str(&edit.text);
        done = end;
    }
    out.push_str(&text[done..]);
    Ok(out)
}
