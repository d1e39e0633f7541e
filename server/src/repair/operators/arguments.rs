//! Arguments and other ordered parts: swapped, dropped, forgotten.

use tree_sitter::Node;

use super::{Out, Site, arguments, brief, is_call};
use crate::repair::scope::Role;
use crate::repair::source::parts;

/// Proposals for a call, a tuple, a struct literal, or a macro's token tree.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "call" | "call_expression" => {
            let list = arguments(site.node);
            let params = parameters(site);
            swaps(site, &list, params.as_deref(), out);
            drops(site, &list, out);
            additions(site, &list, params.as_deref(), out);
            receiver(site, &list, out);
            spread(site, &list, out);
        }
        "tuple" | "tuple_expression" | "expression_list" | "array_expression" | "list" => {
            let list = parts(site.node);
            if list.len() <= 4 {
                pairwise(site, &list, 0.35, out);
            }
        }
        "pattern_list" | "tuple_pattern" => pairwise(site, &parts(site.node), 0.2, out),
        "field_initializer_list" => {
            let values: Vec<Node<'_>> = parts(site.node).into_iter().filter_map(|field| field.child_by_field_name("value")).collect();
            pairwise(site, &values, 0.2, out);
        }
        "subscript" | "index_expression" => nested_indices(site, out),
        "token_tree" => {
            let mut cursor = site.node.walk();
            let names: Vec<Node<'_>> = site.node.children(&mut cursor).filter(|node| node.kind() == "identifier" && lone(*node)).collect();
            pairwise(site, &names, 0.4, out);
        }
        _ => {}
    }
}

/// `grid[x][y]` → `grid[y][x]`.
fn nested_indices(site: &Site<'_>, out: &mut Out<'_>) {
    let (value, index) = if site.python() { ("value", site.field("subscript")) } else { ("", site.node.named_child(1)) };
    let inner = if site.python() { site.field(value) } else { site.node.named_child(0) };
    let Some(inner) = inner.filter(|inner| inner.kind() == site.kind()) else { return };
    let first = if site.python() { inner.child_by_field_name("subscript") } else { inner.named_child(1) };
    if let (Some(first), Some(second)) = (first, index) {
        pairwise(site, &[first, second], 0.6, out);
    }
}

/// A token-tree identifier standing alone between commas.
fn lone(node: Node<'_>) -> bool {
    let edge = |node: Option<Node<'_>>| node.is_some_and(|node| matches!(node.kind(), "," | "(" | ")" | "[" | "]"));
    edge(node.prev_sibling()) && edge(node.next_sibling())
}

/// The callee's parameter names, where exactly one definition is known.
fn parameters(site: &Site<'_>) -> Option<Vec<String>> {
    let function = site.field("function")?;
    let name = site.text(function).rsplit(['.', ':']).next()?;
    let found = site.project.parameters_of(name);
    (found.len() == 1).then(|| found[0].clone())
}

fn swaps(site: &Site<'_>, list: &[Node<'_>], params: Option<&[String]>, out: &mut Out<'_>) {
    let plain: Vec<(usize, Node<'_>)> = list
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, node)| !matches!(node.kind(), "keyword_argument" | "list_splat" | "dictionary_splat"))
        .collect();
    for (index, (i, a)) in plain.iter().enumerate() {
        for (j, b) in &plain[index + 1..] {
            let (x, y) = (site.text(*a), site.text(*b));
            if x == y {
                continue;
            }
            let named = |text: &str, position: usize| params.and_then(|params| params.get(position)).is_some_and(|param| param == text);
            let better = if named(x, *j) || named(y, *i) { 2.5 } else { 1.0 };
            let right = if named(x, *i) || named(y, *j) { 0.3 } else { 1.0 };
            let near = if plain.len() == 2 {
                0.8
            } else if j - i == 1 {
                0.6
            } else {
                0.35
            };
            let title = format!("swap the arguments `{}` and `{}`", brief(x), brief(y));
            out.edits(vec![(a.byte_range(), y.to_owned()), (b.byte_range(), x.to_owned())], near * better * right, title);
        }
    }
    let keyed: Vec<Node<'_>> =
        list.iter().filter(|node| node.kind() == "keyword_argument").filter_map(|node| node.child_by_field_name("value")).collect();
    pairwise(site, &keyed, 0.25, out);
}

fn pairwise(site: &Site<'_>, list: &[Node<'_>], weight: f32, out: &mut Out<'_>) {
    for (index, a) in list.iter().enumerate().take(6) {
        for b in list[index + 1..].iter().take(5) {
            let (x, y) = (site.unit.source.of(*a), site.unit.source.of(*b));
            if x != y {
                out.edits(
                    vec![(a.byte_range(), y.to_owned()), (b.byte_range(), x.to_owned())],
                    weight,
                    format!("swap `{}` and `{}`", brief(x), brief(y)),
                );
            }
        }
    }
}

fn drops(site: &Site<'_>, list: &[Node<'_>], out: &mut Out<'_>) {
    for (index, node) in list.iter().enumerate() {
        let span = match (list.get(index + 1), index.checked_sub(1).map(|before| list[before])) {
            (Some(next), _) => node.start_byte()..next.start_byte(),
            (None, Some(before)) => before.end_byte()..node.end_byte(),
            (None, None) => node.byte_range(),
        };
        let weight = if node.kind() == "keyword_argument" { 0.3 } else { 0.2 };
        let weight = if site.python() { weight } else { weight * 0.25 };
        out.edits(vec![(span, String::new())], weight, format!("drop the argument `{}`", brief(site.text(*node))));
    }
}

/// Parameters the call does not give: from a name in scope spelt the same, else from any local.
fn additions(site: &Site<'_>, list: &[Node<'_>], params: Option<&[String]>, out: &mut Out<'_>) {
    let Some(open) = site.field("arguments").filter(|arguments| matches!(arguments.kind(), "argument_list" | "arguments")) else { return };
    let comma = if list.is_empty() { "" } else { ", " };
    let close = list.last().map_or(open.start_byte() + 1, |last| last.end_byte());
    let given: Vec<&str> = list.iter().filter_map(|node| node.child_by_field_name("name")).map(|name| site.text(name)).collect();
    let names = site.names();
    for param in params.unwrap_or_default().iter().skip(list.len()).filter(|param| !given.contains(&param.as_str())) {
        if let Some(binding) = names.iter().find(|binding| binding.name == *param) {
            let (keyword, plain) = (format!("{comma}{param}={}", binding.name), format!("{comma}{}", binding.name));
            out.insert(close, plain, 0.7, format!("pass `{param}`"));
            if site.python() {
                out.insert(close, keyword, 0.7, format!("pass `{param}={param}`"));
            }
        }
    }
    let missing = params.is_none_or(|params| params.len() > list.len());
    if !missing || !is_call(site.node) {
        return;
    }
    let weight = if site.hints.boost("arguments") > 1.0 || params.is_some() { 0.3 } else { 0.1 };
    for (rank, binding) in
        names.iter().filter(|binding| matches!(binding.role, Role::Param | Role::Local) && binding.name != "self").take(6).enumerate()
    {
        let weight = weight / (1.0 + 0.3 * rank as f32) * if site.python() { 1.0 } else { 0.4 };
        out.insert(close, format!("{comma}{}", binding.name), weight, format!("also pass `{}`", binding.name));
        if list.len() == 1 {
            out.insert(list[0].start_byte(), format!("{}, ", binding.name), weight * 0.7, format!("first pass `{}`", binding.name));
        }
    }
}

/// Python: `f(x)` ↔ `f(*x)`.
fn spread(site: &Site<'_>, list: &[Node<'_>], out: &mut Out<'_>) {
    for node in list.iter().filter(|_| site.python()) {
        match node.kind() {
            "list_splat" => out.swap(*node, site.text(*node).trim_start_matches('*'), 0.4),
            "identifier" | "attribute" | "call" if list.len() <= 2 => out.swap(*node, format!("*{}", site.text(*node)), 0.12),
            _ => {}
        }
    }
}

/// `a.f(b)` where `b.f(a)` was meant.
fn receiver(site: &Site<'_>, list: &[Node<'_>], out: &mut Out<'_>) {
    let object =
        site.field("function").and_then(|function| function.child_by_field_name("object").or(function.child_by_field_name("value")));
    if let (Some(object), [argument]) = (object, list) {
        let core =
            if argument.kind() == "reference_expression" { argument.child_by_field_name("value").unwrap_or(*argument) } else { *argument };
        if matches!(core.kind(), "keyword_argument" | "lambda" | "closure_expression" | "list_splat" | "string_literal")
            || site.text(object) == "self"
        {
            return;
        }
        let (a, b) = (site.text(object), site.text(core));
        let edits = vec![(object.byte_range(), super::atom(core, b)), (core.byte_range(), a.to_owned())];
        out.edits(
            edits,
            if matches!(object.kind(), "identifier" | "string") { 0.3 } else { 0.1 },
            format!("swap `{}` and `{}`", brief(a), brief(b)),
        );
    }
}
