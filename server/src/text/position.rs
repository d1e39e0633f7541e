//! Where something stands, as editors say it: a line and a column counted in the units both sides agreed on.
//!
//! Past the door everything is a byte offset; these types exist so that the one conversion is written (and tested) once.

use serde::{Deserialize, Serialize};

/// A place in a text: zero-based line, zero-based column in units of an [`Encoding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// Lines before it; lines end at `\n`, `\r\n` or a lone `\r`, and nowhere else (LSP 3.17, "Text Documents").
    pub line: u32,
    /// Code units before it on its line.
    pub column: u32,
}

impl Position {
    /// Zero-based `line` and `column`.
    pub fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// What a column counts (`positionEncoding` of LSP 3.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units, as JavaScript strings count: the protocol's default.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// Why a position or a range names no place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// The line does not exist.
    #[error("line {line} does not exist: the text has {lines} lines")]
    NoSuchLine {
        /// Zero-based line asked for.
        line: u32,
        /// Lines of the text.
        lines: usize,
    },
    /// The column lies inside a character: between two UTF-16 surrogates or within a UTF-8 sequence.
    #[error("column {column} of line {line} lies inside a character")]
    InsideCharacter {
        /// Zero-based line.
        line: u32,
        /// Zero-based column.
        column: u32,
    },
    /// The range ends before it starts.
    #[error("the range ends (byte {end}) before it starts (byte {start})")]
    Reversed {
        /// Byte offset of its start.
        start: usize,
        /// Byte offset of its end.
        end: usize,
    },
    /// The byte offset is past the text or inside a character.
    #[error("byte {byte} is not a character boundary of a text of {len} bytes")]
    NoSuchByte {
        /// Byte offset asked for.
        byte: usize,
        /// Bytes in the text.
        len: usize,
    },
}
