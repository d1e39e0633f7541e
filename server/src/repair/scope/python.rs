//! Names of a Python file: function-wide locals (seen from their assignment, or through the loop around it), comprehension
//! variables, `self` attributes and class members.

use std::ops::Range;

use tree_sitter::Node;

use super::{Binding, Member, Role, Scope};
use crate::repair::kinds::Kind;
use crate::repair::source::{Source, parts, walk};

/// The built-in functions, types, constants and common exceptions.
pub const BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "NotImplemented",
    "NotImplementedError",
    "Exception",
    "BaseException",
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "StopIteration",
    "RuntimeError",
    "ZeroDivisionError",
    "ArithmeticError",
    "OverflowError",
    "LookupError",
    "ImportError",
    "OSError",
    "IOError",
    "UnicodeDecodeError",
    "UnicodeError",
    "UnicodeEncodeError",
    "AssertionError",
    "NameError",
    "FileNotFoundError",
    "PermissionError",
    "GeneratorExit",
    "KeyboardInterrupt",
    "DeprecationWarning",
    "UserWarning",
    "Warning",
    "RuntimeWarning",
    "memoryview",
    "__name__",
    "__file__",
    "__doc__",
    "__import__",
    "eval",
    "exec",
    "compile",
    "breakpoint",
    "aiter",
    "anext",
    "help",
    "True",
    "False",
    "None",
    "Ellipsis",
    "self",
    "cls",
    "__class__",
    "RecursionError",
    "TimeoutError",
    "EOFError",
    "MemoryError",
    "ModuleNotFoundError",
    "UnboundLocalError",
    "SystemExit",
    "FutureWarning",
];

/// Surveys a Python file.
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
        "function_definition" => function(node, source, scope),
        "class_definition" => {
            if let Some(name) = node.child_by_field_name("name") {
                bind(scope, source, name, Role::Type, home(node), Kind::Callable, None);
            }
        }
        "lambda" => {
            let body = node.child_by_field_name("body").map(|body| body.byte_range()).unwrap_or_default();
            for parameter in node.child_by_field_name("parameters").map(parts).unwrap_or_default() {
                param(parameter, source, scope, body.clone());
            }
        }
        "assignment" => assignment(node, source, scope),
        "named_expression" => {
            if let (Some(name), Some(value)) = (node.child_by_field_name("name"), node.child_by_field_name("value")) {
                bind(scope, source, name, Role::Local, after(node), Kind::of_expression(value, source), None);
            }
        }
        "for_statement" => {
            let (left, body) = (node.child_by_field_name("left"), node.child_by_field_name("body"));
            if let (Some(left), Some(body)) = (left, body) {
                let visible = loop_start(node).unwrap_or(body.start_byte()).min(body.start_byte())..home(node).end;
                let kind = node.child_by_field_name("right").filter(|right| source.of(*right).starts_with("range(")).map(|_| Kind::Int);
                targets(left, &mut |name| {
                    bind(scope, source, name, local_role(node), visible.clone(), kind.unwrap_or(Kind::of_name(source.of(name))), None)
                });
            }
        }
        "for_in_clause" => {
            if let (Some(left), Some(whole)) = (node.child_by_field_name("left"), node.parent()) {
                targets(left, &mut |name| bind(scope, source, name, Role::Local, whole.byte_range(), Kind::of_name(source.of(name)), None));
            }
        }
        "as_pattern_target" => {
            targets(node, &mut |name| bind(scope, source, name, local_role(node), after(node), Kind::of_name(source.of(name)), None))
        }
        "import_statement" | "import_from_statement" => imports(node, source, scope),
        _ => {}
    }
}

fn function(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body")) else { return };
    let parameters = node.child_by_field_name("parameters").map(parts).unwrap_or_default();
    let names: Vec<String> = parameters
        .iter()
        .filter_map(|p| param_name(*p))
        .map(|name| source.of(name).to_owned())
        .filter(|n| n != "self" && n != "cls")
        .collect();
    let returns = node.child_by_field_name("return_type").map_or(Kind::Unknown, |kind| Kind::of_annotation(source.of(kind)));
    if let Some(owner) = class_of(node, source) {
        let property =
            node.parent().is_some_and(|parent| parent.kind() == "decorated_definition" && source.of(parent).contains("property"));
        let params = (!property).then(|| names.clone());
        scope.members.push(Member { owner, name: source.of(name).to_owned(), params, kind: returns, variant: false });
    } else {
        bind(scope, source, name, Role::Function, home(node), Kind::Callable, Some(names));
    }
    for parameter in parameters {
        param(parameter, source, scope, body.byte_range());
    }
}

fn param_name(parameter: Node<'_>) -> Option<Node<'_>> {
    match parameter.kind() {
        "identifier" => Some(parameter),
        "default_parameter" | "typed_default_parameter" => parameter.child_by_field_name("name"),
        "typed_parameter" | "list_splat_pattern" | "dictionary_splat_pattern" => parameter.named_child(0).and_then(param_name),
        _ => None,
    }
}

fn param(parameter: Node<'_>, source: &Source, scope: &mut Scope, visible: Range<usize>) {
    let Some(name) = param_name(parameter) else { return };
    let annotation = parameter.child_by_field_name("type").map(|kind| source.of(kind));
    let default = parameter.child_by_field_name("value").map_or(Kind::Unknown, |value| Kind::of_expression(value, source));
    let kind = match (annotation.map(Kind::of_annotation), parameter.kind()) {
        (Some(kind), _) => kind,
        (_, "list_splat_pattern") => Kind::List,
        (_, "dictionary_splat_pattern") => Kind::Dict,
        _ if !matches!(default, Kind::Unknown | Kind::Optional) => default,
        _ => Kind::of_name(source.of(name)),
    };
    bind(scope, source, name, Role::Param, visible, kind, None);
    if let (Some(binding), Some(annotation)) = (scope.bindings.last_mut(), annotation) {
        binding.type_name = Some(annotation.trim_matches(['"', '\'']).to_owned());
    }
}

fn assignment(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let Some(left) = node.child_by_field_name("left") else { return };
    let right = node.child_by_field_name("right");
    let annotated = node.child_by_field_name("type").map(|kind| Kind::of_annotation(source.of(kind)));
    let kind_of =
        |name: &str| match annotated.or(right.filter(|_| left.kind() == "identifier").map(|right| Kind::of_expression(right, source))) {
            Some(kind) if kind != Kind::Unknown => kind,
            _ => Kind::of_name(name),
        };
    let in_class = node
        .parent()
        .and_then(|statement| statement.parent())
        .and_then(|block| block.parent())
        .filter(|owner| owner.kind() == "class_definition");
    if let Some(class) = in_class {
        let owner = class.child_by_field_name("name").map(|name| source.of(name).to_owned()).unwrap_or_default();
        targets(left, &mut |name| {
            let name = source.of(name);
            scope.members.push(Member { owner: owner.clone(), name: name.to_owned(), params: None, kind: kind_of(name), variant: false });
        });
        return;
    }
    if left.kind() == "attribute" {
        let (object, attribute) = (left.child_by_field_name("object"), left.child_by_field_name("attribute"));
        if let (Some(object), Some(attribute), Some(owner)) = (object, attribute, method_class(node, source)) {
            let name = source.of(attribute).to_owned();
            let known = scope.members.iter().any(|member| member.owner == owner && member.name == name);
            if matches!(source.of(object), "self" | "cls") && !known {
                let kind = kind_of(&name);
                scope.members.push(Member { owner, name, params: None, kind, variant: false });
            }
        }
        return;
    }
    let visible = after(node);
    targets(left, &mut |name| bind(scope, source, name, local_role(node), visible.clone(), kind_of(source.of(name)), None));
    if let (Some(right), Some(binding)) = (right.filter(|right| right.kind() == "call"), scope.bindings.last_mut()) {
        binding.type_name = right.child_by_field_name("function").map(|function| source.of(function).to_owned());
    }
}

fn imports(node: Node<'_>, source: &Source, scope: &mut Scope) {
    let mut cursor = node.walk();
    let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
    for name in names {
        let shown = match name.kind() {
            "aliased_import" => name.child_by_field_name("alias"),
            _ if node.kind() == "import_from_statement" => name.named_child(name.named_child_count().saturating_sub(1) as u32),
            _ => name.named_child(0),
        };
        let kind = if node.kind() == "import_statement" { Kind::Module } else { Kind::Callable };
        if let Some(shown) = shown {
            bind(scope, source, shown, Role::Import, home(node), kind, None);
        }
    }
}

fn bind(scope: &mut Scope, source: &Source, name: Node<'_>, role: Role, visible: Range<usize>, kind: Kind, params: Option<Vec<String>>) {
    let at = name.start_byte();
    scope.bindings.push(Binding { name: source.of(name).to_owned(), role, visible, at, kind, type_name: None, params });
}

/// Identifiers bound by a target pattern.
fn targets<'t>(pattern: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    walk(pattern, &mut |node| {
        if node.kind() == "identifier" {
            found(node);
        }
        !matches!(node.kind(), "attribute" | "subscript" | "call")
    });
}

/// The function or file whose names a definition here belongs to.
fn home(node: Node<'_>) -> Range<usize> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.kind() == "function_definition" {
            return parent.byte_range();
        }
        at = parent;
    }
    0..at.end_byte().max(node.end_byte()) + 1
}

fn local_role(node: Node<'_>) -> Role {
    if home(node).start == 0 && !in_function(node) { Role::Global } else { Role::Local }
}

fn in_function(node: Node<'_>) -> bool {
    std::iter::successors(node.parent(), |node| node.parent()).any(|node| matches!(node.kind(), "function_definition" | "lambda"))
}

/// From the end of an assignment, or the start of the outermost loop around it, to the end of its function; the whole file
/// at module level.
fn after(node: Node<'_>) -> Range<usize> {
    let home = home(node);
    if !in_function(node) {
        return home;
    }
    loop_start(node).unwrap_or(node.end_byte())..home.end
}

fn loop_start(node: Node<'_>) -> Option<usize> {
    std::iter::successors(node.parent(), |node| node.parent())
        .take_while(|node| node.kind() != "function_definition")
        .filter(|node| matches!(node.kind(), "for_statement" | "while_statement"))
        .filter_map(|node| node.child_by_field_name("body"))
        .last()
        .map(|body| body.start_byte())
}

fn class_of(function: Node<'_>, source: &Source) -> Option<String> {
    let mut parent = function.parent()?;
    if parent.kind() == "decorated_definition" {
        parent = parent.parent()?;
    }
    let class = parent.parent().filter(|class| class.kind() == "class_definition")?;
    Some(source.of(class.child_by_field_name("name")?).to_owned())
}

fn method_class(node: Node<'_>, source: &Source) -> Option<String> {
    std::iter::successors(node.parent(), |node| node.parent())
        .find(|node| node.kind() == "function_definition")
        .and_then(|function| class_of(function, source))
}
