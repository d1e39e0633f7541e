//! Names nobody knows: misspelt or unbound variables, attributes, methods, imports, types, keyword arguments, keys —
//! against what is known, nearest spelling first, names from the error message before all others.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::{Out, Site, is_use, similarity};
use crate::repair::scope::{self, Role};
use crate::repair::source::Lang;

/// Modules whose missing import is worth guessing.
const STANDARD_MODULES: &[&str] = &[
    "math",
    "re",
    "os",
    "sys",
    "json",
    "itertools",
    "functools",
    "collections",
    "random",
    "datetime",
    "time",
    "string",
    "operator",
    "copy",
    "bisect",
    "heapq",
    "decimal",
    "fractions",
    "statistics",
    "typing",
    "textwrap",
    "pathlib",
    "warnings",
    "io",
    "struct",
    "logging",
    "types",
    "enum",
    "abc",
    "contextlib",
    "inspect",
    "calendar",
    "uuid",
];

/// Methods of the built-in types, for attributes nobody in the project defines.
const COMMON_METHODS: &[&str] = &[
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "index",
    "count",
    "sort",
    "reverse",
    "copy",
    "get",
    "keys",
    "values",
    "items",
    "update",
    "setdefault",
    "add",
    "discard",
    "union",
    "join",
    "split",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "capitalize",
    "replace",
    "startswith",
    "endswith",
    "find",
    "rfind",
    "format",
    "encode",
    "decode",
    "isdigit",
    "isalpha",
    "isalnum",
    "isspace",
    "islower",
    "isupper",
    "splitlines",
    "zfill",
    "popleft",
    "appendleft",
    "most_common",
    "group",
    "groups",
    "match",
    "search",
    "push",
    "len",
    "is_empty",
    "iter",
    "into_iter",
    "collect",
    "map",
    "filter",
    "fold",
    "contains",
    "contains_key",
    "push_str",
    "trim",
    "chars",
    "bytes",
    "to_string",
    "to_owned",
    "to_lowercase",
    "to_uppercase",
    "starts_with",
    "ends_with",
    "first",
    "last",
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "clone",
    "as_str",
    "as_ref",
    "enumerate",
    "zip",
    "rev",
    "skip",
    "take",
    "sum",
    "min",
    "max",
    "abs",
    "pow",
    "sqrt",
    "entry",
    "or_insert",
    "or_default",
    "and_then",
    "ok_or",
    "expect",
];

/// Proposals for an identifier, attribute, type, keyword argument or string key that could not be resolved.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if site.node.child_count() > 0 && site.kind() != "string" {
        return;
    }
    let name = site.text(site.node);
    let reported = site.hints.unknown.contains(name);
    match site.kind() {
        "identifier" if is_use(site.node) => variable(site, name, reported, out),
        "identifier" if reported => other_identifier(site, name, out),
        "identifier" if is_attribute(site.node) => attribute(site, name, reported, out),
        "field_identifier" | "type_identifier" | "shorthand_field_identifier" if reported => other_identifier(site, name, out),
        "field_identifier" if is_attribute(site.node) => attribute(site, name, reported, out),
        "string" => key(site, name, out),
        _ => {}
    }
    definition(site, name, out);
}

fn is_attribute(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| matches!(parent.kind(), "attribute" | "field_expression"))
}

fn variable(site: &Site<'_>, name: &str, reported: bool, out: &mut Out<'_>) {
    let at = site.node.start_byte();
    let unresolved = site.unit.scope.lookup(name, at).is_none() && !scope::is_builtin(site.lang(), name);
    let doubtful = site.lang() == Lang::Rust || site.unit.source.text.contains("import *");
    if !reported && (!unresolved || doubtful) {
        return;
    }
    let mut pool: BTreeSet<&str> = site.names().iter().map(|binding| binding.name.as_str()).collect();
    pool.extend(scope::builtins(site.lang()));
    let from = if reported { 3.0 } else { 1.5 };
    nearest(site, name, pool, from, out);
    if site.lang() == Lang::Python {
        missing_import(site, name, from, out);
    }
}

fn attribute(site: &Site<'_>, name: &str, reported: bool, out: &mut Out<'_>) {
    let object = site
        .node
        .parent()
        .and_then(|parent| parent.child_by_field_name("object").or(parent.child_by_field_name("value")))
        .map(|object| site.text(object));
    let owner = site.function().and_then(|function| function.owner.as_deref());
    let known = |member: &str| !site.project.owners_of(member).is_empty();
    let own = object == Some("self") && owner.is_some();
    let rare = site.unit.scope.uses.get(name).copied().unwrap_or_default() <= 1;
    if !reported && (known(name) || COMMON_METHODS.contains(&name) || !(own || rare)) {
        return;
    }
    let weight = if reported { 3.0 } else { 0.5 };
    nearest(site, name, members_and_methods(site, own.then_some(owner).flatten()), weight, out);
}

/// Anything else the message names: attributes, types, imported names, keyword arguments.
fn other_identifier(site: &Site<'_>, name: &str, out: &mut Out<'_>) {
    let mut pool: BTreeSet<&str> = members_and_methods(site, None);
    for unit in site.project.units.values() {
        let visible = unit
            .scope
            .bindings
            .iter()
            .filter(|binding| matches!(binding.role, Role::Function | Role::Type | Role::Global) || binding.params.is_some());
        pool.extend(visible.map(|binding| binding.name.as_str()));
        if site.node.parent().is_some_and(|parent| parent.kind() == "keyword_argument") {
            pool.extend(unit.scope.bindings.iter().filter(|binding| binding.role == Role::Param).map(|binding| binding.name.as_str()));
        }
    }
    nearest(site, name, pool, 3.0, out);
}

fn members_and_methods<'s>(site: &Site<'s>, owner: Option<&str>) -> BTreeSet<&'s str> {
    let mut pool: BTreeSet<&str> = match owner {
        Some(owner) => site.project.members_of(owner).iter().map(|member| member.name.as_str()).collect(),
        None => site.project.member_names().collect(),
    };
    if owner.is_none() {
        pool.extend(COMMON_METHODS);
    }
    pool
}

/// A string key the message calls unknown, against the strings of the project.
fn key(site: &Site<'_>, text: &str, out: &mut Out<'_>) {
    let inner = text.trim_matches(['"', '\'']);
    if !site.hints.unknown.contains(inner) || inner.len() + 2 != text.len() {
        return;
    }
    let mut pool: BTreeMap<String, f32> = BTreeMap::new();
    crate::repair::source::walk(site.unit.source.root(), &mut |node| {
        if node.kind() == "string" {
            let other = site.unit.source.of(node).trim_matches(['"', '\'']);
            if other != inner && !other.is_empty() {
                pool.insert(other.to_owned(), similarity(inner, other));
            }
        }
        true
    });
    let quote = &text[..1];
    for (other, alike) in pool.into_iter().filter(|(_, alike)| *alike > 0.4) {
        out.swap(site.node, format!("{quote}{other}{quote}"), 2.0 * alike);
    }
}

/// The definition is what is misspelt: others ask for a name that nothing defines, and this one is spelt nearly so.
fn definition(site: &Site<'_>, name: &str, out: &mut Out<'_>) {
    let Some(parent) = site.node.parent() else { return };
    let defines = matches!(
        parent.kind(),
        "function_definition"
            | "class_definition"
            | "function_item"
            | "struct_item"
            | "enum_item"
            | "field_declaration"
            | "enum_variant"
            | "const_item"
    ) && parent.child_by_field_name("name") == Some(site.node)
        || (matches!(
            parent.kind(),
            "assignment"
                | "for_statement"
                | "for_in_clause"
                | "parameters"
                | "default_parameter"
                | "pattern_list"
                | "as_pattern_target"
                | "let_declaration"
        ) && site.kind() == "identifier"
            && parent.child_by_field_name("right") != Some(site.node)
            && parent.child_by_field_name("value") != Some(site.node))
        || (parent.kind() == "attribute"
            && parent.parent().is_some_and(|up| up.kind() == "assignment" && up.child_by_field_name("left") == Some(parent)));
    if !defines {
        return;
    }
    if site.unit.scope.uses.get(name).copied().unwrap_or_default() > 6 {
        return;
    }
    for unknown in site.hints.unknown.iter().filter(|unknown| unknown.as_str() != name && similarity(name, unknown) > 0.6) {
        out.swap(site.node, unknown.clone(), 1.5 * similarity(name, unknown));
    }
}

fn nearest(site: &Site<'_>, name: &str, pool: BTreeSet<&str>, from: f32, out: &mut Out<'_>) {
    let meant = site.hints.meant.get(name);
    let mut scored: Vec<(f32, &str)> = Vec::new();
    for other in pool.into_iter().filter(|other| *other != name) {
        let told = if meant.is_some_and(|meant| meant.contains(other)) { 2.0 } else { 0.0 };
        let alike = similarity(name, other);
        let inside = if other.len() > 2 && name.len() > 2 && (name.contains(other) || other.contains(name)) { 0.15 } else { 0.0 };
        let score = alike * alike + inside + told;
        if score > 0.15 {
            scored.push((score, other));
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    for (score, other) in scored.into_iter().take(10) {
        out.swap(site.node, other, from * score);
    }
}

/// `math.pi` without `import math`, or a name another module of the project defines.
fn missing_import(site: &Site<'_>, name: &str, from: f32, out: &mut Out<'_>) {
    let at = import_place(site);
    let newline = site.unit.source.newline();
    if STANDARD_MODULES.contains(&name) {
        out.insert(at, format!("import {name}{newline}"), from, format!("import `{name}`"));
    }
    for (path, unit) in site.project.units.iter().filter(|(path, _)| **path != site.unit.source.path) {
        let defines = unit
            .scope
            .bindings
            .iter()
            .any(|binding| binding.name == name && matches!(binding.role, Role::Function | Role::Type | Role::Global));
        let stem = path.file_name().trim_end_matches(".py");
        if defines && path.parent() == site.unit.source.path.parent() {
            let package = path.parent().is_some() && site.unit.source.text.contains("from .");
            let module = if package {
                format!(".{stem}")
            } else {
                path.as_str().trim_end_matches(".py").trim_start_matches("src/").replace('/', ".")
            };
            out.insert(at, format!("from {module} import {name}{newline}"), from * 0.7, format!("import `{name}` from `{module}`"));
        }
    }
}

/// The line of the first import, or the top of the file.
fn import_place(site: &Site<'_>) -> usize {
    let root = site.unit.source.root();
    let mut cursor = root.walk();
    let imports = root.children(&mut cursor).find(|node| matches!(node.kind(), "import_statement" | "import_from_statement"));
    imports.map_or(0, |node| node.start_byte())
}
