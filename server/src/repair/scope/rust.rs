//! Names of a Rust file: block-scoped `let`s, patterns of arms, loops and `if let`, closures, items, fields, methods, variants.

use std::ops::Range;

use tree_sitter::Node;

use super::{Binding, Member, Role, Scope};
use crate::repair::kinds::Kind;
use crate::repair::source::{Source, base_type, parts, walk};

/// Surveys a Rust file.
pub fn survey(source: &Source) -> Scope {
    let mut scope = Scope::default();
    walk(source.root(), &mut |node| {
        visit(node, source, &mut scope);
        true
    });
    scope
}

fn visit(node: Node<'_>, source: &Source, scope: &mut Scope) {
    match node.kind() {
        "function_item" | "function_signature_item" => function(node, source, scope),
        "closure_expression" => {
            let body = node.child_by_field_name("body").map(|body| body.byte_range()).unwrap_or_default();
            for parameter in node.child_by_field_name("parameters").map(parts).unwrap_or_default() {
                let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
                bind(pattern, parameter.child_by_field_name("type"), None, Role::Param, body.clone(), source, scope);
            }
        }
        "let_declaration" => {
            let end = block_end(node);
            if let Some(pattern) = node.child_by_field_name("pattern") {
                let (written, value) = (node.child_by_field_name("type"), node.child_by_field_name("value"));
                bind(pattern, written, value, Role::Local, node.end_byte()..end, source, scope);
            }
        }
        "for_expression" => {
            if let (Some(pattern), Some(body)) = (node.child_by_field_name("pattern"), node.child_by_field_name("body")) {
                let range = node.child_by_field_name("value").is_some_and(|value| source.of(value).contains(".."));
                let before = scope.bindings.len();
                bind(pattern, None, None, Role::Local, body.byte_range(), source, scope);
                scope.bindings[before..].iter_mut().filter(|_| range).for_each(|binding| binding.kind = Kind::Int);
            }
        }
        "match_arm" => {
            if let Some(pattern) = node.child_by_field_name("pattern") {
                bind(pattern, None, None, Role::Local, pattern.start_byte()..node.end_byte(), source, scope);
            }
        }
        "let_condition" => {
            let end = std::iter::successors(node.parent(), |node| node.parent()).find_map(|node| match node.kind() {
                "if_expression" => node.child_by_field_name("consequence"),
                "while_expression" => node.child_by_field_name("body"),
                _ => None,
            });
            if let (Some(pattern), Some(end)) = (node.child_by_field_name("pattern"), end) {
                bind(pattern, None, None, Role::Local, node.end_byte()..end.end_byte(), source, scope);
            }
        }
        "const_item" | "static_item" => constant(node, source, scope),
        "struct_item" | "enum_item" | "trait_item" | "type_item" | "mod_item" | "union_item" => item(node, source, scope),
        "field_declaration" => {
            if let (Some(owner), Some(name), Some(kind)) =
                (owner_item(node, source), node.child_by_field_name("name"), node.child_by_field_name("type"))
            {
                let kind = Kind::of_annotation(source.of(kind));
                scope.members.push(Member { owner, name: source.of(name).to_owned(), params: None, kind, variant: false });
            }
        }
        "enum_variant" => {
            if let (Some(owner), Some(name)) = (owner_item(node, source), node.child_by_field_name("name")) {
                let params =
                    node.child_by_field_name("body").map(|body| parts(body).iter().map(|part| source.of(*part).to_owned()).collect());
                scope.members.push(Member { owner, name: source.of(name).to_owned(), params, kind: Kind::Object, variant: true });
            }
        }
        "use_declaration" => imports(node, source, scope),
        _ => {}
    }
}

fn function(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let Some(name) = node.child_by_field_name("name") else { return };
    let parameters: Vec<Node<'_>> = node.child_by_field_name("parameters").map(parts).unwrap_or_default();
    let patterns = parameters.iter().filter_map(|parameter| parameter.child_by_field_name("pattern"));
    let names: Vec<String> = patterns.map(|pattern| source.of(pattern).trim_start_matches("mut ").to_owned()).collect();
    let returns = node.child_by_field_name("return_type").map_or(Kind::Unknown, |kind| Kind::of_annotation(source.of(kind)));
    let own = source.of(name).to_owned();
    match owner_impl(node, source) {
        Some(owner) => scope.members.push(Member { owner, name: own, params: Some(names), kind: returns, variant: false }),
        None => push(scope, name, own, Role::Function, module(node), Kind::Callable, None, Some(names)),
    }
    let Some(body) = node.child_by_field_name("body").map(|body| body.byte_range()) else { return };
    for parameter in parameters {
        if parameter.kind() == "self_parameter" {
            let owner = owner_impl(node, source);
            push(scope, parameter, "self".into(), Role::Param, body.clone(), Kind::Object, owner, None);
        } else if let Some(pattern) = parameter.child_by_field_name("pattern") {
            bind(pattern, parameter.child_by_field_name("type"), None, Role::Param, body.clone(), source, scope);
        }
    }
}

fn constant(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let (Some(name), Some(written)) = (node.child_by_field_name("name"), node.child_by_field_name("type")) else { return };
    let kind = Kind::of_annotation(source.of(written));
    let own = source.of(name).to_owned();
    match owner_impl(node, source) {
        Some(owner) => scope.members.push(Member { owner, name: own, params: None, kind, variant: false }),
        None => push(scope, name, own, Role::Global, module(node), kind, None, None),
    }
}

fn item(node: Node<'_>, source: &Source, scope: &mut Scope) {
    if let Some(name) = node.child_by_field_name("name") {
        let kind = if node.kind() == "mod_item" { Kind::Module } else { Kind::Callable };
        push(scope, name, source.of(name).to_owned(), Role::Type, module(node), kind, None, None);
    }
}

fn imports(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let visible = module(node);
    walk(node, &mut |inner| {
        let shown = match inner.kind() {
            "identifier" if inner.next_sibling().is_none_or(|next| next.kind() != "::") => Some(inner),
            _ => None,
        };
        if let Some(shown) = shown {
            let name = source.of(shown).to_owned();
            let kind = if name.starts_with(char::is_uppercase) { Kind::Callable } else { Kind::Module };
            push(scope, shown, name, Role::Import, visible.clone(), kind, None, None);
        }
        inner.kind() != "use_as_clause" || {
            if let Some(alias) = inner.child_by_field_name("alias") {
                push(scope, alias, source.of(alias).to_owned(), Role::Import, visible.clone(), Kind::Callable, None, None);
            }
            false
        }
    });
}

/// Binds the names of a pattern; a type or value, where there is one, gives their kind.
fn bind(
    pattern: Node<'_>,
    written: Option<Node<'_>>,
    value: Option<Node<'_>>,
    role: Role,
    visible: Range<usize>,
    source: &Source,
    scope: &mut Scope,
) {
    let plain = matches!(pattern.kind(), "identifier" | "mut_pattern" | "ref_pattern");
    let type_name = written.filter(|_| plain).map(|kind| base_type(source.of(kind)).to_owned()).or_else(|| {
        let value = value.filter(|value| plain && matches!(value.kind(), "struct_expression" | "call_expression"))?;
        let text = source.of(value);
        let head = text.split(['{', '(', ':', '<']).next()?.trim();
        head.starts_with(char::is_uppercase).then(|| head.to_owned())
    });
    walk(pattern, &mut |node| {
        let name = source.of(node);
        let names = matches!(node.kind(), "identifier" | "shorthand_field_identifier")
            && name.starts_with(|first: char| first.is_lowercase() || first == '_');
        if names && name != "_" {
            let kind = match written.filter(|_| plain).map(|kind| Kind::of_annotation(source.of(kind))) {
                Some(kind) if kind != Kind::Unknown => kind,
                _ => match value.filter(|_| plain).map(|value| Kind::of_expression(value, source)) {
                    Some(kind) if kind != Kind::Unknown => kind,
                    _ => Kind::of_name(name),
                },
            };
            push(scope, node, name.to_owned(), role, visible.clone(), kind, type_name.clone(), None);
        }
        !matches!(node.kind(), "scoped_identifier" | "match_arm")
            && !node
                .parent()
                .is_some_and(|parent| parent.kind() == "match_pattern" && parent.child_by_field_name("condition") == Some(node))
    });
}

#[allow(clippy::too_many_arguments)]
fn push(
    scope: &mut Scope,
    at: Node<'_>,
    name: String,
    role: Role,
    visible: Range<usize>,
    kind: Kind,
    type_name: Option<String>,
    params: Option<Vec<String>>,
) {
    scope.bindings.push(Binding { name, role, visible, at: at.start_byte(), kind, type_name, params });
}

fn block_end(node: Node<'_>) -> usize {
    std::iter::successors(node.parent(), |node| node.parent())
        .find(|node| node.kind() == "block")
        .map_or(node.end_byte(), |block| block.end_byte())
}

/// The module, or function body for nested items, around an item.
fn module(node: Node<'_>) -> Range<usize> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.kind() == "mod_item" || (parent.kind() == "block" && at != node) {
            return parent.byte_range();
        }
        at = parent;
    }
    0..at.end_byte() + 1
}

fn owner_impl(node: Node<'_>, source: &Source) -> Option<String> {
    let holder = node.parent()?.parent()?;
    let name = match holder.kind() {
        "impl_item" => holder.child_by_field_name("type"),
        "trait_item" => holder.child_by_field_name("name"),
        _ => None,
    }?;
    Some(base_type(source.of(name)).to_owned())
}

fn owner_item(node: Node<'_>, source: &Source) -> Option<String> {
    let holder = std::iter::successors(node.parent(), |node| node.parent())
        .find(|node| matches!(node.kind(), "struct_item" | "enum_item" | "union_item" | "enum_variant"))?;
    Some(source.of(holder.child_by_field_name("name")?).to_owned())
}
