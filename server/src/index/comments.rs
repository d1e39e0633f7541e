//! Comments that say what to do: the goal in words, for editors without an input box.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use ropey::Rope;
use serde::{Deserialize, Serialize};

use super::outline::slice;
use super::symbol::{line_around, onto_text};
use super::syntax::Syntax;

/// A comment that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    /// The word it starts with.
    pub marker: Marker,
    /// What to do, on one line: the text after the marker and of the comment lines that go on from it. Never empty.
    pub goal: String,
    /// The comment, from its first mark to the end of its last line.
    pub span: Range<usize>,
}

/// The words that make a comment a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Marker {
    Todo,
    Fixme,
    /// `lamplighter:`, in any case.
    Lamplighter,
}

/// A comment line: where its mark starts, where it ends, and what it says.
struct Line {
    span: Range<usize>,
    says: String,
    /// Nothing stands before it on its line.
    alone: bool,
}

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\s*@-]*(?:(TODO|FIXME)\b(?:\([^)]*\))?\s*[:-]?|(?i:lamplighter)\s*:)\s*(.*)$").expect("a valid pattern")
});

impl Syntax {
    /// The task in the comment at `byte`, or in the comment that ends its line. A task may go on over the comment lines
    /// below, up to one that is empty, stands in another column or starts another task.
    pub fn comment_at(&self, byte: usize) -> Option<Todo> {
        let line = line_around(self.text(), byte);
        let last = onto_text(self.text(), line.end);
        let node = [onto_text(self.text(), byte), last].into_iter().find_map(|byte| self.comment_node(byte))?;
        let mark = self.language().line_comment;
        if slice(self.text(), node.start..node.start + mark.len()) == mark {
            line_task(self.text(), mark, node.start)
        } else {
            block_task(self.text(), node)
        }
    }

    fn comment_node(&self, byte: usize) -> Option<Range<usize>> {
        let queries = self.language().queries();
        self.path_to(byte).into_iter().find(|node| queries.is_comment(*node, self.text())).map(|node| node.byte_range())
    }
}

/// The task that the comment starting at `start` is part of.
fn line_task(text: &Rope, mark: &str, start: usize) -> Option<Todo> {
    let mut first = line_at(text, mark, start);
    let asked = first.span.start;
    while !MARKER.is_match(&first.says) {
        let above = first.alone.then(|| neighbour(text, mark, &first, Side::Above)).flatten();
        first = above.filter(|line| !line.says.is_empty())?;
    }
    let (marker, mut goal) = task(&first.says)?;
    let mut last = Line { span: first.span.clone(), says: String::new(), alone: first.alone };
    while let Some(line) = neighbour(text, mark, &last, Side::Below).filter(|line| line.alone && goes_on(&line.says)) {
        goal = format!("{goal} {}", line.says);
        last = line;
    }
    let goal = goal.trim().to_owned();
    (!goal.is_empty() && asked <= last.span.start).then_some(Todo { marker, goal, span: first.span.start..last.span.end })
}

/// The task in a comment with a mark at either end.
fn block_task(text: &Rope, span: Range<usize>) -> Option<Todo> {
    let whole = slice(text, span.clone());
    let inner = whole.trim_start_matches(['/', '*', '!']).trim_end_matches(['/', '*']);
    let mut lines = inner.lines().map(|line| line.trim().trim_start_matches('*').trim()).skip_while(|line| !MARKER.is_match(line));
    let (marker, goal) = task(lines.next()?)?;
    let goal = lines.take_while(|line| goes_on(line)).fold(goal, |goal, line| format!("{goal} {line}")).trim().to_owned();
    (!goal.is_empty()).then_some(Todo { marker, goal, span })
}

fn goes_on(says: &str) -> bool {
    !says.is_empty() && !MARKER.is_match(says)
}

fn task(says: &str) -> Option<(Marker, String)> {
    let found = MARKER.captures(says)?;
    let marker = match found.get(1).map(|word| word.as_str()) {
        Some("TODO") => Marker::Todo,
        Some(_) => Marker::Fixme,
        None => Marker::Lamplighter,
    };
    Some((marker, found[2].trim().to_owned()))
}

/// The comment whose mark starts at `start`.
fn line_at(text: &Rope, mark: &str, start: usize) -> Line {
    let line = line_around(text, start);
    let says = slice(text, start..line.end);
    let says = says.trim_start_matches(mark).trim_start_matches(['/', '!']).trim().to_owned();
    let alone = slice(text, line.start..start).trim().is_empty();
    Line { span: start..line.end, says, alone }
}

enum Side {
    Above,
    Below,
}

/// The comment on the next line, where it stands alone in the same column.
fn neighbour(text: &Rope, mark: &str, line: &Line, side: Side) -> Option<Line> {
    let number = text.byte_to_line(line.span.start);
    let next = match side {
        Side::Above => number.checked_sub(1)?,
        Side::Below => number + 1,
    };
    if next >= text.len_lines() {
        return None;
    }
    let around = line_around(text, text.line_to_byte(next));
    let start = around.start + (line.span.start - text.line_to_byte(number));
    let before = (start <= around.end).then(|| slice(text, around.start..start))?;
    let same_column = before.len() == start - around.start && before.trim().is_empty();
    (same_column && slice(text, start..around.end).starts_with(mark)).then(|| line_at(text, mark, start))
}
