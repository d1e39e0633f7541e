//! The queries of a language, compiled once, and what they say about each node: its role in the outline.
//!
//! Whole files and single nodes go through the same two functions, so the outline of a file and the symbol under the
//! cursor cannot disagree.

use std::ops::Range;

use ropey::Rope;
use streaming_iterator::StreamingIterator;
use tree_sitter::{Node, Query, QueryCursor, QueryError, TextProvider};

use super::Kind;
use super::language::Language;

/// The compiled queries of a language.
pub(super) struct Queries {
    outline: Query,
    roles: Vec<Role>,
    pub(super) comments: Query,
}

/// What a capture of `outline.scm` and `tests.scm` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `@function`, `@class`, …: the node declares an item.
    Item(Kind),
    /// `@name`, `@body`, `@doc`: a part of the item or lead matched with it.
    Name,
    Body,
    Doc,
    /// `@documented`: an item named by another pattern.
    Documented,
    /// `@lead`: belongs to the item after it. `@aside`: may stand among leads.
    Lead,
    Aside,
    /// `@wrapper` belongs around `@wrapped`.
    Wrapper,
    Wrapped,
    /// `@test`, `@test.named`, `@test.scope`: see `tests.scm`.
    Test,
    TestNamed,
    TestScope,
    /// `@by`, `@condition`: looked at by predicates alone.
    Predicate,
}

impl Role {
    fn of(capture: &str) -> Option<Self> {
        Some(match capture {
            "name" => Self::Name,
            "body" => Self::Body,
            "doc" => Self::Doc,
            "documented" => Self::Documented,
            "lead" => Self::Lead,
            "aside" => Self::Aside,
            "wrapper" => Self::Wrapper,
            "wrapped" => Self::Wrapped,
            "test" => Self::Test,
            "test.named" => Self::TestNamed,
            "test.scope" => Self::TestScope,
            "by" | "condition" => Self::Predicate,
            kind => Self::Item(Kind::of_capture(kind)?),
        })
    }

    /// Whether it marks the node a fact is about.
    fn is_subject(self) -> bool {
        !matches!(self, Self::Name | Self::Body | Self::Doc | Self::Wrapped | Self::Predicate)
    }
}

/// What the queries say about one node. Patterns that match the same node add up; the first one to name a part wins.
#[derive(Debug, Clone, Default)]
pub(super) struct Fact<'tree> {
    pub(super) id: usize,
    pub(super) span: Range<usize>,
    pub(super) kind: Option<Kind>,
    pub(super) name: Option<Range<usize>>,
    pub(super) body: Option<Range<usize>>,
    pub(super) doc: Option<Range<usize>>,
    pub(super) lead: bool,
    pub(super) aside: bool,
    pub(super) wrapped: Option<Node<'tree>>,
    pub(super) test: bool,
    pub(super) test_named: bool,
    pub(super) test_scope: bool,
    name_pattern: usize,
}

impl Queries {
    /// Compiles the queries of a language; a capture nobody reads is an error too.
    pub(super) fn compile(language: &Language) -> Result<Self, QueryError> {
        let grammar = (language.grammar)();
        let outline = Query::new(&grammar, &format!("{}\n{}", language.sources.outline, language.sources.tests))?;
        let comments = Query::new(&grammar, language.sources.comments)?;
        let role = |name: &&str| Role::of(name).ok_or_else(|| unread(name));
        let roles = outline.capture_names().iter().map(role).collect::<Result<_, _>>()?;
        match comments.capture_names() {
            ["comment"] => Ok(Self { outline, roles, comments }),
            names => Err(unread(&names.join(", "))),
        }
    }

    /// What is said about `node` and everything in it, in the order they start, outer before inner.
    pub(super) fn facts<'tree>(&self, node: Node<'tree>, text: &Rope) -> Vec<Fact<'tree>> {
        self.facts_to(None, node, text)
    }

    /// What is said about `node` itself.
    pub(super) fn fact<'tree>(&self, node: Node<'tree>, text: &Rope) -> Option<Fact<'tree>> {
        self.facts_to(Some(0), node, text).into_iter().find(|fact| fact.id == node.id())
    }

    /// `depth`: how many levels below `node` patterns may begin.
    fn facts_to<'tree>(&self, depth: Option<u32>, node: Node<'tree>, text: &Rope) -> Vec<Fact<'tree>> {
        let mut cursor = QueryCursor::new();
        cursor.set_max_start_depth(depth);
        let mut facts: Vec<Fact<'tree>> = Vec::new();
        let mut places = rustc_hash::FxHashMap::default();
        let mut matches = cursor.matches(&self.outline, node, RopeText(text));
        while let Some(found) = matches.next() {
            let Some(subject) = found.captures().iter().find(|capture| self.role(capture.index).is_subject()) else { continue };
            let at = *places.entry(subject.node.id()).or_insert(facts.len());
            if at == facts.len() {
                facts.push(Fact { id: subject.node.id(), span: subject.node.byte_range(), ..Fact::default() });
            }
            for capture in found.captures() {
                facts[at].add(self.role(capture.index), capture.node, found.pattern_index);
            }
        }
        facts.sort_by_key(|fact| (fact.span.start, std::cmp::Reverse(fact.span.end)));
        facts
    }

    /// Whether `node` is a comment.
    pub(super) fn is_comment(&self, node: Node<'_>, text: &Rope) -> bool {
        let mut cursor = QueryCursor::new();
        cursor.set_max_start_depth(Some(0));
        cursor.matches(&self.comments, node, RopeText(text)).next().is_some()
    }

    fn role(&self, capture: u32) -> Role {
        self.roles[capture as usize]
    }
}

impl<'tree> Fact<'tree> {
    fn add(&mut self, role: Role, node: Node<'tree>, pattern: usize) {
        match role {
            Role::Item(kind) => self.kind = Some(kind),
            Role::Name => {
                if self.name.is_none() || pattern < self.name_pattern {
                    self.name = Some(node.byte_range());
                    self.name_pattern = pattern;
                }
            }
            Role::Body => self.body = Some(node.byte_range()),
            Role::Doc => self.doc = Some(node.byte_range()),
            Role::Lead => self.lead = true,
            Role::Aside => self.aside = true,
            Role::Wrapped => self.wrapped = Some(node),
            Role::Test => self.test = true,
            Role::TestNamed => self.test_named = true,
            Role::TestScope => self.test_scope = true,
            Role::Documented | Role::Wrapper | Role::Predicate => {}
        }
    }
}

fn unread(capture: &str) -> QueryError {
    let message = format!("nobody reads the capture `{capture}`");
    QueryError { row: 0, column: 0, offset: 0, message, kind: tree_sitter::QueryErrorKind::Capture }
}

/// Lets query predicates read a rope.
pub(super) struct RopeText<'a>(pub(super) &'a Rope);

impl<'a> TextProvider<&'a [u8]> for RopeText<'a> {
    type I = std::iter::Map<ropey::iter::Chunks<'a>, fn(&'a str) -> &'a [u8]>;
    fn text(&mut self, node: Node<'_>) -> Self::I {
        let slice = self.0.get_byte_slice(node.byte_range()).unwrap_or_else(|| self.0.byte_slice(0..0));
        slice.chunks().map(str::as_bytes)
    }
}
