//! Conditions: a clause too many, a clause too few, another condition of the same function; constant only as a last resort.

use tree_sitter::Node;

use super::{Out, Site, brief, operator_of, similarity};
use crate::repair::kinds::Kind;
use crate::repair::scope::Role;
use crate::repair::source::{own_nodes, parts};

/// Proposals for the conditions of branches and loops, and for clauses.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    clauses(site, out);
    let Some(weight) = condition_position(site) else { return };
    let text = site.text(site.node);
    let (and, or) = if site.python() { ("and", "or") } else { ("&&", "||") };
    let mut pool = nearby(site);
    pool.extend(simple_predicates(site));
    let wrapped = wrap(site, text);
    for (rank, (clause, fit)) in pool.iter().filter(|(clause, _)| !text.contains(clause.as_str())).take(14).enumerate() {
        let share = weight * fit / (1.0 + 0.1 * rank as f32);
        out.replace(site.node, format!("{wrapped} {and} {clause}"), share, format!("also require `{}`", brief(clause)));
        out.replace(site.node, format!("{wrapped} {or} {clause}"), share * 0.9, format!("also accept `{}`", brief(clause)));
        out.replace(site.node, format!("{clause} {and} {wrapped}"), share * 0.7, format!("first require `{}`", brief(clause)));
        out.replace(site.node, clause.clone(), share * 0.4 * (0.5 + similarity(text, clause)), format!("test `{}` instead", brief(clause)));
    }
    let constants = if site.python() { ["True", "False"] } else { ["true", "false"] };
    for constant in constants {
        out.swap(site.node, constant, 0.03);
    }
}

fn wrap(site: &Site<'_>, text: &str) -> String {
    let loose = matches!(site.kind(), "conditional_expression" | "lambda" | "closure_expression")
        || operator_of(site.node).is_some_and(|token| matches!(token.kind(), "or" | "||" | "and" | "&&"));
    if loose { format!("({text})") } else { text.to_owned() }
}

/// `a and b` → `a`, → `b`.
fn clauses(site: &Site<'_>, out: &mut Out<'_>) {
    if !matches!(operator_of(site.node).map(|token| token.kind()), Some("and" | "or" | "&&" | "||")) {
        return;
    }
    if let (Some(left), Some(right)) = (site.field("left"), site.field("right")) {
        out.replace(site.node, site.text(left), 0.7, format!("drop the clause `{}`", brief(site.text(right))));
        out.replace(site.node, site.text(right), 0.6, format!("drop the clause `{}`", brief(site.text(left))));
    }
}

fn condition_position(site: &Site<'_>) -> Option<f32> {
    if !site.node.is_named() || matches!(site.kind(), "let_condition" | "let_chain") {
        return None;
    }
    let parent = site.node.parent()?;
    let is = |field: &str| parent.child_by_field_name(field) == Some(site.node);
    match parent.kind() {
        "if_statement" | "elif_clause" | "while_statement" | "if_expression" | "while_expression" if is("condition") => Some(0.6),
        "match_pattern" if is("condition") => Some(0.5),
        "if_clause" => Some(0.4),
        "conditional_expression" if parts(parent).get(1) == Some(&site.node) => Some(0.4),
        "return_statement" if Kind::of_expression(site.node, &site.unit.source) == Kind::Bool => Some(0.4),
        "block"
            if !site.python()
                && Kind::of_expression(site.node, &site.unit.source) == Kind::Bool
                && site.node.next_named_sibling().is_none() =>
        {
            Some(0.4)
        }
        _ => None,
    }
}

/// Conditions and clauses that stand in this function, then in this file, all of whose names exist here.
fn nearby(site: &Site<'_>) -> Vec<(String, f32)> {
    let mut found: Vec<(String, f32)> = Vec::new();
    let own = site.statement.function;
    let source = &site.unit.source;
    let mut statements: Vec<_> = source.statements.iter().filter(|statement| !source.in_tests(statement.span.start)).collect();
    statements.sort_by_key(|statement| (statement.function != own, statement.span.start.abs_diff(site.node.start_byte())));
    for statement in statements.into_iter().take(80) {
        let Some(whole) = source.node_of(statement) else { continue };
        let fit = if statement.function == own { 0.8 } else { 0.35 };
        own_nodes(whole, &mut |node: Node<'_>| {
            let clause = matches!(node.kind(), "comparison_operator" | "not_operator")
                || (node.kind() == "binary_expression"
                    && matches!(operator_of(node).map(|token| token.kind()), Some("<" | ">" | "<=" | ">=" | "==" | "!=")))
                || (super::is_call(node) && Kind::of_expression(node, source) == Kind::Bool);
            let text = source.of(node);
            if clause && text.len() < 60 && found.len() < 40 && !found.iter().any(|(known, _)| known == text) && site.in_scope(text) {
                found.push((text.to_owned(), fit));
            }
        });
    }
    found
}

/// The plainest questions about the names at hand.
fn simple_predicates(site: &Site<'_>) -> Vec<(String, f32)> {
    let mut found = Vec::new();
    for name in site.names().into_iter().filter(|name| matches!(name.role, Role::Param | Role::Local) && name.name != "self").take(6) {
        let name_text = &name.name;
        if site.python() {
            found.push((name_text.clone(), 0.3));
            found.push((format!("not {name_text}"), 0.2));
            found.push((format!("{name_text} is not None"), 0.2));
            found.push((format!("{name_text} is None"), 0.15));
        } else if name.kind == Kind::Bool {
            found.push((name_text.clone(), 0.4));
            found.push((format!("!{name_text}"), 0.4));
        } else if matches!(name.kind, Kind::List | Kind::Str | Kind::Dict) {
            found.push((format!("{name_text}.is_empty()"), 0.25));
            found.push((format!("!{name_text}.is_empty()"), 0.25));
        } else if name.kind == Kind::Int {
            found.push((format!("{name_text} > 0"), 0.25));
            found.push((format!("{name_text} == 0"), 0.15));
        }
    }
    found
}
