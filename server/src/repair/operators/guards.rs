//! A missing guard: the empty case, `None`, zero, handled before the statement that cannot bear it; also guards that
//! neighbours have (redundancy assumption: the code that is missing here exists elsewhere in the program).

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::{Out, Site, brief, free_words};
use crate::repair::kinds::Kind;
use crate::repair::scope::Role;
use crate::repair::source::{own_nodes, walk};

/// Proposals for whole statements in a function: insert a guard before it.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    let Some(function) = site.function() else { return };
    if !site.is_whole() || site.node.parent().is_none_or(|parent| parent.kind() != "block") {
        return;
    }
    let first = is_first(site);
    let risk = risky_names(site);
    if !first && risk.is_empty() && just_bound(site).is_none() {
        ingredient_guards(site, 0.35, out);
        return;
    }
    let exits = exits(site, function);
    for (name, kind, danger) in subjects(site, first, &risk) {
        for (condition, fit) in conditions(site, &name, kind) {
            for (exit, likely) in &exits {
                let weight = danger * fit * likely;
                if weight > 0.01 {
                    out.insert(
                        site.statement.span.start,
                        guard(site, &condition, exit),
                        weight,
                        format!("guard: if `{condition}`, `{}`", brief(exit)),
                    );
                }
            }
        }
    }
    inline_guard(site, out);
    ingredient_guards(site, if first { 0.9 } else { 0.5 }, out);
}

/// The first statement after a docstring.
fn is_first(site: &Site<'_>) -> bool {
    let function_body = site.function().map(|function| function.body.clone());
    let in_body = site.node.parent().is_some_and(|block| Some(block.byte_range()) == function_body);
    let previous = site.node.prev_named_sibling().filter(|node| !node.kind().ends_with("comment"));
    in_body
        && previous.is_none_or(|node| {
            node.kind() == "expression_statement" && site.text(node).starts_with(['"', '\'', 'r']) && node.prev_named_sibling().is_none()
        })
}

/// A guard as text that ends where the guarded statement begins.
fn guard(site: &Site<'_>, condition: &str, exit: &str) -> String {
    let source = &site.unit.source;
    let (indent, step, newline) = (source.indent_at(site.statement.span.start), source.indent_step(), source.newline());
    if site.python() {
        format!("if {condition}:{newline}{indent}{step}{exit}{newline}{indent}")
    } else {
        format!("if {condition} {{{newline}{indent}{step}{exit};{newline}{indent}}}{newline}{indent}")
    }
}

/// Names this statement divides by, indexes, calls methods on, or takes the extreme of.
fn risky_names<'s>(site: &Site<'s>) -> BTreeMap<&'s str, f32> {
    let mut risk: BTreeMap<&str, f32> = BTreeMap::new();
    own_nodes(site.whole, &mut |node| {
        let field = |name: &str| node.child_by_field_name(name);
        let subject = match node.kind() {
            "binary_operator" | "binary_expression"
                if matches!(super::operator_of(node).map(|token| token.kind()), Some("/" | "//" | "%")) =>
            {
                field("right").map(|node| (node, 1.0))
            }
            "subscript" => field("value").map(|node| (node, 0.8)),
            "index_expression" => node.named_child(0).map(|node| (node, 0.8)),
            "attribute" => field("object").map(|node| (node, 0.5)),
            "call"
                if field("function")
                    .is_some_and(|function| matches!(site.text(function), "max" | "min" | "next" | "reduce" | "len" | "sum")) =>
            {
                Some((node, 0.7))
            }
            "for_statement" => field("right").map(|node| (node, 0.4)),
            _ => None,
        };
        if let Some((inside, danger)) = subject {
            walk(inside, &mut |node| {
                if super::is_use(node) && site.text(node) != "self" {
                    let slot = risk.entry(site.text(node)).or_default();
                    *slot = slot.max(danger);
                }
                true
            });
        }
    });
    risk
}

/// Whom to guard, with its kind and how much it needs it: names at risk here, what the statement before bound, and before
/// the first statement also every parameter and the fields the method reads.
fn subjects(site: &Site<'_>, first: bool, risk: &BTreeMap<&str, f32>) -> Vec<(String, Kind, f32)> {
    let mut found: Vec<(String, Kind, f32)> = Vec::new();
    let fresh = just_bound(site);
    for binding in site
        .names()
        .into_iter()
        .filter(|binding| matches!(binding.role, Role::Param | Role::Local) && binding.name != "self" && binding.name != "cls")
    {
        let risky = risk.get(binding.name.as_str()).copied().unwrap_or_default() * if first { 1.0 } else { 0.6 };
        let param = if first && binding.role == Role::Param { 0.6 } else { 0.0 };
        let new = if fresh.as_ref().is_some_and(|span| span.contains(&binding.at)) { 0.5 } else { 0.0 };
        let danger = risky.max(param).max(new);
        if danger > 0.0 {
            found.push((binding.name.clone(), binding.kind, danger));
        }
    }
    if first && site.text_of_function_has_self() {
        let body = site.function().map(|function| &site.unit.source.text[function.body.clone()]).unwrap_or_default();
        let owner = site.function().and_then(|function| function.owner.as_deref()).unwrap_or_default();
        let read = |field: &str| {
            body.match_indices("self.")
                .any(|(at, dot)| body[at + dot.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(field))
        };
        let fields =
            site.project.members_of(owner).iter().filter(|member| member.params.is_none() && !member.variant && read(&member.name));
        found.extend(fields.take(4).map(|field| (format!("self.{}", field.name), field.kind, 0.4)));
    }
    found
}

/// The statement just before, if it binds a name: what it found may be nothing.
fn just_bound(site: &Site<'_>) -> Option<std::ops::Range<usize>> {
    let before = site.node.prev_named_sibling().filter(|node| !node.kind().ends_with("comment"))?;
    let binds = before.kind() == "let_declaration" || before.named_child(0).is_some_and(|inner| inner.kind() == "assignment");
    binds.then(|| before.byte_range())
}

fn conditions(site: &Site<'_>, name: &str, kind: Kind) -> Vec<(String, f32)> {
    if site.python() {
        let (none, falsy, zero) = match kind {
            Kind::Int | Kind::Float => (0.6, 0.6, 0.8),
            Kind::List | Kind::Str | Kind::Dict => (0.6, 1.0, 0.05),
            Kind::Bool => (0.2, 0.3, 0.0),
            _ => (0.9, 0.9, 0.3),
        };
        let count = if matches!(kind, Kind::Int | Kind::Float) { 0.5 } else { 0.05 };
        return vec![
            (format!("{name} is None"), none),
            (format!("not {name}"), falsy),
            (format!("{name} == 0"), zero),
            (format!("{name} < 0"), count),
            (format!("{name} <= 0"), count * 0.8),
            (format!("len({name}) == 0"), 0.0),
            (format!("len({name}) < 2"), if kind == Kind::List { 0.15 } else { 0.0 }),
        ];
    }
    match kind {
        Kind::Int => vec![
            (format!("{name} == 0"), 1.0),
            (format!("{name} < 1"), 0.1),
            (format!("{name} < 2"), 0.15),
            (format!("{name} == 1"), 0.2),
            (format!("{name} < 0"), 0.2),
        ],
        Kind::Float => vec![(format!("{name} == 0.0"), 0.9), (format!("{name} < 0.0"), 0.4), (format!("{name} <= 0.0"), 0.4)],
        Kind::List | Kind::Str | Kind::Dict => vec![(format!("{name}.is_empty()"), 1.0)],
        Kind::Optional => vec![(format!("{name}.is_none()"), 0.8)],
        Kind::Bool => vec![(name.to_owned(), 0.3), (format!("!{name}"), 0.3)],
        _ => vec![(format!("{name}.is_empty()"), 0.4)],
    }
}

/// How to leave: values this function returns elsewhere first, then the empty values its results suggest.
fn exits(site: &Site<'_>, function: &crate::repair::source::Function) -> Vec<(String, f32)> {
    let mut exits: Vec<(String, f32)> = Vec::new();
    let mut add = |text: String, weight: f32| {
        if !exits.iter().any(|(known, _)| *known == text) {
            exits.push((text, weight));
        }
    };
    if in_loop(site) {
        add("continue".into(), 0.8);
        add("break".into(), 0.3);
    }
    let mut kinds = Vec::new();
    for statement in site
        .siblings()
        .filter(|statement| matches!(statement.kind.as_str(), "return_statement" | "expression_statement" | "raise_statement"))
    {
        let text = &site.unit.source.text[statement.span.clone()];
        let Some(node) = site.unit.source.node_of(statement) else { continue };
        if statement.kind == "raise_statement" || text.starts_with("return Err(") {
            add(text.trim_end_matches(';').to_owned(), 0.6);
        } else if let Some(value) = text.strip_prefix("return ").map(|value| value.trim_end_matches(';')) {
            kinds.push(node.named_child(0).map_or(Kind::Unknown, |value| Kind::of_expression(value, &site.unit.source)));
            if free_words(value).next().is_none() && value.len() < 24 {
                add(format!("return {value}"), 0.9);
            }
        }
    }
    let defaults = if site.python() { python_defaults(site, function, &kinds) } else { rust_defaults(site, function) };
    for (value, weight) in defaults {
        add(value, weight);
    }
    if site.python() {
        for (raised, weight) in raises(site) {
            add(raised, weight);
        }
    }
    exits
}

fn in_loop(site: &Site<'_>) -> bool {
    std::iter::successors(site.node.parent(), |node| node.parent())
        .take_while(|node| !matches!(node.kind(), "function_definition" | "function_item" | "closure_expression"))
        .any(|node| matches!(node.kind(), "for_statement" | "while_statement" | "for_expression" | "while_expression" | "loop_expression"))
}

fn python_defaults(site: &Site<'_>, function: &crate::repair::source::Function, kinds: &[Kind]) -> Vec<(String, f32)> {
    let annotated = function.returns.as_deref().map_or(Kind::Unknown, Kind::of_annotation);
    let has =
        |kind: Kind| annotated == kind || kinds.contains(&kind) || (annotated == Kind::Unknown && Kind::of_name(&function.name) == kind);
    let value = |value: &str, likely: bool, otherwise: f32| (format!("return {value}"), if likely { 0.9 } else { otherwise });
    let mut list = vec![
        value("None", has(Kind::Optional), 0.6),
        value("0", has(Kind::Int), if has(Kind::Float) { 0.8 } else { 0.5 }),
        value("[]", has(Kind::List), 0.4),
        value("False", has(Kind::Bool), 0.35),
        value("\"\"", has(Kind::Str), 0.35),
        value("True", has(Kind::Bool), 0.2),
        value("0.0", has(Kind::Float), 0.15),
        value("{}", has(Kind::Dict), 0.15),
        value("()", false, 0.08),
        ("return".into(), 0.25),
        value("1", false, 0.1),
        value("-1", false, 0.1),
    ];
    let params = site.names().into_iter().filter(|name| name.role == Role::Param && name.name != "self").take(4);
    list.extend(params.map(|param| (format!("return {}", param.name), 0.35)));
    list
}

/// Exceptions this file raises, else the usual one.
fn raises(site: &Site<'_>) -> Vec<(String, f32)> {
    let mut found: Vec<(String, f32)> = Vec::new();
    for statement in site.unit.source.statements.iter().filter(|statement| statement.kind == "raise_statement") {
        let text = site.unit.source.text[statement.span.clone()].to_owned();
        if text.contains('(') && !text.contains('\n') && site.in_scope(&text) && found.len() < 6 {
            found.push((text, 0.25));
        }
    }
    let wanted = |name: &str| site.hints.words.contains(name);
    for error in ["ValueError", "TypeError", "KeyError", "IndexError"] {
        found.push((format!("raise {error}()"), if wanted(error) && site.hints.words.contains("raise") { 0.9 } else { 0.06 }));
    }
    found
}

fn rust_defaults(site: &Site<'_>, function: &crate::repair::source::Function) -> Vec<(String, f32)> {
    let Some(returns) = function.returns.as_deref() else { return vec![("return".into(), 0.9)] };
    let value = |value: &str, weight: f32| (format!("return {value}"), weight);
    let mut list = match (Kind::of_annotation(returns), returns.trim()) {
        (Kind::Optional, _) => vec![value("None", 1.0)],
        (Kind::Bool, _) => vec![value("false", 0.8), value("true", 0.7)],
        (Kind::Int, _) => vec![value("0", 0.9), value("1", 0.4)],
        (Kind::Float, _) => vec![value("0.0", 0.9), value("1.0", 0.3), value("f64::NAN", 0.1)],
        (_, "&str" | "&'static str") => vec![value("\"\"", 0.9)],
        (_, "String") => vec![value("String::new()", 0.9)],
        (_, written) if written.starts_with("Vec") => vec![value("Vec::new()", 0.9), value("vec![]", 0.1)],
        (_, written) if written.starts_with("Result") => {
            let inner = written.split(['<', ',']).nth(1).unwrap_or_default().trim();
            let ok = match Kind::of_annotation(inner) {
                Kind::Int => "Ok(0)",
                Kind::Bool => "Ok(false)",
                _ => "Ok(Default::default())",
            };
            vec![value(ok, 0.3)]
        }
        _ => vec![value("Default::default()", 0.5)],
    };
    for statement in site.unit.source.statements.iter().filter(|_| returns.starts_with("Result")) {
        let text = site.unit.source.text[statement.span.clone()].trim_end_matches(';');
        let error = text.strip_prefix("return ").unwrap_or(text);
        if error.starts_with("Err(") && !error.contains('\n') && site.in_scope(error) && list.len() < 8 {
            list.push(value(error, 0.6));
        }
    }
    let wanted = Kind::of_annotation(returns);
    let alike = site.names().into_iter().filter(|name| match name.role {
        Role::Param => name.type_name.as_deref() == Some(returns.trim()),
        Role::Local => name.kind == wanted && wanted != Kind::Unknown,
        _ => false,
    });
    list.extend(alike.take(5).map(|name| (format!("return {}", name.name), 0.5)));
    list
}

/// `a / b` → `a / b if b else 0` where only a value is wanted.
fn inline_guard(site: &Site<'_>, out: &mut Out<'_>) {
    if !site.python() {
        return;
    }
    let mut divisions: Vec<(Node<'_>, Node<'_>)> = Vec::new();
    own_nodes(site.whole, &mut |node| {
        let divides =
            node.kind() == "binary_operator" && matches!(super::operator_of(node).map(|token| token.kind()), Some("/" | "//" | "%"));
        if let Some(right) = node.child_by_field_name("right").filter(|_| divides) {
            divisions.push((node, right));
        }
    });
    for (node, divisor) in divisions {
        let (whole, divisor) = (site.text(node), site.text(divisor));
        for fallback in ["0", "0.0", "None"] {
            out.swap(node, format!("({whole} if {divisor} else {fallback})"), if fallback == "0" { 0.3 } else { 0.1 });
        }
    }
}

/// Guards of the same file whose names make sense here, as they are or with the first parameter in place of a stranger.
fn ingredient_guards(site: &Site<'_>, weight: f32, out: &mut Out<'_>) {
    let mut seen: Vec<String> = Vec::new();
    let own = site.function().map(|function| function.span.clone()).unwrap_or_default();
    for statement in &site.unit.source.statements {
        let text = site.unit.source.text[statement.span.clone()].trim_end_matches(';');
        let is_guard = matches!(statement.kind.as_str(), "if_statement" | "expression_statement" | "if_expression")
            && text.starts_with("if ")
            && text.len() < 200;
        if !is_guard
            || text.contains("else")
            || text.contains("elif")
            || text.lines().count() > 4
            || site.statement.span.contains(&statement.span.start)
            || seen.len() > 16
        {
            continue;
        }
        let leaves = ["return", "raise ", "continue", "break"].iter().any(|word| text.contains(word));
        if !leaves
            || (text.contains("continue") || text.contains("break")) && !in_loop(site)
            || site.unit.source.in_tests(statement.span.start)
        {
            continue;
        }
        let already = own.contains(&statement.span.start) && statement.span.start < site.statement.span.start;
        for (variant, fit) in adapt(site, text) {
            if !seen.contains(&variant) {
                let local = if own.contains(&statement.span.start) { 0.8 } else { 1.0 };
                let reindented = reindent(site, statement.span.start, &variant);
                out.insert(
                    site.statement.span.start,
                    reindented,
                    weight * fit * local * if already { 0.3 } else { 1.0 },
                    format!("guard as elsewhere: `{}`", brief(&variant)),
                );
                seen.push(variant);
            }
        }
    }
}

/// A guard's text with names that do not exist here replaced by one that does.
fn adapt(site: &Site<'_>, text: &str) -> Vec<(String, f32)> {
    let at = site.node.start_byte();
    let mut strangers: Vec<&str> = free_words(text)
        .filter(|word| site.unit.scope.lookup(word, at).is_none() && !crate::repair::scope::is_builtin(site.lang(), word))
        .collect();
    strangers.sort_unstable();
    strangers.dedup();
    match strangers[..] {
        [] => vec![(text.to_owned(), 0.8)],
        [stranger] => {
            let params = site.names().into_iter().filter(|name| name.role == Role::Param && name.name != "self" && name.name != "cls");
            params.take(3).map(|param| (replace_word(text, stranger, &param.name), 0.5)).collect()
        }
        _ => Vec::new(),
    }
}

/// `text` with every whole-word `from` replaced.
pub(super) fn replace_word(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let whole = !rest[..at].ends_with(word) && !rest[at + from.len()..].starts_with(word);
        out.push_str(&rest[..at]);
        out.push_str(if whole { to } else { from });
        rest = &rest[at + from.len()..];
    }
    out.push_str(rest);
    out
}

/// A statement copied from `from`, indented as the statement here, ending where that one begins.
pub(super) fn reindent(site: &Site<'_>, from: usize, text: &str) -> String {
    let source = &site.unit.source;
    let (there, here, newline) = (source.indent_at(from), source.indent_at(site.statement.span.start), source.newline());
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push_str(newline);
            out.push_str(here);
        }
        out.push_str(if number > 0 { line.strip_prefix(there).unwrap_or(line) } else { line });
    }
    out.push_str(newline);
    out.push_str(here);
    out
}
