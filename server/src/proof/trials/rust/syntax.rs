//! Which function bodies of a Rust file can be rewritten: found with tree-sitter, judged by what a `match` around the
//! body would break.

use std::ops::Range;

use tree_sitter::{Node, Parser, Tree};

/// An outermost function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// Bytes of the body, braces included.
    pub(super) body: Range<usize>,
    /// Whether its body may become one arm of a run-time choice: not `const`, no `impl Trait` in the return type (arms would
    /// be different types), no inner attributes, no `impl` inside (it would be repeated), and it parses.
    pub(super) fit: bool,
    /// Whether calls may be put into its body: not `const`, no inner attributes, and it parses.
    pub(super) instrumentable: bool,
    /// Whether it lies in code that only tests see (`#[test]`, `#[cfg(test)]`).
    pub(super) test: bool,
}

/// Parses Rust; `None` only where the parser gives up.
pub(super) fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_rust::LANGUAGE.into()).ok()?;
    parser.parse(text, None)
}

/// The outermost functions of `text`, in order.
pub(super) fn functions(text: &str, tree: &Tree) -> Vec<Function> {
    let mut found = Vec::new();
    collect(tree.root_node(), text, false, &mut found);
    found
}

fn collect(node: Node<'_>, text: &str, test: bool, found: &mut Vec<Function>) {
    let mut cursor = node.walk();
    let mut attributes = false;
    for child in node.named_children(&mut cursor) {
        if child.kind() == "attribute_item" {
            attributes |= marks_test(&text[child.byte_range()]);
            continue;
        }
        if child.kind().ends_with("comment") {
            continue;
        }
        let test = test || attributes;
        attributes = false;
        match child.child_by_field_name("body") {
            Some(body) if child.kind() == "function_item" => found.push(function(child, body, text, test)),
            _ => collect(child, text, test, found),
        }
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[rstest]` and their like.
fn marks_test(attribute: &str) -> bool {
    let inner = attribute.trim_start_matches("#[").trim();
    let name: String = inner.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
    name.ends_with("test") || (name == "cfg" && inner.contains("test") && !inner.contains("not(test"))
}

fn function(item: Node<'_>, body: Node<'_>, text: &str, test: bool) -> Function {
    let mut cursor = item.walk();
    let constant = item
        .named_children(&mut cursor)
        .any(|part| part.kind() == "function_modifiers" && text[part.byte_range()].split_whitespace().any(|word| word == "const"));
    let opaque = item.child_by_field_name("return_type").is_some_and(|kind| any(kind, &|node| node.kind() == "abstract_type"));
    let inside = text[body.byte_range()].trim_start_matches('{').trim_start();
    let inner = ["#!", "//!", "/*!"].iter().any(|mark| inside.starts_with(mark));
    let instrumentable = !constant && !inner && !item.has_error();
    let fit = instrumentable && !opaque && !any(body, &|node| node.kind() == "impl_item");
    Function { body: body.byte_range(), fit, instrumentable, test }
}

/// Whether `wanted` holds for a node of this subtree.
fn any(node: Node<'_>, wanted: &dyn Fn(Node<'_>) -> bool) -> bool {
    let mut cursor = node.walk();
    wanted(node) || node.named_children(&mut cursor).any(|child| any(child, wanted))
}

/// Whether `body` parses as one function's body and nothing more.
pub(super) fn is_body(body: &str) -> bool {
    let text = format!("fn f() {body}");
    let Some(tree) = parse(&text) else { return false };
    let root = tree.root_node();
    let only = root.named_child(0).filter(|item| item.kind() == "function_item" && root.named_child_count() == 1);
    !root.has_error() && only.and_then(|item| item.child_by_field_name("body")).is_some_and(|body| body.end_byte() == text.len())
}
