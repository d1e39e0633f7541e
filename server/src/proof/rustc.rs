//! rustc's JSON diagnostics (<https://doc.rust-lang.org/rustc/json.html>) as [`Diagnostic`]s, with their suggestions as [`Fix`]es.
//!
//! Byte offsets are those of the file on disk, line ends and BOM included. Replacement texts come with `\n` and get the
//! file's own line ends.

use std::ops::Range;

use serde::Deserialize;

use crate::sandbox::Copy;
use crate::text::{Edit, Files, RelPath};

use super::runners::workspace_path;
use super::{Diagnostic, Fix, Severity};

/// A rustc message.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    children: Vec<Child>,
    rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize)]
struct Child {
    message: String,
    level: String,
    spans: Vec<Span>,
}

#[derive(Debug, Deserialize, Clone)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    suggestion_applicability: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize, Clone)]
struct Expansion {
    span: Span,
}

/// Where the paths of a message start from.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The copy that was compiled.
    pub(super) copy: &'a Copy,
    /// The folder the compiler ran in.
    pub(super) folder: &'a str,
    /// The root file of the compiled target, for messages without a place.
    pub(super) target: Option<&'a RelPath>,
}

impl Place<'_> {
    fn path(&self, name: &str) -> Option<RelPath> {
        workspace_path(self.copy, self.folder, name)
    }
}

impl Message {
    /// The message as the compiler prints it.
    pub(super) fn rendered(&self) -> &str {
        self.rendered.as_deref().unwrap_or_default()
    }

    /// The diagnostic, or `None` for a closing summary or one that lies outside the workspace altogether.
    pub(super) fn diagnostic(&self, place: Place<'_>) -> Option<Diagnostic> {
        let severity = match self.level.as_str() {
            level if level.starts_with("error") => Severity::Error,
            "warning" => Severity::Warning,
            _ => Severity::Note,
        };
        let summary = self.spans.is_empty()
            && (self.message.starts_with("aborting due to")
                || self.message.contains("warning emitted")
                || self.message.contains("warnings emitted"));
        if summary || severity == Severity::Note {
            return None;
        }
        let primary = self.spans.iter().filter(|span| span.is_primary).chain(&self.spans).find_map(|span| visible(span, place));
        let (path, span) = match primary {
            Some((path, span)) => (path, Some(span)),
            None => (place.target?.clone(), None),
        };
        let mut details: Vec<String> = self.spans.iter().filter_map(|span| span.label.clone()).collect();
        details.extend(self.children.iter().map(|child| format!("{}: {}", child.level, child.message)));
        Some(Diagnostic {
            path,
            line: span.as_ref().map_or(1, |span| span.line_start),
            column: span.as_ref().map_or(1, |span| span.column_start),
            span: span.map(|span| span.byte_start..span.byte_end),
            severity,
            code: self.code.as_ref().map(|code| code.code.clone()),
            message: self.message.clone(),
            details,
            fixes: self.fixes(place),
        })
    }

    fn fixes(&self, place: Place<'_>) -> Vec<Fix> {
        let own = (&self.message, &self.spans);
        let parts = std::iter::once(own).chain(self.children.iter().map(|child| (&child.message, &child.spans)));
        parts.flat_map(|(title, spans)| alternatives(spans).into_iter().filter_map(move |parts| fix(title, &parts, place))).collect()
    }
}

/// The span itself, or the place of the macro call it comes from, where that lies in the workspace.
fn visible(span: &Span, place: Place<'_>) -> Option<(RelPath, Span)> {
    match place.path(&span.file_name).filter(|path| exists(path, place)) {
        Some(path) => Some((path, span.clone())),
        None => visible(&span.expansion.as_ref()?.span, place),
    }
}

fn exists(path: &RelPath, place: Place<'_>) -> bool {
    Files::read(place.copy, path).is_some()
}

/// rustc lists the parts of all alternatives of one suggestion in a row: a part that touches one before it begins the next.
fn alternatives(spans: &[Span]) -> Vec<Vec<&Span>> {
    let overlaps = |a: &Span, b: &Span| {
        a.file_name == b.file_name
            && (a.byte_start < b.byte_end && b.byte_start < a.byte_end || (a.byte_start, a.byte_end) == (b.byte_start, b.byte_end))
    };
    let mut groups: Vec<Vec<&Span>> = Vec::new();
    for span in spans.iter().filter(|span| span.suggested_replacement.is_some()) {
        match groups.last_mut() {
            Some(group) if !group.iter().any(|part| overlaps(part, span)) => group.push(span),
            _ => groups.push(vec![span]),
        }
    }
    groups
}

fn fix(title: &str, parts: &[&Span], place: Place<'_>) -> Option<Fix> {
    let edits: Option<Vec<Edit>> = parts.iter().map(|span| edit(span, place)).collect();
    let machine_applicable = parts.iter().all(|span| span.suggestion_applicability.as_deref() == Some("MachineApplicable"));
    let placeholders = parts.iter().any(|span| span.suggestion_applicability.as_deref() == Some("HasPlaceholders"));
    let inserted: Vec<String> =
        edits.as_ref()?.iter().filter(|edit| !edit.text.trim().is_empty()).map(|edit| format!("`{}`", edit.text.trim())).collect();
    let title = if inserted.is_empty() { title.to_owned() } else { format!("{title}: {}", inserted.join(", ")) };
    (!placeholders).then_some(Fix { title, machine_applicable, edits: edits? })
}

fn edit(span: &Span, place: Place<'_>) -> Option<Edit> {
    let path = place.path(&span.file_name)?;
    let text = Files::read(place.copy, &path)?;
    let range: Range<usize> = span.byte_start..span.byte_end;
    text.get(range.clone())?;
    let replacement = span.suggested_replacement.as_ref()?;
    let crlf = text.find('\n').is_some_and(|at| at > 0 && text.as_bytes().get(at - 1) == Some(&b'\r'));
    let replacement = if crlf { replacement.replace("\r\n", "\n").replace('\n', "\r\n") } else { replacement.clone() };
    Some(Edit { path, span: range, text: replacement })
}
