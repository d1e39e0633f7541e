//! Python test files taken apart: functions, classes with their members, and everything else at module level.

use tree_sitter::{Node, Parser};

use super::units::{Loose, Units, tidy};

/// The units of a module. A text that does not parse is one loose statement: any change to it counts.
pub(super) fn units(text: &str) -> Units {
    let mut units = Units::default();
    let mut parser = Parser::new();
    let tree = parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok().and_then(|()| parser.parse(text, None));
    let Some(tree) = tree.filter(|tree| !tree.root_node().has_error()) else {
        units.loose.push(Loose { text: tidy(text), binds: Vec::new(), only_binds: false });
        return units;
    };
    let mut cursor = tree.walk();
    for node in tree.root_node().named_children(&mut cursor) {
        add(node, text, "", &mut units);
    }
    identifiers(tree.root_node(), text, &mut units);
    units
}

fn slice<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

fn add(node: Node<'_>, text: &str, scope: &str, units: &mut Units) {
    let inner = if node.kind() == "decorated_definition" { node.child_by_field_name("definition").unwrap_or(node) } else { node };
    let name = inner.child_by_field_name("name").map(|name| slice(name, text)).unwrap_or_default();
    match inner.kind() {
        "function_definition" => {
            let whole = slice(node, text);
            let autouse =
                node.kind() == "decorated_definition" && whole.split("def ").next().is_some_and(|marks| marks.contains("autouse"));
            let name = if autouse { format!("{scope}<autouse>{name}") } else { format!("{scope}{name}") };
            units.define(name, whole);
        }
        "class_definition" => {
            let body = inner.child_by_field_name("body");
            let head = text.get(node.start_byte()..body.map_or(node.end_byte(), |body| body.start_byte())).unwrap_or_default();
            units.define(format!("{scope}{name}"), head.trim_end());
            let inside = format!("{scope}{name}.");
            let mut cursor = node.walk();
            for member in body.into_iter().flat_map(|body| body.named_children(&mut cursor).collect::<Vec<_>>()) {
                add(member, text, &inside, units);
            }
        }
        "comment" => {}
        "import_from_statement" if !slice(inner, text).contains("import *") => units.loose.extend(imports(inner, text, scope)),
        _ => units.loose.push(loose(inner, text, scope)),
    }
}

/// One unit per imported name, so that a name more in a line of imports is no change of those that were there.
fn imports(node: Node<'_>, text: &str, scope: &str) -> Vec<Loose> {
    let module = node.child_by_field_name("module_name").map_or("", |module| slice(module, text));
    let mut cursor = node.walk();
    let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
    let one = |name: Node<'_>| {
        let bound = name.child_by_field_name("alias").unwrap_or(name);
        Loose {
            text: format!("{scope}from {module} import {}", tidy(slice(name, text))),
            binds: vec![slice(bound, text).to_owned()],
            only_binds: true,
        }
    };
    names.into_iter().map(one).collect()
}

fn loose(node: Node<'_>, text: &str, scope: &str) -> Loose {
    let whole = slice(node, text);
    let assignment = (node.kind() == "expression_statement").then(|| node.named_child(0)).flatten();
    let target = assignment.filter(|inner| inner.kind() == "assignment").and_then(|inner| inner.child_by_field_name("left"));
    let binds = match (node.kind(), target) {
        ("import_statement" | "import_from_statement" | "future_import_statement", _) => imported(node, text),
        (_, Some(target)) if target.kind() == "identifier" => vec![slice(target, text).to_owned()],
        _ => Vec::new(),
    };
    let doc = assignment.is_some_and(|inner| inner.kind() == "string");
    let main = node.kind() == "if_statement" && whole.starts_with("if __name__ ==");
    let star = whole.contains("import *");
    let only_binds = !star && (!binds.is_empty() || doc || main || node.kind() == "pass_statement");
    Loose { text: format!("{scope}{}", tidy(whole)), binds, only_binds }
}

/// The names an import binds.
fn imported(node: Node<'_>, text: &str) -> Vec<String> {
    let mut cursor = node.walk();
    let names = node.children_by_field_name("name", &mut cursor);
    names
        .filter_map(|name| {
            let bound = name.child_by_field_name("alias").unwrap_or(name);
            slice(bound, text).split('.').next().map(str::to_owned)
        })
        .collect()
}

fn identifiers(node: Node<'_>, text: &str, units: &mut Units) {
    if node.kind() == "identifier" {
        units.used.insert(slice(node, text).to_owned());
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        identifiers(child, text, units);
    }
}

/// The doctest examples of a text: each prompt line with the output below it.
pub(super) fn examples(text: &str) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(">>> ") {
            examples.push(line.to_owned());
            open = true;
        } else if open && !line.is_empty() && !line.starts_with("\"\"\"") && !line.starts_with("'''") {
            if let Some(last) = examples.last_mut() {
                last.push('\n');
                last.push_str(line);
            }
        } else {
            open = false;
        }
    }
    examples
}
