//! A text that is being typed into: lines found fast, edits applied in place, cheap to clone.
//!
//! Editors send edits as line/column ranges in one of three encodings, and a client and a server that disagree about one
//! character silently edit different texts from then on. So a range that names no place is an error, never a guess; the
//! only clamping is the one LSP prescribes: a column past the end of its line means the end of that line (and, as 3.18
//! adds, the line just past the last one means the end of the text).

use std::borrow::Cow;
use std::ops::Range;

use ropey::{Rope, RopeSlice};

use super::{Encoding, Position, PositionError};

/// A text over a rope. Clones share their storage.
#[derive(Debug, Clone, Default)]
pub struct Document {
    rope: Rope,
}

/// One change of a document as an editor reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentChange {
    /// What is replaced; `None` for the whole text.
    pub range: Option<Range<Position>>,
    /// What stands there afterwards.
    pub text: String,
}

/// What a change did, in bytes: `old` of the text before became `new` of the text after (both start at the same byte).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Bytes replaced, in the text before.
    pub old: Range<usize>,
    /// Bytes that stand there now, in the text after.
    pub new: Range<usize>,
}

impl Document {
    /// A document with this text.
    pub fn new(text: &str) -> Self {
        Self { rope: Rope::from_str(text) }
    }

    /// The whole text. Copies it.
    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// Bytes in the text.
    pub fn len(&self) -> usize {
        self.rope.len_bytes()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lines, one more than line ends.
    pub fn lines(&self) -> usize {
        self.rope.len_lines()
    }

    /// The rope itself, for readers that go chunk by chunk.
    pub fn rope(&self) -> &Rope {
        &self.rope
    }

    /// The text of a byte range, or `None` where it is out of the text or splits a character.
    pub fn slice(&self, span: Range<usize>) -> Option<Cow<'_, str>> {
        self.rope.get_byte_slice(span).map(Cow::from)
    }

    /// Byte range of a zero-based line without its line end.
    pub fn line_span(&self, line: usize) -> Option<Range<usize>> {
        if line >= self.lines() {
            return None;
        }
        let start = self.rope.line_to_byte(line);
        let whole = self.rope.byte_slice(start..self.rope.line_to_byte(line + 1));
        Some(start..start + whole.len_bytes() - line_end_len(whole))
    }

    /// The zero-based line a byte stands on; the last line for bytes past the end.
    pub fn line_of(&self, byte: usize) -> usize {
        self.rope.byte_to_line(byte.min(self.len()))
    }

    /// The byte offset of a position.
    ///
    /// # Errors
    /// [`PositionError::NoSuchLine`] two or more lines past the last one, [`PositionError::InsideCharacter`] where the column splits a character.
    pub fn offset(&self, position: Position, encoding: Encoding) -> Result<usize, PositionError> {
        let Position { line, column } = position;
        let lines = self.lines();
        let Some(span) = self.line_span(line as usize) else {
            return if line as usize == lines { Ok(self.len()) } else { Err(PositionError::NoSuchLine { line, lines }) };
        };
        let text = self.rope.byte_slice(span.clone());
        let wanted = column as usize;
        if wanted >= width(text, encoding) {
            return Ok(span.end);
        }
        let (char, found) = match encoding {
            Encoding::Utf8 => {
                let char = text.byte_to_char(wanted);
                (char, text.char_to_byte(char))
            }
            Encoding::Utf16 => {
                let char = text.utf16_cu_to_char(wanted);
                (char, text.char_to_utf16_cu(char))
            }
            Encoding::Utf32 => (wanted, wanted),
        };
        if found != wanted {
            return Err(PositionError::InsideCharacter { line, column });
        }
        Ok(span.start + text.char_to_byte(char))
    }

    /// The position of a byte offset; a byte between `\r` and `\n` counts as the end of its line.
    ///
    /// # Errors
    /// [`PositionError::NoSuchByte`] past the text or inside a character.
    pub fn position(&self, byte: usize, encoding: Encoding) -> Result<Position, PositionError> {
        self.char_at(byte)?;
        let line = self.rope.byte_to_line(byte);
        let span = self.line_span(line).unwrap_or(byte..byte);
        let before = self.rope.byte_slice(span.start..byte.min(span.end));
        Ok(Position { line: to_u32(line), column: to_u32(width(before, encoding)) })
    }

    /// The byte range of a range of positions.
    ///
    /// # Errors
    /// Those of [`Self::offset`], and [`PositionError::Reversed`].
    pub fn span(&self, range: &Range<Position>, encoding: Encoding) -> Result<Range<usize>, PositionError> {
        let start = self.offset(range.start, encoding)?;
        let end = self.offset(range.end, encoding)?;
        if start > end { Err(PositionError::Reversed { start, end }) } else { Ok(start..end) }
    }

    /// Applies one change. After an error the text is as before, and no longer what the editor shows: the caller has to
    /// treat the document as out of sync until it receives the whole text again.
    ///
    /// # Errors
    /// Those of [`Self::span`].
    pub fn apply(&mut self, change: &ContentChange, encoding: Encoding) -> Result<Splice, PositionError> {
        let old = match &change.range {
            Some(range) => self.span(range, encoding)?,
            None => 0..self.len(),
        };
        self.splice(old, &change.text)
    }

    /// Replaces a byte range.
    ///
    /// # Errors
    /// [`PositionError::NoSuchByte`] where the range is out of the text or splits a character; the text is as before.
    pub fn splice(&mut self, old: Range<usize>, text: &str) -> Result<Splice, PositionError> {
        if old == (0..self.len()) {
            self.rope = Rope::from_str(text);
            return Ok(Splice { new: 0..text.len(), old });
        }
        let (start, end) = (self.char_at(old.start)?, self.char_at(old.end)?);
        if start > end {
            return Err(PositionError::Reversed { start: old.start, end: old.end });
        }
        self.rope.remove(start..end);
        self.rope.insert(start, text);
        Ok(Splice { new: old.start..old.start + text.len(), old })
    }

    /// The index of the character that starts at `byte`.
    fn char_at(&self, byte: usize) -> Result<usize, PositionError> {
        let found = self.rope.try_byte_to_char(byte).ok().filter(|char| self.rope.char_to_byte(*char) == byte);
        found.ok_or(PositionError::NoSuchByte { byte, len: self.len() })
    }
}

/// Code units of a slice.
fn width(text: RopeSlice<'_>, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => text.len_bytes(),
        Encoding::Utf16 => text.len_utf16_cu(),
        Encoding::Utf32 => text.len_chars(),
    }
}

/// Bytes of the line end that `line` carries, if any.
fn line_end_len(line: RopeSlice<'_>) -> usize {
    let len = line.len_bytes();
    let last = |back: usize| len.checked_sub(back).map(|at| line.byte(at));
    match (last(2), last(1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (_, Some(b'\n' | b'\r')) => 1,
        _ => 0,
    }
}

/// Lines and columns fit the protocol's 32 bits; a text beyond that saturates.
fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, range: ((u32, u32), (u32, u32)), new: &str, encoding: Encoding) -> Result<String, PositionError> {
        let mut document = Document::new(text);
        let ((a, b), (c, d)) = range;
        let range = Some(Position::new(a, b)..Position::new(c, d));
        document.apply(&ContentChange { range, text: new.to_owned() }, encoding).map(|_| document.text())
    }

    #[test]
    fn lines_end_where_the_protocol_says() {
        let document = Document::new("a\r\nb\rc\nd\u{2028}e\u{85}f\u{0b}g");
        assert_eq!(document.lines(), 4);
        assert_eq!(document.line_span(0), Some(0..1));
        assert_eq!(document.line_span(1), Some(3..4));
        assert_eq!(document.line_span(4), None);
        assert_eq!(document.position(2, Encoding::Utf16), Ok(Position::new(0, 1)), "between CR and LF");
    }

    #[test]
    fn columns_count_code_units_and_clamp_to_the_line() {
        assert_eq!(typed("x𝒳y\n", ((0, 3), (0, 4)), "z", Encoding::Utf16).unwrap(), "x𝒳z\n");
        assert_eq!(typed("x𝒳y\n", ((0, 5), (0, 6)), "z", Encoding::Utf8).unwrap(), "x𝒳z\n");
        assert_eq!(typed("x𝒳y\n", ((0, 2), (0, 3)), "z", Encoding::Utf32).unwrap(), "x𝒳z\n");
        assert_eq!(typed("ab\r\nc", ((0, 99), (1, 0)), "", Encoding::Utf16).unwrap(), "abc");
        assert_eq!(typed("ab\n", ((0, 0), (2, 0)), "all", Encoding::Utf16).unwrap(), "all", "one line past the last is the end");
    }

    #[test]
    fn ranges_that_name_no_place_are_errors() {
        assert_eq!(typed("x𝒳", ((0, 2), (0, 3)), "", Encoding::Utf16), Err(PositionError::InsideCharacter { line: 0, column: 2 }));
        assert_eq!(typed("é", ((0, 1), (0, 2)), "", Encoding::Utf8), Err(PositionError::InsideCharacter { line: 0, column: 1 }));
        assert_eq!(typed("a\n", ((3, 0), (3, 0)), "", Encoding::Utf16), Err(PositionError::NoSuchLine { line: 3, lines: 2 }));
        assert_eq!(typed("abc", ((0, 2), (0, 1)), "", Encoding::Utf16), Err(PositionError::Reversed { start: 2, end: 1 }));
        assert_eq!(Document::new("é").position(1, Encoding::Utf8), Err(PositionError::NoSuchByte { byte: 1, len: 2 }));
    }
}
