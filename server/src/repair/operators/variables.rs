//! The wrong variable: any other name in scope at each use, those of the same kind, unused ones and similar ones first.

use tree_sitter::Node;

use super::{Out, Site, is_call, is_use, similarity};
use crate::repair::kinds::Kind;
use crate::repair::scope::{Binding, Role};

/// Names offered at one use.
const BREADTH: usize = 30;

/// Other names for a name that is read; attributes of `self` for a bare name.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if !is_use(site.node) {
        values(site, out);
        return;
    }
    let name = site.text(site.node);
    let called = site.node.parent().is_some_and(|parent| is_call(parent) && parent.child_by_field_name("function") == Some(site.node));
    let binding = site.unit.scope.lookup(name, site.node.start_byte());
    let mut offers: Vec<(f32, &Binding)> = Vec::new();
    for other in site.names() {
        if other.name == name || other.name == "_" || is_bound_here(site, other) || is_lone_function(site, other) {
            continue;
        }
        offers.push((weight(site, name, binding, other, called), other));
    }
    offers.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let shorthand = site.kind() == "shorthand_field_identifier";
    for (rank, (weight, other)) in offers.into_iter().take(BREADTH).enumerate() {
        let weight = weight / (1.0 + 0.06 * rank as f32);
        if shorthand {
            out.replace(site.node, format!("{name}: {}", other.name), weight, format!("use `{}` instead of `{name}`", other.name));
            continue;
        }
        out.swap(site.node, other.name.clone(), weight);
        everywhere(site, name, &other.name, weight, out);
    }
    members_of_self(site, name, binding, out);
}

/// A name where a literal or a call stands: unused ones and those of the same kind first.
fn values(site: &Site<'_>, out: &mut Out<'_>) {
    let literal = matches!(
        site.kind(),
        "integer" | "integer_literal" | "float" | "float_literal" | "string" | "string_literal" | "none" | "char_literal"
    );
    let compound = matches!(
        site.kind(),
        "call"
            | "call_expression"
            | "subscript"
            | "index_expression"
            | "attribute"
            | "field_expression"
            | "binary_operator"
            | "binary_expression"
    );
    let text = site.text(site.node);
    let receiver = site.kind() == "string" && site.node.parent().is_some_and(|parent| parent.kind() == "attribute");
    if !literal && !compound || text.len() > 60 || !(receiver || is_value(site.node)) {
        return;
    }
    let kind = Kind::of_expression(site.node, &site.unit.source);
    let mut offers: Vec<(f32, String)> = Vec::new();
    for other in site
        .names()
        .into_iter()
        .filter(|other| matches!(other.role, Role::Param | Role::Local) && !matches!(other.name.as_str(), "self" | "cls" | "_"))
    {
        if is_bound_here(site, other) {
            continue;
        }
        let unused = if other.role == Role::Param && uses_in_function(site, &other.name) == 0 { 3.0 } else { 1.0 };
        let inside = if words(text).any(|word| word == other.name) { 0.8 } else { 1.0 };
        offers.push((unused * inside * kind.fit(other.kind) * if literal { 0.3 } else { 0.22 }, other.name.clone()));
    }
    if site.text_of_function_has_self() {
        let owner = site.function().and_then(|function| function.owner.as_deref());
        let fields = site
            .unit
            .scope
            .members
            .iter()
            .filter(|member| Some(member.owner.as_str()) == owner && member.params.is_none() && !member.variant);
        offers.extend(fields.map(|field| (0.15 * kind.fit(field.kind), format!("self.{}", field.name))));
    }
    offers.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    offers.dedup_by(|a, b| a.1 == b.1);
    for (rank, (weight, other)) in offers.into_iter().filter(|(_, other)| other != text).take(10).enumerate() {
        out.swap(site.node, other, weight / (1.0 + 0.1 * rank as f32));
    }
}

/// Where a whole value stands: not the target of an assignment, not the callee, not a part of a path or pattern.
fn is_value(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let is = |field: &str| parent.child_by_field_name(field) == Some(node);
    match parent.kind() {
        "assignment" | "augmented_assignment" | "assignment_expression" | "compound_assignment_expr" => is("right"),
        "call"
        | "call_expression"
        | "expression_statement"
        | "match_pattern"
        | "dictionary_splat"
        | "decorator"
        | "reference_pattern"
        | "tuple_struct_pattern"
        | "range_pattern"
        | "or_pattern"
        | "token_tree"
        | "default_parameter"
        | "typed_default_parameter"
        | "concatenated_string"
        | "interpolation"
        | "array_type"
        | "attribute"
        | "field_expression"
        | "generic_function"
        | "scoped_identifier" => false,
        "keyword_argument" | "let_declaration" => is("value"),
        "module" => false,
        _ => true,
    }
}

/// How promising `other` is where `name` stands.
fn weight(site: &Site<'_>, name: &str, binding: Option<&Binding>, other: &Binding, called: bool) -> f32 {
    let kind = binding.map_or(Kind::of_name(name), |binding| binding.kind);
    let role = match other.role {
        Role::Param | Role::Local if called => 0.1,
        Role::Param | Role::Local => 1.0,
        Role::Function if called => 0.35,
        Role::Import if called => 0.15,
        Role::Global if site.text(site.node).chars().any(char::is_lowercase) => 0.2,
        Role::Global => 0.5,
        Role::Type if called => 0.1,
        _ => 0.02,
    };
    let fit = if called { 1.0 } else { 0.25 + 0.75 * kind.fit(other.kind) };
    let same_type = match (binding.and_then(|binding| binding.type_name.as_deref()), other.type_name.as_deref()) {
        (Some(a), Some(b)) if a == b => 1.5,
        (Some(_), Some(_)) if !site.python() => 0.5,
        _ => 1.0,
    };
    let alike = similarity(name, &other.name);
    let unused = match uses_in_function(site, &other.name) {
        0 if other.role == Role::Param => 2.0,
        0 if other.role == Role::Local => 1.6,
        1 => 1.1,
        _ => 1.0,
    };
    let twice = if repeated_in_operation(site, name) { 1.5 } else { 1.0 };
    let owner = if name == "self" { 0.25 } else { 1.0 };
    let unbound =
        site.python() && binding.is_none() && !crate::repair::scope::is_builtin(site.lang(), name) || site.hints.unknown.contains(name);
    let owner = if unbound { owner * 3.0 } else { owner };
    let near = if used_nearby(site, &other.name) { 1.15 } else { 0.9 };
    role * near * fit * same_type * (0.55 + 0.6 * alike) * unused * twice * owner
}

/// The name the statement itself binds cannot have been meant on its right-hand side, unless it existed before.
fn is_bound_here(site: &Site<'_>, other: &Binding) -> bool {
    site.statement.span.contains(&other.at) && other.at > site.node.start_byte() && other.visible.start > site.node.start_byte()
}

fn is_lone_function(site: &Site<'_>, other: &Binding) -> bool {
    other.role == Role::Function
        && site.function().is_some_and(|function| function.name == other.name)
        && site.text(site.node) != other.name
        && other.params.is_none()
}

/// How often the function reads a name (its parameter list not counted).
fn uses_in_function(site: &Site<'_>, name: &str) -> usize {
    let Some(function) = site.function() else { return 1 };
    words(&site.unit.source.text[function.body.clone()]).filter(|word| *word == name).count()
}

/// Whether the name occurs within a few lines.
fn used_nearby(site: &Site<'_>, name: &str) -> bool {
    let source = &site.unit.source;
    let line = source.line_of(site.node.start_byte());
    let around = source.line_span(line.saturating_sub(3).max(1)).start..source.line_span(line + 2).end;
    source.text.get(around).is_some_and(|text| words(text).any(|word| word == name))
}

/// The identifiers, keywords and numbers of a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// `a - a`, `f(a, a)`: one of the two was probably meant to be something else.
fn repeated_in_operation(site: &Site<'_>, name: &str) -> bool {
    let Some(parent) = site.node.parent() else { return false };
    let alike = matches!(
        parent.kind(),
        "binary_operator" | "binary_expression" | "comparison_operator" | "argument_list" | "arguments" | "boolean_operator" | "pair"
    );
    let mut cursor = parent.walk();
    alike && parent.named_children(&mut cursor).any(|child| child != site.node && site.text(child) == name)
}

/// The same replacement at all other uses of the name in this statement, proposed once, at the first use.
fn everywhere(site: &Site<'_>, name: &str, other: &str, weight: f32, out: &mut Out<'_>) {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    crate::repair::source::own_nodes(site.whole, &mut |node| {
        if is_use(node) && site.text(node) == name && node.kind() == site.kind() {
            nodes.push(node);
        }
    });
    if nodes.len() > 1 && nodes[0] == site.node {
        let edits = nodes.iter().map(|node| (node.byte_range(), other.to_owned())).collect();
        out.edits(edits, weight * 0.3, format!("use `{other}` instead of `{name}` throughout the statement"));
    }
}

/// `x` where `self.x` was meant, and other fields of the same sort.
fn members_of_self(site: &Site<'_>, name: &str, binding: Option<&Binding>, out: &mut Out<'_>) {
    let Some(owner) = site.function().and_then(|function| function.owner.as_deref()) else { return };
    if name == "self" || !site.text_of_function_has_self() {
        return;
    }
    let kind = binding.map_or(Kind::of_name(name), |binding| binding.kind);
    let mut offers: Vec<(f32, &str)> = Vec::new();
    for member in site.unit.scope.members.iter().filter(|member| member.owner == owner && member.params.is_none() && !member.variant) {
        let exact = member.name == name || member.name.trim_start_matches('_') == name;
        let weight = if exact { 0.7 } else { 0.2 * kind.fit(member.kind) * (0.5 + similarity(name, &member.name)) };
        offers.push((if binding.is_none() { weight * 3.0 } else { weight }, &member.name));
    }
    offers.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    offers.dedup_by(|a, b| a.1 == b.1);
    for (weight, member) in offers.into_iter().take(10) {
        out.swap(site.node, format!("self.{member}"), weight);
    }
}

impl Site<'_> {
    /// Whether the function around takes `self`.
    pub(super) fn text_of_function_has_self(&self) -> bool {
        self.function().is_some_and(|function| {
            let head = &self.unit.source.text[function.span.start..function.body.start];
            words(head).any(|word| word == "self")
        })
    }
}
