//! Between the protocol's words and ours: positions, ranges, URIs, edits.

use std::ops::Range;
use std::path::PathBuf;

use tower_lsp::ls_types as lsp;

use crate::text::{Document, Edit, Encoding, Position};

/// The encoding to use with a client: UTF-8 where offered, else the protocol's default.
pub(super) fn encoding(offered: Option<&[lsp::PositionEncodingKind]>) -> (Encoding, lsp::PositionEncodingKind) {
    if offered.is_some_and(|offered| offered.contains(&lsp::PositionEncodingKind::UTF8)) {
        (Encoding::Utf8, lsp::PositionEncodingKind::UTF8)
    } else {
        (Encoding::Utf16, lsp::PositionEncodingKind::UTF16)
    }
}

/// The absolute path of a file URI.
pub(super) fn path(uri: &lsp::Uri) -> Option<PathBuf> {
    if !uri.scheme().as_str().eq_ignore_ascii_case("file") {
        return None;
    }
    Some(uri.to_file_path()?.into_owned()).filter(|path| path.is_absolute())
}

pub(super) fn position(position: lsp::Position) -> Position {
    Position::new(position.line, position.character)
}

pub(super) fn range(range: lsp::Range) -> Range<Position> {
    position(range.start)..position(range.end)
}

/// A range of a document in bytes, as far as it can be made out: what lies outside is clamped by dropping the range.
pub(super) fn span(document: &Document, of: lsp::Range, encoding: Encoding) -> Option<Range<usize>> {
    document.span(&range(of), encoding).ok()
}

/// A byte range as the client wants it.
pub(super) fn lsp_range(document: &Document, span: &Range<usize>, encoding: Encoding) -> Option<lsp::Range> {
    let at = |byte| document.position(byte, encoding).ok().map(|position| lsp::Position::new(position.line, position.column));
    Some(lsp::Range::new(at(span.start)?, at(span.end)?))
}

/// Edits of one document as the client wants them.
pub(super) fn text_edits(document: &Document, edits: &[Edit], encoding: Encoding) -> Option<Vec<lsp::TextEdit>> {
    edits.iter().map(|edit| Some(lsp::TextEdit::new(lsp_range(document, &edit.span, encoding)?, edit.text.clone()))).collect()
}
