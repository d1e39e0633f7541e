//! What a file has to offer as ingredients, gathered in one walk: literals, expressions by form, members asked of receivers.

use std::collections::BTreeMap;

use super::source::{Source, walk};

/// Expressions longer than this are no ingredients.
const MAX_TEXT: usize = 80;

/// A piece of code and where it stands.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Its first byte.
    pub start: usize,
    /// Its end.
    pub end: usize,
}

/// The ingredients of one file.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// Node kind → pieces, in order of appearance (tests left out).
    pub pieces: BTreeMap<String, Vec<Piece>>,
    /// Receiver text → member → times asked.
    pub receivers: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Pool {
    /// Gathers a file's ingredients.
    pub fn of(source: &Source) -> Self {
        let mut pool = Self::default();
        walk(source.root(), &mut |node| {
            if is_ingredient(node.kind()) && node.byte_range().len() <= MAX_TEXT && !source.in_tests(node.start_byte()) {
                let piece = Piece { text: source.of(node).to_owned(), start: node.start_byte(), end: node.end_byte() };
                pool.pieces.entry(node.kind().to_owned()).or_default().push(piece);
            }
            let field = match node.kind() {
                "attribute" => Some(("object", "attribute")),
                "field_expression" => Some(("value", "field")),
                _ => None,
            };
            if let Some((object, member)) = field.and_then(|(a, b)| Some((node.child_by_field_name(a)?, node.child_by_field_name(b)?))) {
                let members = pool.receivers.entry(source.of(object).to_owned()).or_default();
                *members.entry(source.of(member).to_owned()).or_default() += 1;
            }
            true
        });
        pool
    }

    /// Pieces of these kinds, nearest to `byte` first.
    pub fn nearest(&self, kinds: &[&str], byte: usize) -> Vec<&Piece> {
        let mut found: Vec<&Piece> = kinds.iter().filter_map(|kind| self.pieces.get(*kind)).flatten().collect();
        found.sort_by_key(|piece| (piece.start.abs_diff(byte), piece.start));
        found
    }
}

fn is_ingredient(kind: &str) -> bool {
    matches!(
        kind,
        "integer"
            | "integer_literal"
            | "float"
            | "float_literal"
            | "string"
            | "string_literal"
            | "char_literal"
            | "call"
            | "call_expression"
            | "binary_operator"
            | "binary_expression"
            | "comparison_operator"
            | "subscript"
            | "index_expression"
            | "attribute"
            | "field_expression"
            | "scoped_identifier"
            | "list_comprehension"
            | "conditional_expression"
            | "boolean_operator"
    )
}
