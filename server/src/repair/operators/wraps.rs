//! Conversions and adapters around a value: put on, taken off, exchanged; casts, references, `?`.

use super::{Out, Site, arguments, is_call};
use crate::repair::kinds::Kind;

const PYTHON_WRAPS: &[(&str, Kind, f32)] = &[
    ("int", Kind::Float, 0.35),
    ("int", Kind::Str, 0.3),
    ("float", Kind::Int, 0.2),
    ("float", Kind::Str, 0.15),
    ("str", Kind::Int, 0.3),
    ("list", Kind::List, 0.35),
    ("sorted", Kind::List, 0.35),
    ("len", Kind::List, 0.35),
    ("len", Kind::Str, 0.25),
    ("abs", Kind::Int, 0.35),
    ("abs", Kind::Float, 0.4),
    ("round", Kind::Float, 0.2),
    ("tuple", Kind::List, 0.2),
    ("set", Kind::List, 0.25),
    ("sum", Kind::List, 0.2),
    ("reversed", Kind::List, 0.25),
    ("bool", Kind::Unknown, 0.1),
    ("str", Kind::Unknown, 0.15),
    ("list", Kind::Unknown, 0.15),
    ("int", Kind::Unknown, 0.12),
    ("abs", Kind::Unknown, 0.15),
    ("len", Kind::Unknown, 0.15),
    ("sorted", Kind::Unknown, 0.15),
    ("iter", Kind::List, 0.1),
    ("max", Kind::List, 0.1),
    ("min", Kind::List, 0.1),
    ("enumerate", Kind::List, 0.1),
];

const PYTHON_SUFFIXES: &[(&str, Kind, f32)] = &[
    (".strip()", Kind::Str, 0.4),
    (".lower()", Kind::Str, 0.45),
    (".upper()", Kind::Str, 0.2),
    (".copy()", Kind::Dict, 0.3),
    (".copy()", Kind::List, 0.25),
    (".split()", Kind::Str, 0.15),
    (".items()", Kind::Dict, 0.3),
    (".values()", Kind::Dict, 0.25),
    (".keys()", Kind::Dict, 0.1),
    ("[::-1]", Kind::List, 0.2),
    ("[::-1]", Kind::Str, 0.15),
    (".rstrip()", Kind::Str, 0.2),
];

const RUST_SUFFIXES: &[(&str, Kind, f32)] = &[
    (".trim()", Kind::Str, 0.25),
    (".to_lowercase()", Kind::Str, 0.2),
    (".abs()", Kind::Float, 0.3),
    (".clone()", Kind::Unknown, 0.1),
    (".rev()", Kind::List, 0.35),
    (".len()", Kind::List, 0.15),
    (".to_string()", Kind::Str, 0.1),
    (".max(1)", Kind::Int, 0.15),
    (".max(0)", Kind::Int, 0.1),
    (".sqrt()", Kind::Float, 0.15),
];

/// Methods with no arguments whose removal leaves a value of much the same type.
const SHED: &[&str] = &[
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "copy",
    "rev",
    "abs",
    "trim",
    "trim_start",
    "trim_end",
    "to_lowercase",
    "to_uppercase",
    "clone",
    "casefold",
    "title",
    "capitalize",
    "sqrt",
    "floor",
    "ceil",
    "round",
    "to_ascii_lowercase",
    "to_ascii_uppercase",
    "reverse",
    "is_some",
    "peekable",
    "cloned",
    "copied",
    "swapcase",
    "fuse",
];

/// Proposals for calls, casts, references and values in places where conversions happen.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    unwrap(site, out);
    match site.kind() {
        "try_expression" => {
            if let Some(inner) = site.node.named_child(0) {
                out.swap(site.node, site.text(inner), 0.15);
            }
        }
        "type_cast_expression" => cast(site, out),
        "reference_expression" => {
            if let Some(inner) = site.field("value") {
                out.swap(site.node, site.text(inner), if site.hints.boost("wraps") > 1.0 { 0.6 } else { 0.05 });
            }
        }
        _ => {}
    }
    if value_position(site) {
        wrap(site, out);
    }
}

fn unwrap(site: &Site<'_>, out: &mut Out<'_>) {
    if !is_call(site.node) {
        return;
    }
    let Some(function) = site.field("function") else { return };
    let list = arguments(site.node);
    let name = site.text(function);
    if site.python() && function.kind() == "identifier" && !list.is_empty() {
        let known = matches!(
            name,
            "int"
                | "float"
                | "str"
                | "list"
                | "sorted"
                | "set"
                | "abs"
                | "round"
                | "tuple"
                | "reversed"
                | "bool"
                | "iter"
                | "len"
                | "sum"
                | "max"
                | "min"
                | "enumerate"
                | "dict"
        );
        let weight = if known { 0.8 } else { 0.2 };
        out.swap(site.node, site.text(list[0]), if list.len() == 1 { weight } else { weight * 0.4 });
        if name == "sorted" && list.len() == 1 {
            out.swap(site.node, format!("sorted({}, reverse=True)", site.text(list[0])), 1.0);
        }
    }
    let object = function.child_by_field_name("object").or(function.child_by_field_name("value"));
    if let (Some(object), true) = (object, matches!(function.kind(), "attribute" | "field_expression")) {
        let method = name.rsplit('.').next().unwrap_or_default();
        let known = SHED.contains(&method);
        let weight = if known {
            0.9
        } else if list.is_empty() && !site.python() {
            0.2
        } else {
            0.12
        };
        out.swap(site.node, site.text(object), weight);
        if matches!(
            method,
            "iter"
                | "into_iter"
                | "chars"
                | "bytes"
                | "iter_mut"
                | "lines"
                | "split_whitespace"
                | "split"
                | "enumerate"
                | "char_indices"
                | "windows"
                | "chunks"
        ) && !site.python()
        {
            out.insert(site.node.end_byte(), ".rev()", 0.3, "go through it backwards");
            out.insert(site.node.end_byte(), ".skip(1)", 0.12, "skip the first");
        }
        if method == "sort" && list.is_empty() && site.python() {
            out.insert(site.node.end_byte() - 1, "reverse=True", 0.8, "sort the other way");
        }
    }
}

fn cast(site: &Site<'_>, out: &mut Out<'_>) {
    let (Some(value), Some(written)) = (site.field("value"), site.field("type")) else { return };
    out.swap(site.node, site.text(value), 0.2);
    for other in ["usize", "i64", "i32", "u64", "u32", "u8", "f64", "isize", "u16", "i128", "u128"] {
        if other != site.text(written) {
            out.swap(written, other, 0.25);
        }
    }
}

fn value_position(site: &Site<'_>) -> bool {
    if !matches!(
        site.kind(),
        "identifier" | "attribute" | "call" | "subscript" | "field_expression" | "call_expression" | "binary_operator" | "index_expression"
    ) {
        return false;
    }
    let Some(parent) = site.node.parent() else { return false };
    let is = |field: &str| parent.child_by_field_name(field) == Some(site.node);
    match parent.kind() {
        "return_statement" | "return_expression" | "argument_list" | "arguments" | "comparison_operator" | "range_expression" => true,
        "assignment" => is("right"),
        "attribute" => is("object") && site.kind() == "identifier",
        "field_expression" => is("value") && site.kind() == "identifier",
        "let_declaration" | "for_expression" => is("value"),
        "for_statement" | "for_in_clause" => is("right"),
        "binary_operator" | "binary_expression" => true,
        "block" => !site.python() && site.node.next_named_sibling().is_none(),
        _ => false,
    }
}

fn wrap(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    if text.len() > 80 {
        return;
    }
    let known = site.unit.scope.lookup(text, site.node.start_byte()).map(|binding| binding.kind);
    let kind = known.unwrap_or_else(|| Kind::of_expression(site.node, &site.unit.source));
    let receiver = site.node.parent().is_some_and(|parent| matches!(parent.kind(), "attribute" | "field_expression"));
    let prefix = if site.python() && !receiver { PYTHON_WRAPS } else { &[] };
    for (function, _, weight) in prefix.iter().filter(|(_, wanted, _)| *wanted == kind) {
        out.swap(site.node, format!("{function}({text})"), *weight);
    }
    let suffixes = if site.python() { PYTHON_SUFFIXES } else { RUST_SUFFIXES };
    let chained = site.node.parent().is_some_and(|parent| matches!(parent.kind(), "attribute" | "field_expression"));
    for (suffix, _, weight) in suffixes.iter().filter(|(suffix, wanted, _)| *wanted == kind && !(chained && *suffix == ".clone()")) {
        out.insert(site.node.end_byte(), *suffix, *weight * 0.8, format!("use `{}{suffix}`", super::brief(text)));
    }
}
