//! What stands under the cursor: found by going down from the root and looking at single nodes, so that its cost hardly
//! grows with the file.

use std::ops::Range;

use ropey::Rope;
use tree_sitter::Node;

use super::outline::{Item, Kind, build};
use super::query::{Fact, Queries};
use super::syntax::Syntax;

impl Syntax {
    /// The innermost function, method or class-like item at `byte`. Attributes, decorators, doc comments and the blanks
    /// around them on the line belong to it.
    pub fn symbol_at(&self, byte: usize) -> Option<Item> {
        self.items_at(byte).into_iter().rev().find(|item| !matches!(item.kind, Kind::Module | Kind::Const))
    }

    /// Every item around `byte`, outermost first; [`Item::parent`] counts in this list.
    pub fn items_at(&self, byte: usize) -> Vec<Item> {
        let queries = self.language().queries();
        let path = self.path_to(onto_text(self.text(), byte));
        let mut items: Vec<Item> = Vec::new();
        for node in path {
            let Some(fact) = queries.fact(node, self.text()) else { continue };
            if let Some(wrapped) = fact.wrapped {
                self.push_item(&mut items, wrapped, Some(fact.span.start));
            } else if fact.kind.is_some() {
                self.push_item(&mut items, node, None);
            } else if fact.lead {
                if let Some(item) = item_after(queries, self.text(), node) {
                    self.push_item(&mut items, item, None);
                }
                break;
            }
        }
        items
    }

    /// The nodes from the root down to the smallest one at `byte`.
    pub(super) fn path_to(&self, byte: usize) -> Vec<Node<'_>> {
        let mut cursor = self.tree().walk();
        let mut path = vec![cursor.node()];
        while cursor.goto_first_child_for_byte(byte).is_some() && cursor.node().start_byte() <= byte {
            path.push(cursor.node());
        }
        path
    }

    fn push_item(&self, items: &mut Vec<Item>, node: Node<'_>, outer: Option<usize>) {
        let queries = self.language().queries();
        let Some(fact) = queries.fact(node, self.text()) else { return };
        if items.last().is_some_and(|item| item.head == fact.span.start && Some(&item.name_span) == fact.name.as_ref()) {
            return;
        }
        let before = leads_before(queries, self.text(), node);
        if let Some(mut item) = build(self.language(), self.text(), &fact, &before, outer, items.last()) {
            item.parent = items.len().checked_sub(1);
            items.push(item);
        }
    }
}

/// The attributes and comments right before `node`, in order.
fn leads_before<'tree>(queries: &Queries, text: &Rope, node: Node<'tree>) -> Vec<Fact<'tree>> {
    let siblings = std::iter::successors(node.prev_sibling(), Node::prev_sibling);
    let facts = siblings.map_while(|node| queries.fact(node, text).filter(|fact| fact.lead || fact.aside));
    let mut before: Vec<Fact<'_>> = facts.collect();
    before.reverse();
    before
}

/// The item that attributes and doc comments starting with `lead` belong to.
fn item_after<'tree>(queries: &Queries, text: &Rope, lead: Node<'tree>) -> Option<Node<'tree>> {
    let mut next = lead.next_named_sibling();
    while let Some(node) = next {
        let fact = queries.fact(node, text)?;
        if fact.kind.is_some() {
            return Some(node);
        }
        if !fact.lead && !fact.aside {
            return None;
        }
        next = node.next_named_sibling();
    }
    None
}

/// The byte itself, or the nearest text on its line where it stands in the blanks before or after it.
pub(super) fn onto_text(text: &Rope, byte: usize) -> usize {
    let line = line_around(text, byte);
    let written = |byte: &usize| !text.byte(*byte).is_ascii_whitespace();
    let (Some(first), Some(last)) = (line.clone().find(written), line.clone().rev().find(written)) else {
        return byte.min(text.len_bytes());
    };
    byte.clamp(first, last)
}

/// The bytes of the line that holds `byte`, without its end.
pub(super) fn line_around(text: &Rope, byte: usize) -> Range<usize> {
    let line = text.byte_to_line(byte.min(text.len_bytes()));
    let (start, mut end) = (text.line_to_byte(line), text.line_to_byte(line + 1));
    while end > start && matches!(text.byte(end - 1), b'\n' | b'\r') {
        end -= 1;
    }
    start..end
}
