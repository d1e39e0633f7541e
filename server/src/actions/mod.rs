//! The lightbulb: one file per entry, each says when it is offered; and which task a command becomes.
//!
//! Offers come from memory in well under a millisecond: no model, no process, no disk. To add an entry: one file with a
//! function from [`Look`] to offers, one line in [`ENTRIES`]; a new command also needs a line in [`COMMANDS`].

mod add_tests;
mod comment;
mod fix_diagnostic;
mod fix_symbol;
mod fix_test;
mod runs;
mod task;

use std::ops::Range;

use crate::index::Syntax;
use crate::text::RelPath;

pub use task::{Ask, task};

/// Commands of `workspace/executeCommand`.
pub mod command {
    #![allow(missing_docs)]
    pub const FIX: &str = "lamplighter.fix";
    pub const ADD_TESTS: &str = "lamplighter.addTests";
    pub const DO: &str = "lamplighter.do";
    pub const PLAN: &str = "lamplighter.plan";
    pub const APPROVE: &str = "lamplighter.approve";
    pub const REJECT: &str = "lamplighter.reject";
    pub const CANCEL: &str = "lamplighter.cancel";
    pub const UNDO: &str = "lamplighter.undo";
    pub const SHOW_RUN: &str = "lamplighter.showRun";
    pub const SHOW_REPORT: &str = "lamplighter.showReport";
    pub const RUNS: &str = "lamplighter.runs";
    pub const STATUS: &str = "lamplighter.status";
}

/// Every command the server answers.
pub const COMMANDS: [&str; 12] = [
    command::FIX,
    command::ADD_TESTS,
    command::DO,
    command::PLAN,
    command::APPROVE,
    command::REJECT,
    command::CANCEL,
    command::UNDO,
    command::SHOW_RUN,
    command::SHOW_REPORT,
    command::RUNS,
    command::STATUS,
];

/// What is looked at when the menu opens.
pub struct Look<'a> {
    /// The file.
    pub path: &'a RelPath,
    /// Its text and tree, up to date; `None` for languages without one.
    pub syntax: Option<&'a Syntax>,
    /// The selection or cursor, in bytes.
    pub span: Range<usize>,
    /// Diagnostics there, whichever tool published them.
    pub diagnostics: &'a [Finding],
    /// Runs of this session, newest first.
    pub runs: &'a [RunBrief],
}

/// A diagnostic as the editor shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its message.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// What the menu needs to know of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBrief {
    /// Its id.
    pub id: String,
    /// What it was asked.
    pub goal: String,
    /// Whether it is over.
    pub over: bool,
    /// Whether it delivered something that can be taken back.
    pub undoable: bool,
    /// The question it waits with, for editors that cannot show one.
    pub question: Option<String>,
}

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What the user reads.
    pub title: String,
    /// Which sort of action.
    pub kind: Kind,
    /// The command that carries it out.
    pub command: &'static str,
    /// Where it applies, in bytes.
    pub span: Range<usize>,
    /// The goal in words, where the entry has one.
    pub goal: Option<String>,
    /// Diagnostics it is about: places in [`Look::diagnostics`].
    pub diagnostics: Vec<usize>,
    /// The run it is about.
    pub run: Option<String>,
}

/// Code-action kinds, as LSP has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `quickfix`
    QuickFix,
    /// `refactor`
    Refactor,
    /// `source`
    Source,
}

impl Offer {
    fn new(title: impl Into<String>, kind: Kind, command: &'static str, span: Range<usize>) -> Self {
        Self { title: title.into(), kind, command, span, goal: None, diagnostics: Vec::new(), run: None }
    }
}

const ENTRIES: [fn(&Look<'_>) -> Vec<Offer>; 6] =
    [fix_diagnostic::offers, fix_test::offers, fix_symbol::offers, add_tests::offers, comment::offers, runs::offers];

/// The menu at a place, most specific first.
pub fn offers(look: &Look<'_>) -> Vec<Offer> {
    ENTRIES.iter().flat_map(|entry| entry(look)).collect()
}

/// A title that fits a menu: one line, bounded.
fn title(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|character| !is_odd(*character)).collect();
    if let Some((at, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// Control, bidirectional and zero-width characters have no business in a menu.
fn is_odd(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_clean_and_short() {
        assert_eq!(title("a\n\tb\u{202e}c"), "a bc");
        assert!(title(&"x".repeat(500)).chars().count() <= 81);
    }
}
