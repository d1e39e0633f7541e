//! A text and its syntax tree, kept together while the text is edited.
//!
//! Telling the tree of an edit costs microseconds: it moves the nodes behind. Parsing again costs in proportion to what
//! changed (Wagner and Graham, "Efficient and Flexible Incremental Parsing", 1998, as tree-sitter does it), which a single
//! bracket can make the rest of the file. So edits are noted as they come; a clone is refreshed in the background and
//! handed back ([`Syntax::adopt`]), and until then the moved tree answers: symbols are where they were.

use std::sync::Arc;

use ropey::{Rope, RopeSlice};
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
    /// Edits noted since the tree was parsed.
    pending: Vec<InputEdit>,
    /// Edits noted ever.
    noted: usize,
    /// Whether any of the text was ever parsed.
    seen: bool,
    /// Shared by all clones of one syntax.
    lineage: Arc<()>,
}

impl Syntax {
    /// Parses a document.
    pub fn parse(language: &'static Language, document: &Document) -> Self {
        let text = document.rope().clone();
        let tree = parse(language, &text, None);
        Self { language, text, tree, pending: Vec::new(), noted: 0, seen: true, lineage: Arc::default() }
    }

    /// A document to be parsed at the first [`Self::refresh`]: nothing is known of it yet.
    pub fn unparsed(language: &'static Language, document: &Document) -> Self {
        let mut syntax = Self::of(language, "");
        syntax.edit(&Splice { old: 0..0, new: 0..document.len() }, document);
        syntax.seen = false;
        syntax
    }

    /// Parses a text.
    pub fn of(language: &'static Language, text: &str) -> Self {
        Self::parse(language, &Document::new(text))
    }

    /// Notes that `splice` turned the text into `document`. Cheap; nothing is parsed.
    pub fn edit(&mut self, splice: &Splice, document: &Document) {
        let after = document.rope();
        let start = advance(Point::default(), self.text.byte_slice(..splice.old.start));
        let edit = InputEdit {
            start_byte: splice.old.start,
            old_end_byte: splice.old.end,
            new_end_byte: splice.new.end,
            start_position: start,
            old_end_position: advance(start, self.text.byte_slice(splice.old.clone())),
            new_end_position: advance(start, after.byte_slice(splice.new.clone())),
        };
        self.tree.edit(&edit);
        self.pending.push(edit);
        self.noted += 1;
        self.text = after.clone();
    }

    /// Parses what was edited since the last time; done in the background, it also gets the language's queries compiled
    /// before the first menu needs them.
    pub fn refresh(&mut self) {
        self.language.queries();
        if self.is_stale() {
            self.tree = parse(self.language, &self.text, Some(&self.tree));
            self.seen = true;
            self.pending.clear();
        }
    }

    /// Takes over the tree of `parsed`, a clone of this syntax that was refreshed while this one went on being edited.
    /// Returns whether it was newer than what is here; then `parsed` is left with the old tree, so that whoever calls this
    /// holding a lock can free it (which takes a while) afterwards.
    pub fn adopt(&mut self, parsed: &mut Self) -> bool {
        let missed = self.noted.saturating_sub(parsed.noted);
        if !Arc::ptr_eq(&self.lineage, &parsed.lineage) || parsed.is_stale() || missed >= self.pending.len() {
            return false;
        }
        self.pending.drain(..self.pending.len() - missed);
        std::mem::swap(&mut self.tree, &mut parsed.tree);
        self.seen = true;
        self.pending.iter().for_each(|edit| self.tree.edit(edit));
        true
    }

    /// [`Self::edit`] and [`Self::refresh`] in one.
    pub fn update(&mut self, splice: &Splice, document: &Document) {
        self.edit(splice, document);
        self.refresh();
    }

    /// Whether the text, as it is or as it was before edits, was ever parsed.
    pub fn was_parsed(&self) -> bool {
        self.seen
    }

    /// Whether edits wait to be parsed.
    pub fn is_stale(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Bytes typed and removed since the last parse.
    pub fn behind(&self) -> usize {
        self.pending.iter().map(|edit| edit.new_end_byte - edit.start_byte + (edit.old_end_byte - edit.start_byte)).sum()
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
        let facts = self.language.queries().facts(self.tree.root_node(), &self.text);
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
    parser.parse_with_options(&mut read, old, None).expect("a parse without limit ends with a tree")
}

/// `from` moved over `text`, as tree-sitter counts: rows end at `\n` alone, columns are bytes.
fn advance(from: Point, text: RopeSlice<'_>) -> Point {
    text.chunks().map(str::as_bytes).fold(from, |Point { row, column }, chunk| {
        let rows = chunk.iter().filter(|byte| **byte == b'\n').count();
        let column = match chunk.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => chunk.len() - last - 1,
            None => column + chunk.len(),
        };
        Point { row: row + rows, column }
    })
}
