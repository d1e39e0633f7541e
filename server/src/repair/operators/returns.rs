//! Results: a value computed and not returned, the wrong thing returned, a return in the wrong place.

use super::{Out, Site, is_call};
use crate::repair::scope::{Binding, Role};
use crate::repair::source::parts;

/// Proposals for whole statements that could return something else.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if !site.is_whole() || site.function().is_none() {
        return;
    }
    if site.python() { python(site, out) } else { rust(site, out) }
}

fn python(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    match site.kind() {
        "expression_statement" => {
            let Some(inner) = site.node.named_child(0) else { return };
            let value = !matches!(inner.kind(), "string" | "assignment" | "augmented_assignment" | "yield" | "await" | "ellipsis");
            let weight = match (is_call(inner), last_in_function(site)) {
                (false, _) => 2.0,
                (true, true) => 0.8,
                (true, false) => 0.2,
            };
            if value {
                out.replace(site.node, format!("return {text}"), weight, "return the value that is computed here");
                discarded(site, inner, out);
            }
        }
        "return_statement" if parts(site.node).is_empty() => {
            for (rank, name) in results(site).into_iter().enumerate() {
                out.replace(site.node, format!("return {name}"), 1.2 / (1.0 + 0.3 * rank as f32), format!("return `{name}`"));
            }
            for value in ["None", "True", "False", "self", "0", "[]"] {
                out.replace(site.node, format!("return {value}"), 0.2, format!("return `{value}`"));
            }
        }
        "return_statement" => {
            for (value, weight) in
                [("None", 0.15), ("True", 0.12), ("False", 0.12), ("0", 0.08), ("[]", 0.08), ("\"\"", 0.06), ("self", 0.06), ("{}", 0.04)]
            {
                out.replace(site.node, format!("return {value}"), weight, format!("return `{value}`"));
            }
            if inside_generator(site) {
                out.replace(site.node, text.replacen("return", "yield", 1), 0.3, "yield instead of return");
            }
        }
        "pass_statement" => {
            for name in results(site).into_iter().take(5) {
                out.replace(site.node, format!("return {name}"), 0.5, format!("return `{name}`"));
            }
        }
        _ => {}
    }
    forgotten(site, out);
}

/// The last statement of a function that ends without a `return`: add one, of what the function built up.
fn forgotten(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(function) = site.function() else { return };
    if !last_in_function(site) || matches!(site.kind(), "return_statement" | "raise_statement") || function.name == "__init__" {
        return;
    }
    let returns_elsewhere = site.unit.source.text[function.body.clone()].contains("return ");
    let weight = if site.hints.boost("returns") > 1.0 {
        1.2
    } else if returns_elsewhere {
        0.4
    } else {
        0.5
    };
    let indent = site.unit.source.indent_at(site.statement.span.start);
    let newline = site.unit.source.newline();
    for (rank, name) in results(site).into_iter().take(8).enumerate() {
        let text = format!("{newline}{indent}return {name}");
        out.insert(site.statement.span.end, text, weight / (1.0 + 0.35 * rank as f32), format!("return `{name}` at the end"));
    }
}

/// `s.strip()` alone on a line: strings do not change in place.
fn discarded(site: &Site<'_>, inner: tree_sitter::Node<'_>, out: &mut Out<'_>) {
    let object = inner.child_by_field_name("function").and_then(|function| function.child_by_field_name("object"));
    if let Some(object) = object.filter(|object| object.kind() == "identifier") {
        let (name, text) = (site.unit.source.of(object), site.unit.source.of(inner));
        out.replace(site.node, format!("{name} = {text}"), 0.5, format!("keep the result in `{name}`"));
    }
}

fn inside_generator(site: &Site<'_>) -> bool {
    site.function().is_some_and(|function| site.unit.source.text[function.body.clone()].contains("yield"))
}

/// Names a function could give back, best first: accumulators, then what was bound last, then parameters.
pub(super) fn results(site: &Site<'_>) -> Vec<String> {
    let Some(function) = site.function() else { return Vec::new() };
    let names = site.unit.scope.names_at(site.statement.span.end.saturating_sub(1).max(site.node.start_byte()));
    let own: Vec<&&Binding> = names
        .iter()
        .filter(|name| {
            function.span.contains(&name.at) && matches!(name.role, Role::Param | Role::Local) && name.name != "self" && name.name != "_"
        })
        .collect();
    let score = |binding: &Binding| {
        let telling = matches!(
            binding.name.as_str(),
            "result"
                | "results"
                | "out"
                | "output"
                | "ret"
                | "res"
                | "acc"
                | "total"
                | "ans"
                | "answer"
                | "value"
                | "found"
                | "best"
                | "count"
        );
        let local = binding.role == Role::Local;
        let depth = site.unit.source.indent_at(binding.at).len();
        (!telling, !local, depth, std::cmp::Reverse(binding.at))
    };
    let mut ranked = own;
    ranked.sort_by_key(|binding| score(binding));
    ranked.into_iter().map(|binding| binding.name.clone()).collect()
}

fn last_in_function(site: &Site<'_>) -> bool {
    let Some(function) = site.function() else { return false };
    site.unit.source.text[site.statement.span.end.min(function.body.end)..function.body.end].trim().trim_end_matches('}').trim().is_empty()
        && site.node.parent().is_some_and(|block| block.byte_range() == function.body)
}

fn rust(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(function) = site.function() else { return };
    let Some(returns) = function.returns.as_deref() else { return };
    let text = site.text(site.node);
    let semicolon = text.strip_suffix(';');
    if let (true, "expression_statement", Some(bare)) = (last_in_function(site), site.kind(), semicolon)
        && !bare.starts_with("return")
    {
        out.replace(site.node, bare, 1.5, "return the value: drop the semicolon");
    }
    if last_in_function(site) && site.kind().ends_with("statement") || site.kind() == "let_declaration" && last_in_function(site) {
        let indent = site.unit.source.indent_at(site.statement.span.start);
        for (rank, name) in results(site).into_iter().take(5).enumerate() {
            out.insert(
                site.statement.span.end,
                format!("{}{indent}{name}", site.unit.source.newline()),
                0.8 / (1.0 + 0.4 * rank as f32),
                format!("return `{name}`"),
            );
        }
    }
    if site.kind() == "expression_statement" && text.starts_with("return") {
        let wrapped = if returns.starts_with("Option") { vec!["return None;"] } else { vec![] };
        wrapped.into_iter().filter(|other| *other != text).for_each(|other| out.replace(site.node, other, 0.3, format!("`{other}`")));
    }
    if text == "None" && returns.starts_with("Option") {
        for name in results(site).into_iter().take(5) {
            out.replace(site.node, format!("Some({name})"), 0.25, format!("return `Some({name})`"));
        }
    }
    if returns.starts_with("Option") && site.text(site.node).starts_with("Some(") {
        out.replace(site.node, "None", 0.25, "return `None`");
    }
}
