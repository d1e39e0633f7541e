//! Comparison operators: every one against every other, the boundary twin first.

use super::{Out, Site, operator_of};

/// Replaces the operator of a comparison, in Rust also inside macro calls.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "comparison_operator" => {
            let mut cursor = site.node.walk();
            for token in site.node.children_by_field_name("operators", &mut cursor) {
                offer(site, token, 1.0, out);
            }
        }
        "binary_expression" => {
            if let Some(token) = operator_of(site.node) {
                offer(site, token, 1.0, out);
            }
        }
        "<" | "<=" | ">" | ">=" | "==" | "!=" if site.node.parent().is_some_and(|parent| parent.kind() == "token_tree") => {
            offer(site, site.node, 0.5, out)
        }
        _ => {}
    }
}

fn offer<'s>(site: &Site<'s>, token: tree_sitter::Node<'s>, weight: f32, out: &mut Out<'_>) {
    for (operator, share) in alternatives(site.text(token), site.python()) {
        out.swap(token, *operator, weight * share);
    }
}

fn alternatives(operator: &str, python: bool) -> &'static [(&'static str, f32)] {
    match operator {
        "<" => &[("<=", 1.0), (">", 0.7), (">=", 0.6), ("!=", 0.3), ("==", 0.3)],
        "<=" => &[("<", 1.0), (">=", 0.7), (">", 0.6), ("==", 0.3), ("!=", 0.25)],
        ">" => &[(">=", 1.0), ("<", 0.7), ("<=", 0.6), ("!=", 0.3), ("==", 0.3)],
        ">=" => &[(">", 1.0), ("<=", 0.7), ("<", 0.6), ("==", 0.3), ("!=", 0.25)],
        "==" if python => &[("!=", 0.95), ("<=", 0.5), (">=", 0.5), (">", 0.35), ("<", 0.35), ("in", 0.2), ("is", 0.12)],
        "==" => &[("!=", 0.95), ("<=", 0.5), (">=", 0.5), (">", 0.35), ("<", 0.35)],
        "!=" if python => &[("==", 0.95), ("<", 0.45), (">", 0.45), ("<=", 0.3), (">=", 0.3), ("not in", 0.15), ("is not", 0.12)],
        "!=" => &[("==", 0.95), ("<", 0.45), (">", 0.45), ("<=", 0.3), (">=", 0.3)],
        "in" => &[("not in", 0.95), ("==", 0.15)],
        "not in" => &[("in", 0.95), ("!=", 0.15)],
        "is" => &[("is not", 0.95), ("==", 0.3)],
        "is not" => &[("is", 0.95), ("!=", 0.3)],
        _ => &[],
    }
}
