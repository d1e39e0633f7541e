//! The outline of a file: what it declares, where, and which of it is a test.
//!
//! `outline.scm` captures an item by its kind with its `@name` and `@body`; `@doc` is its documentation, on the item
//! (`@documented`) or on a `@lead`: an attribute or doc comment before it (with any `@aside` between). A `@wrapper` stands
//! around the item `@wrapped`, as decorators do.

use std::ops::Range;

use ropey::Rope;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::language::Language;
use super::query::Fact;
use super::syntax::Syntax;

/// Characters kept of a signature.
const MAX_SIGNATURE: usize = 300;

/// What sort of thing an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Kind {
    Function,
    /// A function declared in a class, trait or impl.
    Method,
    Class,
    Struct,
    Enum,
    Trait,
    Impl,
    Module,
    /// A constant or static.
    Const,
}

/// Something a file declares. All ranges are bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its sort.
    pub kind: Kind,
    /// Its name; for an impl, that of its type.
    pub name: String,
    /// Its name with those of everything around it in this file: `Class.method`, `module::Type::method`.
    pub qualified: String,
    /// All of it: attributes, decorators and doc comments before it included.
    pub span: Range<usize>,
    /// Where the item proper starts, past attributes, decorators and doc comments.
    pub head: usize,
    /// Its name.
    pub name_span: Range<usize>,
    /// Its body: a block, without the colon before it in Python, with its braces in Rust.
    pub body: Option<Range<usize>>,
    /// Everything before the body on one line: `def mean(numbers)`, `pub fn mean(numbers: &[f64]) -> f64`.
    pub signature: String,
    /// Its documentation without comment marks.
    pub doc: Option<String>,
    /// Whether it is a test function or method.
    pub is_test: bool,
    /// Whether it is, or stands in, what exists for tests alone: `#[cfg(test)]`, a test class.
    pub in_test_scope: bool,
    /// The item around it: its place in [`Outline::items`].
    pub parent: Option<usize>,
}

/// What a file declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// Items in the order they stand in the file, each after the one around it.
    pub items: Vec<Item>,
}

impl Outline {
    /// The outline of a text.
    pub fn of(language: &'static Language, text: &str) -> Self {
        Syntax::of(language, text).outline()
    }

    /// Items by their qualified name, usually one.
    pub fn named<'a>(&'a self, qualified: &'a str) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(move |item| item.qualified == qualified)
    }

    /// The innermost item whose [`Item::span`] contains `byte`, of any kind.
    pub fn at(&self, byte: usize) -> Option<&Item> {
        self.items.iter().rev().find(|item| item.span.contains(&byte))
    }

    /// Functions and methods that are tests.
    pub fn tests(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.is_test)
    }

    pub(super) fn from_facts(language: &Language, text: &Rope, facts: &[Fact<'_>]) -> Self {
        let wrappers: FxHashMap<usize, usize> = facts.iter().filter_map(|fact| Some((fact.wrapped?.id(), fact.span.start))).collect();
        let mut items: Vec<Item> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for (at, fact) in facts.iter().enumerate().filter(|(_, fact)| fact.kind.is_some()) {
            while open.last().is_some_and(|item| items[*item].span.end <= fact.span.start) {
                open.pop();
            }
            let around = open.last().map(|item| &items[*item]);
            if let Some(mut item) = build(language, text, fact, &facts[..at], wrappers.get(&fact.id).copied(), around) {
                item.parent = open.last().copied();
                open.push(items.len());
                items.push(item);
            }
        }
        Self { items }
    }
}

impl Kind {
    pub(super) fn of_capture(name: &str) -> Option<Self> {
        Some(match name {
            "function" => Self::Function,
            "class" => Self::Class,
            "struct" => Self::Struct,
            "enum" => Self::Enum,
            "trait" => Self::Trait,
            "impl" => Self::Impl,
            "module" => Self::Module,
            "const" => Self::Const,
            _ => return None,
        })
    }

    /// The word for it, as in a menu.
    pub fn word(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Method => "method",
            Self::Class => "class",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Trait => "trait",
            Self::Impl => "impl",
            Self::Module => "module",
            Self::Const => "constant",
        }
    }

    /// Whether functions in it are methods.
    fn has_methods(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Enum | Self::Trait | Self::Impl)
    }
}

/// The item `fact` declares, or `None` where it declares none. `before`: facts that start before it, in order, with the
/// leads among them; `outer`: where its wrapper starts; `around`: the item it stands in.
pub(super) fn build(
    language: &Language,
    text: &Rope,
    fact: &Fact<'_>,
    before: &[Fact<'_>],
    outer: Option<usize>,
    around: Option<&Item>,
) -> Option<Item> {
    let kind = fact.kind?;
    let name_span = fact.name.clone()?;
    let name = slice(text, name_span.clone());
    let leads = leads(text, fact.span.start, before);
    let start = leads.first().map_or(fact.span.start, |lead| lead.span.start).min(outer.unwrap_or(usize::MAX));
    let in_test_scope = around.is_some_and(|item| item.in_test_scope) || fact.test_scope || leads.iter().any(|lead| lead.test_scope);
    let is_method = kind == Kind::Function && around.is_some_and(|item| item.kind.has_methods());
    let by_name = fact.test_named && around.is_none_or(|item| item.kind == Kind::Class && item.in_test_scope);
    Some(Item {
        kind: if is_method { Kind::Method } else { kind },
        qualified: around.map_or_else(|| name.clone(), |item| format!("{}{}{name}", item.qualified, language.separator)),
        span: start..fact.span.end,
        head: fact.span.start,
        body: fact.body.clone(),
        signature: signature(text, fact),
        doc: documentation(text, fact, &leads),
        is_test: fact.test || by_name || leads.iter().any(|lead| lead.test),
        in_test_scope,
        parent: None,
        name,
        name_span,
    })
}

/// The attributes and doc comments that end right before `start`, in order.
fn leads<'a, 'tree>(text: &Rope, start: usize, before: &'a [Fact<'tree>]) -> Vec<&'a Fact<'tree>> {
    let mut leads = Vec::new();
    let mut next = start;
    for fact in before.iter().rev() {
        let near = fact.span.end <= next && text.byte_slice(fact.span.end..next).chars().all(char::is_whitespace);
        if !near || !(fact.lead || fact.aside) {
            break;
        }
        next = fact.span.start;
        leads.push(fact);
    }
    while leads.last().is_some_and(|fact| !fact.lead) {
        leads.pop();
    }
    leads.reverse();
    leads
}

fn signature(text: &Rope, fact: &Fact<'_>) -> String {
    let end = fact.body.as_ref().map_or(fact.span.end, |body| body.start);
    let line = slice(text, fact.span.start..end.min(fact.span.start + 4 * MAX_SIGNATURE));
    let words: Vec<&str> = line.split_whitespace().collect();
    let line = words.join(" ");
    line.trim_end_matches([':', ';', ' ']).chars().take(MAX_SIGNATURE).collect()
}

fn documentation(text: &Rope, fact: &Fact<'_>, leads: &[&Fact<'_>]) -> Option<String> {
    let parts = leads.iter().copied().chain([fact]).filter_map(|fact| fact.doc.clone());
    let lines: Vec<String> = parts.flat_map(|doc| doc_lines(&slice(text, doc))).collect();
    let doc = lines.join("\n").trim().to_owned();
    (!doc.is_empty()).then_some(doc)
}

/// The lines of a doc comment or docstring, without the column of stars some put at their left.
fn doc_lines(doc: &str) -> Vec<String> {
    let mut lines: Vec<&str> = doc.lines().map(str::trim).collect();
    let rest = lines.get_mut(1..).unwrap_or_default();
    if rest.iter().all(|line| line.is_empty() || line.starts_with('*')) {
        rest.iter_mut().for_each(|line| *line = line.trim_start_matches('*').trim_start());
    }
    lines.into_iter().map(str::to_owned).collect()
}

/// The text of a range, cut back to what is there.
pub(super) fn slice(text: &Rope, span: Range<usize>) -> String {
    let end = span.end.min(text.len_bytes());
    let boundary = |byte: usize| text.char_to_byte(text.byte_to_char(byte));
    text.get_byte_slice(boundary(span.start.min(end))..boundary(end)).map(String::from).unwrap_or_default()
}
