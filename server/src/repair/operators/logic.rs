//! Truth: `and` and `or`, negation put in or taken away, arms of a choice swapped.

use tree_sitter::Node;

use super::{Out, Site, operator_of};
use crate::repair::kinds::Kind;
use crate::repair::source::parts;

/// Proposals for connectives, negations and conditional expressions.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "boolean_operator" | "binary_expression" => connective(site, out),
        "not_operator" => {
            if let Some(inner) = site.field("argument") {
                out.replace(site.node, site.text(inner), 1.0, "remove `not`");
            }
        }
        "unary_expression" if site.node.child(0).is_some_and(|sign| sign.kind() == "!") => {
            if let Some(inner) = site.node.named_child(0) {
                out.replace(site.node, site.text(inner), 1.0, "remove `!`");
            }
        }
        "!" if site.node.parent().is_some_and(|parent| parent.kind() == "token_tree")
            && site.node.prev_sibling().is_none_or(|prev| !prev.is_named()) =>
        {
            out.replace(site.node, "", 0.6, "remove `!`");
        }
        "&&" | "||" if site.node.parent().is_some_and(|parent| parent.kind() == "token_tree") => {
            out.swap(site.node, if site.kind() == "&&" { "||" } else { "&&" }, 0.8);
        }
        "conditional_expression" => {
            if let [body, _, other] = parts(site.node)[..] {
                let edits = vec![(body.byte_range(), site.text(other).to_owned()), (other.byte_range(), site.text(body).to_owned())];
                out.edits(edits, 0.6, "swap the two arms of the conditional expression");
                out.swap(site.node, site.text(body), 0.12);
                out.swap(site.node, site.text(other), 0.12);
            }
        }
        "if_expression" => swap_blocks(site, out),
        _ => {}
    }
    if let Some(weight) = truth_position(site) {
        negate(site, weight, out);
    }
}

fn connective(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(token) = operator_of(site.node) else { return };
    let other = match site.text(token) {
        "and" => "or",
        "or" => "and",
        "&&" => "||",
        "||" => "&&",
        _ => return,
    };
    out.swap(token, other, 1.0);
}

fn swap_blocks(site: &Site<'_>, out: &mut Out<'_>) {
    let other = site.field("alternative").and_then(|clause| clause.named_child(0)).filter(|block| block.kind() == "block");
    if let (Some(then), Some(other)) = (site.field("consequence"), other) {
        let edits = vec![(then.byte_range(), site.text(other).to_owned()), (other.byte_range(), site.text(then).to_owned())];
        out.edits(edits, 0.3, "swap the two branches");
    }
}

/// How likely a negation is missing at this node: it must stand where a truth value is read.
fn truth_position(site: &Site<'_>) -> Option<f32> {
    if !site.node.is_named() {
        return None;
    }
    let parent = site.node.parent()?;
    let is = |field: &str| parent.child_by_field_name(field) == Some(site.node);
    let truthy = Kind::of_expression(site.node, &site.unit.source) == Kind::Bool;
    match parent.kind() {
        "if_statement" | "elif_clause" | "while_statement" | "if_expression" | "while_expression" if is("condition") => Some(0.7),
        "match_pattern" if is("condition") => Some(0.5),
        "if_clause" => Some(0.6),
        "conditional_expression" if parts(parent).get(1) == Some(&site.node) => Some(0.5),
        "boolean_operator" => Some(0.5),
        "binary_expression" if operator_of(parent).is_some_and(|token| matches!(token.kind(), "&&" | "||")) => Some(0.5),
        "return_statement"
        | "return_expression"
        | "closure_expression"
        | "lambda"
        | "argument_list"
        | "arguments"
        | "keyword_argument"
        | "generator_expression"
            if truthy =>
        {
            Some(0.4)
        }
        "return_statement" if site.function().is_some_and(|function| Kind::of_name(&function.name) == Kind::Bool) => Some(0.4),
        "block" if is_tail(site.node) && site.function().and_then(|function| function.returns.as_deref()) == Some("bool") => Some(0.4),
        "assignment" | "let_declaration" if truthy && (is("right") || is("value")) => Some(0.35),
        _ => None,
    }
}

fn is_tail(node: Node<'_>) -> bool {
    node.next_named_sibling().is_none() && !node.kind().ends_with("statement")
}

fn negate(site: &Site<'_>, weight: f32, out: &mut Out<'_>) {
    let text = site.text(site.node);
    let (word, comparison) = if site.python() { ("not ", "comparison_operator") } else { ("!", "binary_expression") };
    let new = match site.kind() {
        "let_condition" | "let_chain" | "not_operator" | "unary_expression" => return,
        "boolean_operator" | "conditional_expression" => format!("{word}({text})"),
        kind if kind == comparison => {
            let operator = operator_of(site.node).map(|token| site.text(token)).unwrap_or_default();
            if site.python() || !matches!(operator, "&&" | "||") {
                return;
            }
            format!("!({text})")
        }
        _ => format!("{word}{text}"),
    };
    out.replace(site.node, new, weight, format!("negate `{}`", super::brief(text)));
}
