//! The tests of a Rust file taken apart: functions marked as tests, everything inside `#[cfg(test)]` modules, and all of
//! a file under `tests/`.

use tree_sitter::{Node, Parser};

use super::units::{Loose, Units, tidy};

/// The units of the test part of `text`; of all of it where the file is a test target.
pub(super) fn units(text: &str, whole: bool) -> Units {
    let mut units = Units::default();
    let mut parser = Parser::new();
    let tree = parser.set_language(&tree_sitter_rust::LANGUAGE.into()).ok().and_then(|()| parser.parse(text, None));
    if let Some(tree) = tree {
        items(tree.root_node(), text, "", whole, &mut units);
    }
    units
}

fn slice<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// Adds the items of a file or module body; `inside` says whether they belong to tests as a whole.
fn items(body: Node<'_>, text: &str, scope: &str, inside: bool, units: &mut Units) {
    let mut cursor = body.walk();
    let mut marks = String::new();
    for node in body.named_children(&mut cursor) {
        match node.kind() {
            "attribute_item" => {
                marks.push_str(slice(node, text));
                marks.push('\n');
                continue;
            }
            "line_comment" | "block_comment" => continue,
            _ => item(node, text, scope, inside, &marks, units),
        }
        marks.clear();
    }
}

fn item(node: Node<'_>, text: &str, scope: &str, inside: bool, marks: &str, units: &mut Units) {
    let name = node.child_by_field_name("name").map(|name| slice(name, text)).unwrap_or_default();
    let is_test = node.kind() == "function_item" && marks.lines().any(is_test_mark);
    match node.kind() {
        "mod_item" => {
            let tests = inside || marks.lines().any(|mark| mark.contains("cfg") && mark.contains("test"));
            let inner = format!("{scope}{name}::");
            if tests {
                units.define(format!("{scope}{name}"), &format!("{marks}mod {name}"));
            }
            match node.child_by_field_name("body") {
                Some(body) => items(body, text, &inner, tests, units),
                None if tests => units.define(format!("{scope}mod {name}"), &format!("{marks}{}", slice(node, text))),
                None => {}
            }
        }
        "function_item" | "struct_item" | "enum_item" | "const_item" | "static_item" | "type_item" | "trait_item" | "macro_definition"
        | "union_item"
            if inside || is_test =>
        {
            units.define(format!("{scope}{name}"), &format!("{marks}{}", slice(node, text)));
            identifiers(node, text, units);
        }
        _ if inside => {
            let binds = if node.kind() == "use_declaration" { used_names(node, text) } else { Vec::new() };
            let only_binds = matches!(
                node.kind(),
                "use_declaration" | "impl_item" | "empty_statement" | "extern_crate_declaration" | "macro_invocation"
            );
            units.loose.push(Loose { text: format!("{scope}{marks}{}", tidy(slice(node, text))), binds, only_binds });
            if node.kind() != "use_declaration" {
                identifiers(node, text, units);
            }
        }
        _ => {}
    }
}

/// `#[test]`, `#[tokio::test]`, `#[rstest]`, `#[test_case(..)]` and their like.
fn is_test_mark(mark: &str) -> bool {
    let inner = mark.trim_start_matches("#[").trim();
    let path = inner.split(['(', ']', ' ', '=']).next().unwrap_or_default();
    let last = path.rsplit("::").next().unwrap_or_default();
    matches!(last, "test" | "rstest" | "test_case" | "case" | "quickcheck" | "wasm_bindgen_test" | "bench" | "test_log")
}

/// The names a `use` binds: the last segments and aliases; a new glob binds `*`.
fn used_names(node: Node<'_>, text: &str) -> Vec<String> {
    let list = slice(node, text);
    let list = list.trim_start_matches("pub ").trim_start_matches("use ").trim_end_matches(';');
    let parts = list.split([',', '{', '}']).map(str::trim).filter(|part| !part.is_empty() && !part.ends_with("::"));
    parts
        .filter_map(|part| {
            let name = part.rsplit_once(" as ").map_or(part, |(_, alias)| alias);
            name.rsplit("::").next().map(|name| name.trim().to_owned())
        })
        .collect()
}

fn identifiers(node: Node<'_>, text: &str, units: &mut Units) {
    if matches!(node.kind(), "identifier" | "type_identifier") {
        units.used.insert(slice(node, text).to_owned());
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        identifiers(child, text, units);
    }
}

/// The fenced examples in doc comments, without the ones marked as text.
pub(super) fn examples(text: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in text.lines().map(str::trim) {
        let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            open = None;
            continue;
        };
        let doc = doc.trim();
        match (&mut open, doc.starts_with("```") || doc.starts_with("~~~")) {
            (None, true) => open = Some(vec![doc]),
            (Some(_), true) => examples.extend(open.take().map(|lines| lines.join("\n")).filter(|example| !example.contains("text"))),
            (Some(lines), false) => lines.push(doc),
            (None, false) => {}
        }
    }
    examples
}
