//! Off by one: indices, slices, ranges, lengths, and operands of comparisons; which end of a sequence is meant.

use tree_sitter::Node;

use super::{Out, Site, arguments, atom, is_call, operator_of};
use crate::repair::kinds::Kind;
use crate::repair::source::parts;

/// Proposals for slices, ranges and expressions that count.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "slice" => slice(site, out),
        "range_expression" => rust_range(site, out),
        // The grammar has no `..=end`: it reads an assignment to `..`.
        "assignment_expression" if site.field("left").is_some_and(|left| site.text(left) == "..") => {
            if let Some(end) = site.field("right") {
                out.swap(site.node, format!("..{}", site.text(end)), 1.0);
                out.swap(site.node, format!("{}..", site.text(end)), 0.4);
            }
        }
        "call" if site.field("function").is_some_and(|function| site.text(function) == "range") => python_range(site, out),
        ".." | "..=" if site.node.parent().is_some_and(|parent| matches!(parent.kind(), "token_tree" | "range_pattern")) => {
            out.swap(site.node, if site.kind() == ".." { "..=" } else { ".." }, 0.9);
        }
        _ => {}
    }
    if let Some(weight) = counting_position(site) {
        step(site, site.node, weight, out);
    }
}

/// `e` → `e + 1`, `e - 1`; `e + 1` → `e` is arithmetic's business.
fn step<'s>(site: &Site<'s>, node: Node<'s>, weight: f32, out: &mut Out<'_>) {
    if matches!(
        node.kind(),
        "integer"
            | "integer_literal"
            | "float"
            | "float_literal"
            | "string"
            | "string_literal"
            | "none"
            | "true"
            | "false"
            | "boolean_literal"
            | "unary_operator"
    ) {
        return;
    }
    let source = &site.unit.source;
    let kind = Kind::of_expression(node, source);
    let named = node.kind() == "identifier";
    if matches!(kind, Kind::Bool | Kind::Callable)
        || matches!(kind, Kind::Str | Kind::List | Kind::Dict) && !named
        || matches!(node.kind(), "slice" | "range_expression")
    {
        return;
    }
    let (text, fit) = (
        source.of(node),
        match kind {
            Kind::Int => 1.0,
            Kind::Str | Kind::List | Kind::Dict => 0.2,
            _ => 0.55,
        },
    );
    let plain = match node.kind() {
        "binary_operator" | "binary_expression" => {
            let additive = operator_of(node).is_some_and(|token| matches!(token.kind(), "+" | "-" | "*" | "/" | "//" | "%"));
            if additive { text.to_owned() } else { atom(node, text) }
        }
        _ => atom(node, text),
    };
    for (sign, share) in [("-", 1.0), ("+", 0.95)] {
        out.replace(node, format!("{plain} {sign} 1"), weight * share * fit, format!("use `{} {sign} 1`", super::brief(&plain)));
    }
}

/// Where an expression is an index, a bound or a count, and how likely it is one off.
fn counting_position(site: &Site<'_>) -> Option<f32> {
    if !site.node.is_named() {
        return None;
    }
    let parent = site.node.parent()?;
    let is = |field: &str| parent.child_by_field_name(field) == Some(site.node);
    let length = is_call(site.node)
        && matches!(callee(site), "len" | "count")
        && !matches!(parent.kind(), "slice" | "range_expression" | "subscript");
    let weight = match parent.kind() {
        "slice" | "range_expression" => 0.9,
        "subscript" if is("subscript") => 0.8,
        "index_expression" if parent.named_child(1) == Some(site.node) => 0.8,
        "argument_list" | "arguments" => {
            let call = parent.parent().filter(|call| is_call(*call))?;
            let name = call
                .child_by_field_name("function")
                .map(|function| site.unit.source.of(function).rsplit(['.', ':']).next().unwrap_or_default());
            match name {
                Some("range") => 0.9,
                Some(
                    "skip" | "take" | "nth" | "get" | "remove" | "insert" | "swap" | "split_at" | "truncate" | "with_capacity" | "repeat"
                    | "step_by" | "get_mut" | "islice" | "pop",
                ) => 0.6,
                Some("min" | "max" | "Some" | "Ok") => 0.3,
                Some("len" | "print" | "isinstance" | "str" | "list" | "sorted" | "sum") => 0.08,
                _ => 0.2,
            }
        }
        "comparison_operator" | "binary_expression" => match operator_of(parent).map(|token| token.kind()) {
            None | Some("<" | ">" | "<=" | ">=" | "==" | "!=") => 0.4,
            Some("/" | "//" | "%") => 0.25,
            _ if length => 0.4,
            _ => return None,
        },
        "binary_operator" if length => 0.5,
        "binary_operator" => match operator_of(parent).map(|token| token.kind()) {
            Some("/" | "//" | "%" | "*") => 0.2,
            _ => return None,
        },
        "return_statement" | "return_expression" => 0.35,
        "assignment" | "let_declaration" | "assignment_expression" if (is("right") || is("value")) => 0.4,
        "augmented_assignment" | "compound_assignment_expr" if is("right") => 0.15,
        "block" if !site.python() && site.node.next_named_sibling().is_none() && !site.node.kind().ends_with("statement") => 0.35,
        "expression_list" | "tuple" | "tuple_expression" => 0.25,
        "keyword_argument" if is("value") => 0.15,
        "match_arm" if is("value") => 0.2,
        _ => return None,
    };
    Some(weight)
}

fn callee<'s>(site: &Site<'s>) -> &'s str {
    site.field("function").map(|function| site.text(function).rsplit(['.', ':']).next().unwrap_or_default()).unwrap_or_default()
}

fn slice(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    let mut ends: Vec<&str> = split_colons(site);
    let step = if ends.len() > 2 { ends.pop().unwrap_or_default() } else { "" };
    let (start, stop) = (ends.first().copied().unwrap_or_default().trim(), ends.get(1).copied().unwrap_or_default().trim());
    let colon = if step.is_empty() { String::new() } else { format!(":{step}") };
    let mut offer = |new: String, weight: f32| {
        if new != text {
            out.swap(site.node, new, weight);
        }
    };
    match (start.is_empty(), stop.is_empty()) {
        (false, true) => {
            offer(format!(":{start}{colon}"), 0.6);
            offer(format!("{start}:-1{colon}"), 0.25);
            if start.chars().all(|c| c.is_ascii_digit()) {
                offer(format!(":-{start}{colon}"), 0.4);
            }
            offer(format!("-{}:{colon}", super::brief(start)), 0.25);
        }
        (true, false) => {
            offer(format!("{stop}:{colon}"), 0.6);
            offer(format!("1:{stop}{colon}"), 0.3);
            offer(format!("-{stop}:{colon}"), 0.25);
            match stop.strip_prefix('-') {
                Some(positive) => offer(format!("{positive}:{colon}"), 0.4),
                None => offer(format!(":-{stop}{colon}"), 0.25),
            }
        }
        (false, false) => {
            offer(format!("{start}:{colon}"), 0.4);
            offer(format!(":{stop}{colon}"), 0.4);
            offer(format!("{stop}:{start}{colon}"), 0.2);
        }
        (true, true) => {
            offer("::-1".into(), if step.is_empty() { 0.25 } else { 0.1 });
            offer("1:".into(), 0.25);
            offer(":-1".into(), 0.25);
        }
    }
    if step.is_empty() {
        offer(format!("{start}:{stop}:-1"), 0.06);
    } else {
        offer(format!("{start}:{stop}"), 0.3);
    }
    if let (false, Ok(number)) = (start.is_empty(), start.parse::<i64>()) {
        offer(format!("{}:{stop}{colon}", number + 1), 0.4);
    } else if start.is_empty() && !stop.is_empty() {
        offer(format!(":{stop} + 1"), 0.1);
    }
}

/// The parts of a slice, as text.
fn split_colons<'s>(site: &Site<'s>) -> Vec<&'s str> {
    let text = site.text(site.node);
    let base = site.node.start_byte();
    let mut cursor = site.node.walk();
    let colons: Vec<usize> =
        site.node.children(&mut cursor).filter(|child| child.kind() == ":").map(|colon| colon.start_byte() - base).collect();
    let starts = std::iter::once(0).chain(colons.iter().map(|colon| colon + 1));
    let ends = colons.iter().copied().chain(std::iter::once(text.len()));
    starts.zip(ends).map(|(start, end)| text[start..end].trim()).collect()
}

fn python_range(site: &Site<'_>, out: &mut Out<'_>) {
    let list = arguments(site.node);
    let texts: Vec<&str> = list.iter().map(|node| site.text(*node)).collect();
    match texts[..] {
        [stop] => {
            out.swap(site.node, format!("range(1, {stop})"), 0.5);
            out.swap(site.node, format!("range(1, {stop} + 1)"), 0.35);
        }
        [start, stop] => {
            out.swap(site.node, format!("range({stop})"), 0.4);
            out.swap(site.node, format!("range(0, {stop})"), 0.1);
            out.swap(site.node, format!("range({start} + 1, {stop} + 1)"), 0.25);
            out.swap(site.node, format!("range({start} - 1, {stop} - 1)"), 0.15);
        }
        _ => {}
    }
}

fn rust_range(site: &Site<'_>, out: &mut Out<'_>) {
    let mut cursor = site.node.walk();
    let Some(dots) = site.node.children(&mut cursor).find(|child| matches!(child.kind(), ".." | "..=")) else { return };
    let ends = parts(site.node);
    let before = ends.iter().find(|end| end.end_byte() <= dots.start_byte());
    let after = ends.iter().find(|end| end.start_byte() >= dots.end_byte());
    if after.is_some() {
        out.swap(dots, if dots.kind() == ".." { "..=" } else { ".." }, 1.0);
    }
    let indexes = site.node.parent().is_some_and(|parent| parent.kind() == "index_expression");
    match (before, after) {
        (Some(start), None) => out.swap(site.node, format!("..{}", site.text(*start)), 0.5),
        (None, Some(end)) => {
            out.swap(site.node, format!("{}..", site.text(*end)), 0.5);
            out.swap(site.node, format!("1..{}", site.text(*end)), 0.2);
        }
        (Some(start), Some(end)) if indexes => {
            out.swap(site.node, format!("{}..", site.text(*start)), 0.4);
            out.swap(site.node, format!("..{}", site.text(*end)), 0.4);
        }
        _ => {}
    }
}
