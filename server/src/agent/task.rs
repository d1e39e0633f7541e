//! What a run is asked to do.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::RelPath;

/// One task: the lightbulb entry or command line, in the words of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What sort of work.
    pub kind: TaskKind,
    /// The goal in words, as shown to people and models (`Plan & fix average`).
    pub goal: String,
    /// Where the user pointed, if anywhere.
    pub place: Option<Place>,
    /// Messages of diagnostics at that place, whichever tool published them.
    pub diagnostics: Vec<String>,
}

/// Sorts of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Turn something red green and break nothing.
    Fix,
    /// Add tests for a symbol or file.
    Tests,
    /// Reach a goal given in words.
    Do,
    /// Only plan.
    Plan,
}

/// A place in the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub path: RelPath,
    /// Byte range in the captured text; `None` for the whole file.
    pub span: Option<Range<usize>>,
    /// Qualified name of the symbol pointed at (`Invoice.total`).
    pub symbol: Option<String>,
    /// Whether that symbol is a test.
    pub is_test: bool,
}

impl Task {
    /// A task with a goal and nothing else.
    pub fn new(kind: TaskKind, goal: impl Into<String>) -> Self {
        Self { kind, goal: goal.into(), place: None, diagnostics: Vec::new() }
    }

    /// The same at a place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}
