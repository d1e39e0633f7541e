//! What the uses of a parameter say about its type.

use tree_sitter::Node;

use super::super::syntax::{Parsed, all, children, named};

const TEXT_METHODS: &[&str] = &[
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "rsplit",
    "lower",
    "upper",
    "startswith",
    "endswith",
    "replace",
    "title",
    "capitalize",
    "splitlines",
    "isdigit",
    "isalpha",
    "isalnum",
    "casefold",
    "encode",
    "format",
    "partition",
    "rpartition",
    "zfill",
    "isupper",
    "islower",
    "isspace",
    "swapcase",
];
const DICT_METHODS: &[&str] = &["items", "keys", "values", "get", "setdefault", "update", "popitem"];
const LIST_METHODS: &[&str] = &["append", "extend", "insert", "sort", "reverse", "remove"];

/// The type the uses of `name` below `body` suggest, as an annotation.
pub(super) fn used_as(parsed: &Parsed<'_>, body: Node<'_>, name: &str, depth: usize) -> Option<String> {
    if depth > 2 {
        return None;
    }
    let mut weak = None;
    for node in all(body).into_iter().filter(|node| node.kind() == "identifier" && parsed.of(*node) == name) {
        let Some(parent) = node.parent() else { continue };
        let role = |field: &str| parent.child_by_field_name(field) == Some(node);
        let strong = match parent.kind() {
            "attribute" if role("object") => match parsed.field(parent, "attribute") {
                method if TEXT_METHODS.contains(&method) => Some("str".to_owned()),
                method if DICT_METHODS.contains(&method) => Some("dict[str, int]".to_owned()),
                method if LIST_METHODS.contains(&method) => Some("list[int]".to_owned()),
                _ => None,
            },
            "for_statement" | "for_in_clause" if role("right") => {
                let item = parsed.field(parent, "left").to_owned();
                let around = if parent.kind() == "for_statement" { parent } else { parent.parent().unwrap_or(parent) };
                used_as(parsed, around, &item, depth + 1).map(|inner| format!("list[{inner}]"))
            }
            "subscript" if role("value") => match named(parent).get(1).map(|index| index.kind()) {
                Some("string") => Some("dict[str, int]".to_owned()),
                Some("slice" | "integer" | "unary_operator") => Some("list[int]".to_owned()),
                _ => None,
            },
            "argument_list" => passed_to(parsed, parent),
            "comparison_operator" | "binary_operator" => operand(parsed, parent, node),
            _ => None,
        };
        if let Some(strong) = strong {
            return Some(strong);
        }
        if matches!(parent.kind(), "for_statement" | "for_in_clause") && role("right") || is_counted(parsed, parent) {
            weak = Some("list[int]".to_owned());
        }
    }
    weak
}

fn passed_to(parsed: &Parsed<'_>, list: Node<'_>) -> Option<String> {
    let name = parsed.field(list.parent()?, "function");
    match name {
        "sum" | "min" | "max" | "statistics.mean" | "math.fsum" => Some("list[int]".into()),
        "range" | "chr" | "math.factorial" => Some("int".into()),
        "math.sqrt" | "math.floor" | "math.ceil" | "round" | "abs" | "math.log" => Some("float".into()),
        "ord" => Some("Literal['a']".into()),
        _ => None,
    }
}

fn is_counted(parsed: &Parsed<'_>, list: Node<'_>) -> bool {
    let called = list.parent().map(|call| parsed.field(call, "function")).unwrap_or_default();
    list.kind() == "argument_list" && ["len", "sorted", "enumerate", "list", "set", "reversed", "tuple"].contains(&called)
}

fn operand(parsed: &Parsed<'_>, parent: Node<'_>, node: Node<'_>) -> Option<String> {
    let operator = children(parent).into_iter().find(|child| !child.is_named()).map(|child| parsed.of(child)).unwrap_or_default();
    if operator == "in" || operator == "not in" || operator == "is" {
        return None;
    }
    let other = named(parent).into_iter().find(|child| *child != node)?;
    match (other.kind(), operator) {
        ("string", "==" | "!=" | "+" | "<" | ">") => Some("str".into()),
        ("float", _) => Some("float".into()),
        ("integer", _) | (_, "%" | "//" | "-" | "/" | "**" | "<" | ">" | "<=" | ">=") => Some("int".into()),
        _ => None,
    }
}
