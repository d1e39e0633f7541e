//! Code that exists elsewhere in the program (the redundancy assumption of search-based repair): an expression of the same
//! form in place of this one, and the statement that follows a like statement elsewhere.

use std::collections::BTreeMap;

use super::guards::reindent;
use super::{Out, Site, brief, similarity};

/// Donor expressions offered at one place.
const BREADTH: usize = 10;
/// Donors compared with one expression, nearest first.
const DONORS: usize = 150;

/// Proposals for expressions of some size, and for whole statements.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if site.is_whole() {
        followers(site, out);
        repeated(site, out);
    }
    let expression = matches!(
        site.kind(),
        "call"
            | "call_expression"
            | "binary_operator"
            | "binary_expression"
            | "comparison_operator"
            | "subscript"
            | "index_expression"
            | "attribute"
            | "field_expression"
            | "scoped_identifier"
            | "list_comprehension"
            | "conditional_expression"
            | "boolean_operator"
    );
    if expression && site.text(site.node).len() <= 80 {
        donors(site, out);
    }
}

fn donors(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    let function = site.function().map(|function| function.span.clone()).unwrap_or_default();
    let mut found: BTreeMap<&str, f32> = BTreeMap::new();
    for piece in site.unit.pool().nearest(&[site.kind()], site.node.start_byte()) {
        let outside = site.node.start_byte() >= piece.end || piece.start >= site.node.end_byte();
        let sized = piece.text.len() * 2 > text.len() && text.len() * 2 > piece.text.len();
        if piece.text != text && outside && sized && !piece.text.contains('\n') {
            let near = if function.contains(&piece.start) { 1.2 } else { 0.8 };
            found.entry(&piece.text).or_insert(near);
        }
        if found.len() >= DONORS {
            break;
        }
    }
    let alike = |other: &str| similarity(text, other);
    let mut ranked: Vec<(f32, &str)> =
        found.into_iter().map(|(other, near)| (near * alike(other), other)).filter(|(score, _)| *score > 0.4).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    for (score, other) in ranked.into_iter().filter(|(_, other)| site.in_scope(other)).take(BREADTH) {
        out.swap(site.node, other, 0.8 * score * score);
    }
}

/// What comes after this statement where it, or one very like it, stands elsewhere.
fn followers(site: &Site<'_>, out: &mut Out<'_>) {
    let here = normal(site.text(site.node));
    if here.len() < 8 || here.len() > 160 {
        return;
    }
    let next = site.node.next_named_sibling().map(|next| normal(site.text(next))).unwrap_or_default();
    for statement in site
        .unit
        .source
        .statements
        .iter()
        .filter(|statement| statement.kind == site.statement.kind && statement.span != site.statement.span)
    {
        let text = &site.unit.source.text[statement.span.clone()];
        if text.len() > 300 || similarity(&here, &normal(text)) < 0.8 || site.unit.source.in_tests(statement.span.start) {
            continue;
        }
        let Some(follower) = site.unit.source.node_of(statement).and_then(|node| node.next_named_sibling()) else { continue };
        let other = site.unit.source.of(follower);
        let kinds = matches!(follower.kind(), "function_definition" | "class_definition" | "function_item" | "decorated_definition");
        if kinds || normal(other) == next || other.lines().count() > 4 || follower.kind().ends_with("comment") || !site.in_scope(other) {
            continue;
        }
        let copied = reindent(site, follower.start_byte(), other);
        let (newline, indent) = (site.unit.source.newline(), site.unit.source.indent_at(site.statement.span.start));
        let body = copied.trim_end();
        out.insert(site.statement.span.end, format!("{newline}{indent}{body}"), 0.6, format!("then `{}`, as elsewhere", brief(other)));
    }
}

/// A short statement of the same function once more, after this one: a reset or update that one branch forgot.
fn repeated(site: &Site<'_>, out: &mut Out<'_>) {
    if site.node.parent().is_none_or(|parent| parent.kind() != "block")
        || matches!(site.kind(), "return_statement" | "break_statement" | "continue_statement" | "raise_statement")
    {
        return;
    }
    let simple = |kind: &str| matches!(kind, "expression_statement" | "return_statement");
    let (newline, indent) = (site.unit.source.newline(), site.unit.source.indent_at(site.statement.span.start));
    let mut seen: Vec<&str> = Vec::new();
    for statement in site.siblings().filter(|statement| {
        simple(&statement.kind) && statement.span != site.statement.span && !site.statement.span.contains(&statement.span.start)
    }) {
        let text = &site.unit.source.text[statement.span.clone()];
        if text.lines().count() > 1 || text.len() > 80 || text.starts_with(['"', '\'']) || seen.contains(&text) || !site.in_scope(text) {
            continue;
        }
        seen.push(text);
        if site.node.next_named_sibling().is_none_or(|next| site.text(next) != text)
            && (site.python() || site.kind().ends_with("statement") || site.kind() == "let_declaration")
        {
            let weight = if text.contains('=') && !text.contains("==") { 0.5 } else { 0.3 };
            out.insert(site.statement.span.end, format!("{newline}{indent}{text}"), weight, format!("then `{}` once more", brief(text)));
        }
    }
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
