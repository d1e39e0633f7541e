//! The few things asked of a syntax tree here, so that the rest reads without cursors.

use tree_sitter::{Language, Node, Parser, Tree};

/// A text with its tree.
pub(super) struct Parsed<'a> {
    pub(super) text: &'a str,
    pub(super) tree: Tree,
}

/// Parses Python.
pub(super) fn python(text: &str) -> Option<Parsed<'_>> {
    parse(&tree_sitter_python::LANGUAGE.into(), text)
}

/// Parses Rust.
pub(super) fn rust(text: &str) -> Option<Parsed<'_>> {
    parse(&tree_sitter_rust::LANGUAGE.into(), text)
}

fn parse<'a>(language: &Language, text: &'a str) -> Option<Parsed<'a>> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    Some(Parsed { text, tree: parser.parse(text, None)? })
}

impl<'a> Parsed<'a> {
    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// A node's text.
    pub(super) fn of(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text of a node's field, empty where it has none.
    pub(super) fn field(&self, node: Node<'_>, name: &str) -> &'a str {
        node.child_by_field_name(name).map(|child| self.of(child)).unwrap_or_default()
    }
}

/// A node and everything below it, in reading order.
pub(super) fn all(node: Node<'_>) -> Vec<Node<'_>> {
    let (mut found, mut open) = (Vec::new(), vec![node]);
    while let Some(next) = open.pop() {
        found.push(next);
        open.extend(children(next).into_iter().rev());
    }
    found
}

/// Direct children, anonymous ones included.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

/// Direct named children without comments.
pub(super) fn named(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).filter(|child| !child.kind().contains("comment")).collect()
}

/// The nearest node above of one of these kinds.
pub(super) fn above<'t>(node: Node<'t>, kinds: &[&str]) -> Option<Node<'t>> {
    std::iter::successors(node.parent(), |node| node.parent()).find(|node| kinds.contains(&node.kind()))
}

/// Line from 1.
pub(super) fn line(node: Node<'_>) -> usize {
    node.start_position().row + 1
}
