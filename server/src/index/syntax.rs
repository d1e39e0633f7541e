//! A text and its syntax tree, kept together while the text is edited.
//!
//! Telling the tree of an edit costs microseconds; parsing again costs in proportion to what changed (Wagner and Graham,
//! "Efficient and Flexible Incremental Parsing", 1998, as tree-sitter does it). So edits are noted as they come, and the
//! parse waits until somebody asks.

use ropey::Rope;
use tree_sitter::{InputEdit, Parser, Point, Tree};

use super::language::Language;
use super::outline::Outline;
use crate::text::{Document, Splice};

/// A text with its syntax tree. Clones share both.
#[derive(Debug, Clone)]
pub struct Syntax {
    language: &'static Language,
    text: Rope,
    tree: Tree,
    stale: bool,
}

impl Syntax {
    /// Parses a document.
    pub fn parse(language: &'static Language, document: &Document) -> Self {
        let text = document.rope().clone();
        let tree = parse(language, &text, None);
        Self { language, text, tree, stale: false }
    }

    /// Parses a text.
    pub fn of(language: &'static Language, text: &str) -> Self {
        Self::parse(language, &Document::new(text))
    }

    /// Notes that `splice` turned the text into `document`. Cheap; call [`Self::refresh`] before looking at the tree.
    pub fn edit(&mut self, splice: &Splice, document: &Document) {
        let after = document.rope();
        self.tree.edit(&InputEdit {
            start_byte: splice.old.start,
            old_end_byte: splice.old.end,
            new_end_byte: splice.new.end,
            start_position: point(&self.text, splice.old.start),
            old_end_position: point(&self.text, splice.old.end),
            new_end_position: point(after, splice.new.end),
        });
        self.text = after.clone();
        self.stale = true;
    }

    /// Parses what was edited since the last time.
    pub fn refresh(&mut self) {
        if self.stale {
            self.tree = parse(self.language, &self.text, Some(&self.tree));
            self.stale = false;
        }
    }

    /// [`Self::edit`] and [`Self::refresh`] in one.
    pub fn update(&mut self, splice: &Splice, document: &Document) {
        self.edit(splice, document);
        self.refresh();
    }

    /// Whether edits wait to be parsed.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The language.
    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// The text.
    pub fn text(&self) -> &Rope {
        &self.text
    }

    /// The syntax tree, as of the last parse.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether the text has syntax errors.
    pub fn has_errors(&self) -> bool {
        self.tree.root_node().has_error()
    }

    /// Everything the text declares.
    pub fn outline(&self) -> Outline {
        let facts = self.language.queries().facts(self.tree.root_node(), &self.text, None, None);
        Outline::from_facts(self.language, &self.text, &facts)
    }
}

fn parse(language: &Language, text: &Rope, old: Option<&Tree>) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&(language.grammar)()).expect("grammars fit the tree-sitter they are built with");
    let mut read = |byte: usize, _: Point| {
        if byte >= text.len_bytes() {
            return &[][..];
        }
        let (chunk, start, _, _) = text.chunk_at_byte(byte);
        &chunk.as_bytes()[byte - start..]
    };
    parser.parse_with_options(&mut read, old, None).expect("a parse without time limit ends with a tree")
}

/// Row and column as tree-sitter counts them: rows end at `\n` alone, columns are bytes.
fn point(text: &Rope, byte: usize) -> Point {
    let (mut row, mut column) = (0, 0);
    for chunk in text.byte_slice(0..byte).chunks().map(str::as_bytes) {
        row += chunk.iter().filter(|byte| **byte == b'\n').count();
        column = match chunk.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => chunk.len() - last - 1,
            None => column + chunk.len(),
        };
    }
    Point { row, column }
}
