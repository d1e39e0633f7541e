//! What a Python text says of its functions and classes: parameters, annotations, documentation, constants, and how each parameter is used.

use std::collections::BTreeSet;
use std::ops::Range;

use tree_sitter::Node;

use super::super::syntax::{self, Parsed, all, children, named};
use super::usage::used_as;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// A plain function, static method or class method: called by its qualified name.
    #[default]
    Function,
    /// On an object.
    Method,
    /// Read like an attribute of an object.
    Property,
    /// A class: called to make an object.
    Class,
}

/// One parameter; `self` and `cls` are left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: String,
    /// The annotation as written.
    pub(super) annotation: Option<String>,
    /// The default as written.
    pub(super) default: Option<String>,
    /// Whether it can be passed by name only.
    pub(super) keyword_only: bool,
    /// Whether it can be passed by position only.
    pub(super) positional_only: bool,
    /// Whether it collects further arguments (`*args`).
    pub(super) rest: bool,
    /// The type its use suggests, as an annotation.
    pub(super) used_as: Option<String>,
    /// Attributes read from it.
    pub(super) attributes: BTreeSet<String>,
}

/// A function or method.
#[derive(Debug, Clone, Default)]
pub(super) struct Function {
    /// Its own name.
    pub(super) name: String,
    /// The class that holds it.
    pub(super) class: Option<String>,
    /// How it is called.
    pub(super) kind: Kind,
    /// Parameters.
    pub(super) params: Vec<Parameter>,
    /// Its docstring, unquoted as written.
    pub(super) doc: String,
    /// Where it stands, decorators left out.
    pub(super) span: Range<usize>,
    /// Numbers and strings its body compares with or looks up.
    pub(super) constants: Vec<String>,
}

impl Function {
    /// `average`, `Cart.add`.
    pub(super) fn qualified(&self) -> String {
        self.class.as_ref().map_or_else(|| self.name.clone(), |class| format!("{class}.{}", self.name))
    }
}

/// A class.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    /// Its name.
    pub(super) name: String,
    /// Base classes as written.
    pub(super) bases: Vec<String>,
    /// Whether it is decorated as a dataclass.
    pub(super) dataclass: bool,
    /// Annotated names of its body, with whether they have a default.
    pub(super) fields: Vec<(String, String, bool)>,
    /// Names assigned in its body: members, for an enum.
    pub(super) members: Vec<String>,
    /// Where it stands.
    pub(super) span: Range<usize>,
    /// Its methods.
    pub(super) methods: Vec<Function>,
    /// Its docstring.
    pub(super) doc: String,
    /// Attributes its methods set on `self`.
    pub(super) attributes: BTreeSet<String>,
}

/// What a file defines at its top level.
#[derive(Debug, Clone, Default)]
pub(super) struct Module {
    /// Functions.
    pub(super) functions: Vec<Function>,
    /// Classes.
    pub(super) classes: Vec<Class>,
    /// The module's docstring.
    pub(super) doc: String,
}

impl Module {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Self {
        let Some(parsed) = syntax::python(text) else { return Self::default() };
        let mut module = Self { doc: docstring(&parsed, parsed.root()), ..Self::default() };
        for node in named(parsed.root()) {
            let (definition, decorators) = undecorated(&parsed, node);
            match definition.kind() {
                "function_definition" => module.functions.extend(function(&parsed, definition, &decorators, None)),
                "class_definition" => module.classes.push(class(&parsed, definition, &decorators)),
                _ => {}
            }
        }
        module
    }
}

fn undecorated<'t>(parsed: &Parsed<'_>, node: Node<'t>) -> (Node<'t>, Vec<String>) {
    let decorators = named(node).into_iter().filter(|child| child.kind() == "decorator").map(|child| parsed.of(child).to_owned());
    match node.child_by_field_name("definition") {
        Some(definition) if node.kind() == "decorated_definition" => (definition, decorators.collect()),
        _ => (node, Vec::new()),
    }
}

fn docstring(parsed: &Parsed<'_>, body: Node<'_>) -> String {
    let first = named(body).into_iter().next().filter(|node| node.kind() == "expression_statement");
    let string = first.and_then(|node| named(node).into_iter().next()).filter(|node| node.kind() == "string");
    string.map(|node| parsed.of(node).trim_matches(['"', '\'', 'r', 'R']).to_owned()).unwrap_or_default()
}

fn class(parsed: &Parsed<'_>, node: Node<'_>, decorators: &[String]) -> Class {
    let body = node.child_by_field_name("body").unwrap_or(node);
    let bases = node.child_by_field_name("superclasses").map(named).unwrap_or_default();
    let mut class = Class {
        name: parsed.field(node, "name").to_owned(),
        bases: bases.into_iter().map(|base| parsed.of(base).rsplit('.').next().unwrap_or_default().to_owned()).collect(),
        dataclass: decorators.iter().any(|decorator| decorator.contains("dataclass")),
        span: node.byte_range(),
        doc: docstring(parsed, body),
        ..Class::default()
    };
    for child in named(body) {
        let (definition, decorators) = undecorated(parsed, child);
        if definition.kind() == "function_definition" {
            class.methods.extend(function(parsed, definition, &decorators, Some(&class.name)));
        }
        let assignment =
            Some(child).filter(|child| child.kind() == "expression_statement").and_then(|child| named(child).into_iter().next());
        let Some(assignment) = assignment.filter(|node| node.kind() == "assignment") else { continue };
        let (name, annotation) = (parsed.field(assignment, "left").to_owned(), parsed.field(assignment, "type"));
        if annotation.is_empty() {
            class.members.push(name);
        } else if !annotation.starts_with("ClassVar") {
            class.fields.push((name, annotation.to_owned(), assignment.child_by_field_name("right").is_some()));
        }
    }
    class.attributes = all(body)
        .into_iter()
        .filter(|node| node.kind() == "attribute" && parsed.field(*node, "object") == "self")
        .map(|node| parsed.field(node, "attribute").to_owned())
        .chain(class.fields.iter().map(|(name, ..)| name.clone()))
        .chain(class.methods.iter().map(|method| method.name.clone()))
        .collect();
    class
}

fn function(parsed: &Parsed<'_>, node: Node<'_>, decorators: &[String], class: Option<&str>) -> Option<Function> {
    let body = node.child_by_field_name("body")?;
    let has = |what: &str| decorators.iter().any(|decorator| decorator.trim_start_matches('@').trim() == what);
    if decorators.iter().any(|decorator| decorator.contains(".setter") || decorator.contains("overload") || decorator.contains("fixture")) {
        return None;
    }
    let mut params = parameters(parsed, node.child_by_field_name("parameters")?);
    let fixed = class.is_none() || has("@staticmethod") || has("staticmethod");
    if !fixed && !params.is_empty() {
        params.remove(0);
    }
    for param in &mut params {
        param.used_as = used_as(parsed, body, &param.name, 0);
        param.attributes = attributes(parsed, body, &param.name);
    }
    let kind = match class {
        None => Kind::Function,
        Some(_) if has("staticmethod") || has("classmethod") => Kind::Function,
        Some(_) if has("property") || has("cached_property") || has("functools.cached_property") => Kind::Property,
        Some(_) => Kind::Method,
    };
    Some(Function {
        name: parsed.field(node, "name").to_owned(),
        class: class.map(str::to_owned),
        kind,
        params,
        doc: docstring(parsed, body),
        span: node.byte_range(),
        constants: constants(parsed, body),
    })
}

fn parameters(parsed: &Parsed<'_>, list: Node<'_>) -> Vec<Parameter> {
    let mut params: Vec<Parameter> = Vec::new();
    let mut keyword_only = false;
    for child in children(list) {
        let mut param = Parameter { keyword_only, ..Parameter::default() };
        let written = |name: &str| Some(parsed.field(child, name).to_owned()).filter(|text| !text.is_empty());
        let mut name = child.child_by_field_name("name").unwrap_or(child);
        match child.kind() {
            "identifier" => {}
            "default_parameter" => param.default = written("value"),
            "typed_default_parameter" => (param.annotation, param.default) = (written("type"), written("value")),
            "typed_parameter" => {
                param.annotation = written("type");
                name = named(child).into_iter().next().unwrap_or(child);
            }
            "list_splat_pattern" => {}
            "keyword_separator" | "*" => {
                keyword_only = true;
                continue;
            }
            "positional_separator" | "/" => {
                params.iter_mut().for_each(|param| param.positional_only = true);
                continue;
            }
            _ => continue,
        }
        let text = parsed.of(name);
        if text.starts_with("**") {
            continue;
        }
        if text.starts_with('*') {
            param.rest = true;
            keyword_only = true;
        }
        param.name = text.trim_start_matches('*').to_owned();
        params.push(param);
    }
    params
}

/// Numbers and strings the body compares with, looks up, or matches.
fn constants(parsed: &Parsed<'_>, body: Node<'_>) -> Vec<String> {
    let places = ["comparison_operator", "case_pattern", "subscript", "list", "tuple", "set", "pair"];
    let mut found = Vec::new();
    for node in all(body).into_iter().filter(|node| ["integer", "float", "string"].contains(&node.kind())) {
        let direct = node.parent().is_some_and(|parent| places.contains(&parent.kind()));
        let asked = syntax::above(node, &["call"]).is_some_and(|call| {
            ["startswith", "endswith", "split", "find", "get", "count", "strip"]
                .iter()
                .any(|name| parsed.field(call, "function").ends_with(name))
        });
        let text = parsed.of(node).to_owned();
        if (direct || asked) && text.len() < 40 && !text.starts_with(['f', 'b']) && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn attributes(parsed: &Parsed<'_>, body: Node<'_>, name: &str) -> BTreeSet<String> {
    let mine = all(body).into_iter().filter(|node| node.kind() == "attribute" && parsed.field(*node, "object") == name);
    mine.map(|node| parsed.field(node, "attribute").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#""""Doc of the module."""
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: int = 0

    @property
    def length(self):
        return self.x + self.y

    @staticmethod
    def origin(): return Point(0)

def shout(word, times=2, *rest, loud: bool = True):
    """Shouts."""
    if times > 10 or word == "stop":
        raise ValueError(word)
    return [part.strip() for part in rest] + [word.upper()]
"#;

    #[test]
    fn functions_and_classes_are_read() {
        let module = Module::read(TEXT);
        assert_eq!(module.doc, "Doc of the module.");
        let point = &module.classes[0];
        assert!(point.dataclass && point.fields == [("x".into(), "int".into(), false), ("y".into(), "int".into(), true)]);
        let kinds: Vec<(String, Kind)> = point.methods.iter().map(|method| (method.qualified(), method.kind)).collect();
        assert_eq!(kinds, [("Point.length".to_owned(), Kind::Property), ("Point.origin".to_owned(), Kind::Function)]);
        let shout = &module.functions[0];
        assert_eq!((shout.doc.as_str(), &shout.constants[..]), ("Shouts.", &["10".to_owned(), "\"stop\"".to_owned()][..]));
        let used: Vec<Option<&str>> = shout.params.iter().map(|param| param.used_as.as_deref()).collect();
        assert_eq!(used, [Some("str"), Some("int"), Some("list[str]"), None]);
        assert!(shout.params[2].rest && shout.params[3].keyword_only && shout.params[1].default.as_deref() == Some("2"));
    }
}
