//! Arithmetic and bit operators, augmented assignments, operands: swapped, dropped, regrouped, negated.

use tree_sitter::Node;

use super::{Out, Site, atom, operator_of};
use crate::repair::kinds::Kind;

/// Proposals for a binary operation, an augmented assignment, a sign, or an operator token in a macro call.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "binary_operator" | "binary_expression" => binary(site, out),
        "augmented_assignment" | "compound_assignment_expr" => {
            if let Some(token) = operator_of(site.node) {
                offer_augmented(site, token, out);
            }
        }
        "assignment" | "assignment_expression" => plain_assignment(site, out),
        "unary_operator" | "unary_expression" => {
            let sign = site.node.child(0).map(|sign| sign.kind());
            if let (Some("-" | "~" | "+"), Some(inner)) = (sign, site.node.named_child(0)) {
                out.swap(site.node, site.text(inner), 0.6);
            }
        }
        "parenthesized_expression" => {
            let inner = site.node.named_child(0);
            let operand = site
                .node
                .parent()
                .is_some_and(|parent| matches!(parent.kind(), "binary_operator" | "binary_expression" | "boolean_operator"));
            if let Some(inner) =
                inner.filter(|inner| operand && matches!(inner.kind(), "binary_operator" | "binary_expression" | "boolean_operator"))
            {
                out.swap(site.node, site.text(inner), 0.3);
            }
        }
        "+" | "-" | "*" | "/" | "%"
            if site.node.parent().is_some_and(|parent| parent.kind() == "token_tree") && between_values(site.node) =>
        {
            for (operator, share) in alternatives(site.kind(), site.python()) {
                out.swap(site.node, *operator, 0.6 * share);
            }
        }
        "identifier" | "attribute" | "call" | "field_expression" | "call_expression" => negate(site, out),
        _ => {}
    }
}

fn between_values(token: Node<'_>) -> bool {
    let value = |node: Option<Node<'_>>| node.is_some_and(|node| node.is_named());
    value(token.prev_sibling()) && value(token.next_sibling())
}

fn binary(site: &Site<'_>, out: &mut Out<'_>) {
    let (Some(token), Some(left), Some(right)) = (operator_of(site.node), site.field("left"), site.field("right")) else { return };
    let operator = site.text(token);
    let alternatives = alternatives(operator, site.python());
    if alternatives.is_empty() {
        return;
    }
    let text = Kind::of_expression(left, &site.unit.source) == Kind::Str || Kind::of_expression(right, &site.unit.source) == Kind::Str;
    let literal = [left, right].iter().any(|side| matches!(side.kind(), "string" | "string_literal" | "concatenated_string"));
    let share_of = match (text, literal) {
        (_, true) => 0.2,
        (true, _) => 0.6,
        _ => 1.0,
    };
    for (operator, share) in alternatives {
        let formats = site.python() && *operator == "%" && matches!(left.kind(), "string" | "concatenated_string");
        out.swap(token, *operator, if formats { 1.0 } else { share * share_of });
    }
    let (a, b) = (site.text(left), site.text(right));
    let ordered = matches!(operator, "-" | "/" | "//" | "%" | "**" | "<<" | ">>" | "@");
    if ordered || text || operator == "+" && Kind::of_expression(left, &site.unit.source) != Kind::Int {
        let first = if ordered || operator == "*" { atom(right, b) } else { b.to_owned() };
        let swapped = format!("{first} {operator} {}", if ordered { atom(left, a) } else { a.to_owned() });
        out.replace(site.node, swapped, if ordered { 0.55 } else { 0.3 }, format!("swap the operands of `{operator}`"));
    }
    let sided = |node: Node<'_>| matches!(node.kind(), "integer" | "integer_literal" | "float" | "float_literal");
    out.swap(site.node, a, if sided(right) { 0.45 } else { 0.22 });
    out.swap(site.node, b, if sided(left) { 0.35 } else { 0.14 });
    if matches!(left.kind(), "binary_operator" | "binary_expression")
        && let (Some(inner), Some(x), Some(y)) = (operator_of(left), left.child_by_field_name("left"), left.child_by_field_name("right"))
    {
        let (x, y) = (site.text(x), site.text(y));
        out.swap(site.node, format!("{x} {} ({y} {operator} {b})", site.text(inner)), 0.12);
    }
    if matches!(right.kind(), "binary_operator" | "binary_expression")
        && let (Some(inner), Some(x), Some(y)) = (operator_of(right), right.child_by_field_name("left"), right.child_by_field_name("right"))
    {
        let (x, y) = (site.text(x), site.text(y));
        out.swap(site.node, format!("({a} {operator} {x}) {} {y}", site.text(inner)), 0.15);
    }
}

fn alternatives(operator: &str, python: bool) -> &'static [(&'static str, f32)] {
    match operator {
        "+" => &[("-", 1.0), ("*", 0.4), ("/", 0.2), ("%", 0.1)],
        "-" => &[("+", 1.0), ("*", 0.25), ("/", 0.25), ("%", 0.1)],
        "*" if python => &[("/", 0.8), ("+", 0.6), ("//", 0.45), ("**", 0.35), ("-", 0.3), ("%", 0.2)],
        "*" => &[("/", 0.85), ("+", 0.65), ("-", 0.3), ("%", 0.2)],
        "/" if python => &[("//", 0.8), ("*", 0.8), ("%", 0.3), ("-", 0.2), ("+", 0.15)],
        "/" => &[("*", 0.9), ("%", 0.5), ("-", 0.2), ("+", 0.15)],
        "//" => &[("/", 0.85), ("%", 0.6), ("*", 0.6), ("-", 0.15)],
        "%" if python => &[("//", 0.7), ("/", 0.5), ("*", 0.35), ("+", 0.1), ("-", 0.1)],
        "%" => &[("/", 0.8), ("*", 0.35), ("+", 0.1), ("-", 0.1)],
        "**" => &[("*", 0.9), ("//", 0.2), ("+", 0.1)],
        "<<" => &[(">>", 0.9)],
        ">>" => &[("<<", 0.9)],
        "&" => &[("|", 0.9), ("^", 0.4)],
        "|" => &[("&", 0.9), ("^", 0.4), ("+", 0.1)],
        "^" => &[("|", 0.7), ("&", 0.7)],
        _ => &[],
    }
}

fn offer_augmented<'s>(site: &Site<'s>, token: Node<'s>, out: &mut Out<'_>) {
    let operator = site.text(token);
    let bare = operator.trim_end_matches('=');
    for (other, share) in alternatives(bare, site.python()) {
        out.swap(token, format!("{other}="), *share);
    }
    out.swap(token, "=", 0.45);
}

/// `x = e` that may have been meant as `x += e`: only where `x` was bound before.
fn plain_assignment(site: &Site<'_>, out: &mut Out<'_>) {
    let (Some(left), Some(right)) = (site.field("left"), site.field("right")) else { return };
    let bound = site.text(left).contains('.')
        || site.unit.scope.bindings.iter().any(|binding| {
            binding.name == site.text(left) && binding.at < left.start_byte() && binding.visible.contains(&left.start_byte())
        });
    if !bound || site.field("type").is_some() || matches!(left.kind(), "pattern_list" | "tuple_pattern") {
        return;
    }
    let (from, to) = (left.end_byte(), right.start_byte());
    for (operator, weight) in [(" += ", 0.5), (" -= ", 0.25), (" *= ", 0.12)] {
        out.edits(vec![(from..to, operator.into())], weight, format!("use `{}` instead of `=`", operator.trim()));
    }
}

fn negate(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(parent) = site.node.parent() else { return };
    let value = match parent.kind() {
        "return_statement" | "return_expression" | "argument_list" | "arguments" => true,
        "assignment" | "keyword_argument" | "let_declaration" => {
            parent.child_by_field_name("value").or(parent.child_by_field_name("right")) == Some(site.node)
        }
        "binary_operator" | "binary_expression" => {
            let operator = operator_of(parent).map(|token| site.text(token)).unwrap_or_default();
            matches!(operator, "*" | "/" | "+" | "<" | ">" | "<=" | ">=" | "**")
        }
        _ => false,
    };
    let kind = Kind::of_expression(site.node, &site.unit.source);
    if value && matches!(kind, Kind::Int | Kind::Float | Kind::Unknown) {
        out.swap(site.node, format!("-{}", site.text(site.node)), 0.1 * kind.fit(Kind::Float).max(0.6));
    }
}
