//! Which task a command becomes, from what the editor sends with it.

use std::ops::Range;

use super::command;
use crate::agent::{Place, Task, TaskKind};
use crate::index::Syntax;
use crate::text::RelPath;

/// A command that starts a run, with its arguments.
pub struct Ask<'a> {
    /// The command.
    pub command: &'a str,
    /// The file, where one was named.
    pub path: Option<&'a RelPath>,
    /// Its text and tree.
    pub syntax: Option<&'a Syntax>,
    /// Where in it, in bytes.
    pub span: Option<Range<usize>>,
    /// The goal in words.
    pub goal: Option<&'a str>,
    /// Messages of diagnostics it is about.
    pub diagnostics: Vec<String>,
}

/// The task, or why the command says too little.
pub fn task(ask: &Ask<'_>) -> Result<Task, String> {
    let place = place(ask);
    let name = place.as_ref().map(|place| place.symbol.clone().unwrap_or_else(|| place.path.to_string()));
    let goal = ask.goal.map(str::trim).filter(|goal| !goal.is_empty());
    let (kind, words) = match ask.command {
        command::FIX => match (ask.diagnostics.first(), &name) {
            (Some(message), _) => (TaskKind::Fix, format!("Plan & fix: {message}")),
            (None, Some(name)) => (TaskKind::Fix, format!("Plan & fix {name}")),
            (None, None) => (TaskKind::Fix, "Plan & fix what fails".to_owned()),
        },
        command::ADD_TESTS => match &name {
            Some(name) => (TaskKind::Tests, format!("Add tests for {name}")),
            None => return Err("which code should get tests? Open a file, or pass `textDocument` and `range`".into()),
        },
        command::DO | command::PLAN => {
            let kind = if ask.command == command::DO { TaskKind::Do } else { TaskKind::Plan };
            (kind, goal.ok_or("what should be done? Pass the goal in words as `goal`")?.to_owned())
        }
        other => return Err(format!("`{other}` does not start a run")),
    };
    Ok(Task { kind, goal: words, place, diagnostics: ask.diagnostics.clone() })
}

fn place(ask: &Ask<'_>) -> Option<Place> {
    let path = ask.path?.clone();
    let whole = ask.syntax.is_some_and(|syntax| ask.span.as_ref().is_some_and(|span| *span == (0..syntax.text().len_bytes())));
    let item = ask.span.as_ref().filter(|_| !whole).and_then(|span| ask.syntax?.symbol_at(span.start));
    Some(Place {
        path,
        span: item.as_ref().map(|item| item.span.clone()).or_else(|| ask.span.clone().filter(|_| !whole)),
        is_test: item.as_ref().is_some_and(|item| item.is_test),
        symbol: item.map(|item| item.qualified),
    })
}
