//! Whole statements: one too many, one too few, in the wrong place; `break` for `continue`, `elif` for `if`.

use super::{Out, Site, brief};
use crate::repair::scope::Role;
use crate::repair::source::parts;

/// Proposals for whole statements.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if !site.is_whole() {
        return;
    }
    let text = site.text(site.node);
    match site.kind() {
        "break_statement" => out.swap(site.node, "continue", 2.0),
        "continue_statement" => {
            out.swap(site.node, "break", 2.0);
            out.swap(site.node, "pass", 0.3);
        }
        "pass_statement" => {
            out.swap(site.node, "continue", 0.8);
            out.swap(site.node, "break", 0.6);
        }
        "expression_statement" if text == "break;" => out.swap(site.node, "continue;", 2.0),
        "expression_statement" if text == "continue;" => out.swap(site.node, "break;", 2.0),
        "elif_clause" => {
            let word = site.node.start_byte()..site.node.start_byte() + 4;
            out.edits(vec![(word, "if".into())], 0.5, "use `if` instead of `elif`");
        }
        "if_statement" => {
            let after_if = site.node.prev_named_sibling().is_some_and(|previous| previous.kind() == "if_statement");
            if after_if {
                out.insert(site.node.start_byte(), "el", 0.5, "use `elif` instead of `if`");
            }
        }
        _ => {}
    }
    if !matches!(
        site.kind(),
        "function_definition"
            | "class_definition"
            | "decorated_definition"
            | "function_item"
            | "match_arm"
            | "elif_clause"
            | "import_statement"
            | "import_from_statement"
    ) && site.function().is_some()
    {
        delete(site, out);
        exchange(site, out);
        leave(site, out);
        shift(site, out);
    }
    constructor(site, out);
}

fn delete(site: &Site<'_>, out: &mut Out<'_>) {
    let source = &site.unit.source;
    let is_let = site.kind() == "let_declaration";
    if is_let || site.node.parent().is_none_or(|parent| parent.kind() != "block") {
        return;
    }
    let alone = site.node.parent().map(parts).is_some_and(|list| list.len() == 1);
    let size = site.text(site.node).lines().count();
    let weight = match site.kind() {
        "return_statement" => 0.25,
        "if_statement" | "if_expression" => 0.5,
        "for_statement" | "while_statement" => 0.1,
        _ => 0.45,
    } / (1.0 + 0.1 * size as f32);
    let title = format!("remove `{}`", brief(site.text(site.node)));
    if alone && site.python() {
        out.replace(site.node, "pass", weight * 0.6, title);
        return;
    }
    let line = source.line_span(source.line_of(site.statement.span.start));
    let lead = source.text[line.start..site.statement.span.start].trim().is_empty();
    let tail = source.line_span(source.line_of(site.statement.span.end.saturating_sub(1)));
    let clean = lead && source.text[site.statement.span.end..tail.end].trim().is_empty();
    let span = if clean { line.start..tail.end } else { site.statement.span.clone() };
    out.edits(vec![(span, String::new())], weight, title);
}

/// This statement and the next, the other way round.
fn exchange(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(next) = site.node.next_named_sibling().filter(|next| !next.kind().ends_with("comment")) else { return };
    let simple =
        |kind: &str| !matches!(kind, "function_definition" | "class_definition" | "return_statement" | "elif_clause" | "else_clause");
    let small = site.text(site.node).lines().count() <= 6 && site.text(next).lines().count() <= 6;
    if simple(site.kind())
        && simple(next.kind())
        && small
        && (site.python() || next.kind().ends_with("statement") || next.kind() == "let_declaration")
    {
        let edits = vec![(site.node.byte_range(), site.text(next).to_owned()), (next.byte_range(), site.text(site.node).to_owned())];
        out.edits(edits, 0.45, format!("do `{}` first", brief(site.text(next))));
    }
}

/// After the last statement of a branch in a loop: leave the loop or go on to the next round.
fn leave(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(block) = site.node.parent().filter(|block| block.kind() == "block") else { return };
    let last = parts(block).last() == Some(&site.node);
    let around: Vec<&str> = std::iter::successors(block.parent(), |node| node.parent())
        .take_while(|node| !matches!(node.kind(), "function_definition" | "function_item" | "closure_expression"))
        .map(|node| node.kind())
        .collect();
    let looped = around
        .iter()
        .any(|kind| matches!(*kind, "for_statement" | "while_statement" | "for_expression" | "while_expression" | "loop_expression"));
    let branch = around.first().is_some_and(|kind| matches!(*kind, "if_statement" | "if_expression" | "elif_clause" | "else_clause"));
    if !last
        || !looped
        || matches!(site.kind(), "break_statement" | "continue_statement" | "return_statement" | "raise_statement")
        || !site.python() && !site.kind().ends_with("statement")
    {
        return;
    }
    let (indent, newline) = (site.unit.source.indent_at(site.statement.span.start), site.unit.source.newline());
    let end = if site.python() { "" } else { ";" };
    for (word, weight) in [("break", 0.8), ("continue", 0.6)] {
        out.insert(
            site.statement.span.end,
            format!("{newline}{indent}{word}{end}"),
            if branch { weight } else { weight * 0.3 },
            format!("`{word}` afterwards"),
        );
    }
    if let Some(counter) = counter(site).filter(|_| !branch) {
        for sign in ["+", "-"] {
            out.insert(site.statement.span.end, format!("{newline}{indent}{counter} {sign}= 1{end}"), 0.5, format!("count `{counter}` on"));
        }
    }
}

/// A local whole number the condition of the loop around mentions.
fn counter(site: &Site<'_>) -> Option<String> {
    let around = std::iter::successors(site.node.parent(), |node| node.parent())
        .find(|node| matches!(node.kind(), "while_statement" | "while_expression"))?;
    let condition = site.text(around.child_by_field_name("condition")?);
    let names = site.names();
    let mut counting =
        names.iter().filter(|name| name.role == Role::Local && super::variables::words(condition).any(|word| word == name.name));
    counting.next().map(|name| name.name.clone())
}

/// Python: the last statement of a block belongs after it, or the statement after a block belongs into it.
fn shift(site: &Site<'_>, out: &mut Out<'_>) {
    if !site.python() {
        return;
    }
    let source = &site.unit.source;
    let text = site.text(site.node);
    if text.lines().count() > 4 {
        return;
    }
    let block = site.node.parent().filter(|block| block.kind() == "block");
    let owner = block.and_then(|block| block.parent());
    let last = block.map(parts).is_some_and(|list| list.len() > 1 && list.last() == Some(&site.node));
    let (here, newline) = (source.indent_at(site.statement.span.start), source.newline());
    let line = source.line_span(source.line_of(site.statement.span.start));
    if let Some(owner) = owner.filter(|owner| {
        last && matches!(owner.kind(), "for_statement" | "while_statement" | "if_statement" | "else_clause" | "with_statement")
    }) {
        let outer = source.indent_at(owner.start_byte());
        let moved = text.lines().map(|l| format!("{outer}{}", l.strip_prefix(here).unwrap_or(l))).collect::<Vec<_>>().join(newline);
        let weight = if text.starts_with("return") { 1.2 } else { 0.5 };
        out.edits(vec![(line.start..site.statement.span.end, moved)], weight, format!("move `{}` out of the block", brief(text)));
    }
    let before = site
        .node
        .prev_named_sibling()
        .filter(|node| matches!(node.kind(), "for_statement" | "while_statement" | "if_statement" | "with_statement"));
    if let Some(body) = before.and_then(|before| before.child_by_field_name("body").or(before.child_by_field_name("consequence"))) {
        let inner = parts(body).first().map(|first| source.indent_at(first.start_byte()).to_owned()).unwrap_or_default();
        let moved = text.lines().map(|l| format!("{inner}{}", l.strip_prefix(here).unwrap_or(l))).collect::<Vec<_>>().join(newline);
        let weight = if text.starts_with("return") { 0.2 } else { 0.5 };
        out.edits(vec![(line.start..site.statement.span.end, moved)], weight, format!("move `{}` into the block above", brief(text)));
    }
}

/// Python: a parameter of `__init__` that nothing keeps.
fn constructor(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(function) = site.function().filter(|function| site.python() && function.name == "__init__") else { return };
    let (indent, newline) = (site.unit.source.indent_at(site.statement.span.start), site.unit.source.newline());
    let body = &site.unit.source.text[function.body.clone()];
    if !site.node.parent().is_some_and(|block| block.byte_range() == function.body) {
        return;
    }
    for param in site.names().into_iter().filter(|name| name.role == Role::Param && name.name != "self") {
        if !super::variables::words(body).any(|word| word == param.name) {
            for field in [param.name.clone(), format!("_{}", param.name)] {
                out.insert(
                    site.statement.span.end,
                    format!("{newline}{indent}self.{field} = {}", param.name),
                    1.5,
                    format!("keep `{}`", param.name),
                );
            }
        }
    }
}
