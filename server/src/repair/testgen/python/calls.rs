//! Real inputs: calls of the symbol across the workspace whose arguments can be written down, and examples in its documentation.

use tree_sitter::Node;

use super::super::inputs::{Call, Origin};
use super::super::syntax::{self, Parsed, all, named};
use super::facts::{Function, Kind};
use super::project::{Project, is_test};
use crate::text::RelPath;

/// Calls taken from call sites at most.
const MOST: usize = 24;

/// Calls found for a function: whole calls, and by parameter the arguments of calls that are only partly usable.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Whole calls, documentation first.
    pub(super) calls: Vec<Call>,
    /// Usable arguments by position.
    pub(super) single: Vec<(usize, String)>,
}

/// Looks through documentation and all files.
pub(super) fn find(project: &Project, from: &RelPath, function: &Function, docs: &[&str]) -> Found {
    let mut found = Found::default();
    for (source, expected) in docs.iter().flat_map(|doc| examples(doc)) {
        let Some(parsed) = syntax::python(&source) else { continue };
        let outer = named(parsed.root()).into_iter().next().and_then(|statement| named(statement).into_iter().next());
        let Some(call) = outer.filter(|node| node.kind() == "call" && calls(&parsed, *node, function)) else { continue };
        if let Some(mut call) = read(project, from, function, &parsed, call, &mut found.single) {
            call.origin = Origin::Doc;
            call.expected = Some(expected);
            push(&mut found.calls, call);
        }
    }
    for (path, text) in project.sources.iter().filter(|(_, text)| text.contains(&function.name)) {
        let Some(parsed) = syntax::python(text) else { continue };
        for node in all(parsed.root()).into_iter().filter(|node| node.kind() == "call" && calls(&parsed, *node, function)) {
            if found.calls.len() >= MOST {
                return found;
            }
            if let Some(mut call) = read(project, from, function, &parsed, node, &mut found.single) {
                call.tested = is_test(path);
                push(&mut found.calls, call);
            }
        }
    }
    found
}

fn push(calls: &mut Vec<Call>, call: Call) {
    match calls.iter_mut().find(|old| old.same(&call)) {
        Some(old) => old.tested |= call.tested,
        None => calls.push(call),
    }
}

/// Whether a call node calls `function`, by name.
fn calls(parsed: &Parsed<'_>, node: Node<'_>, function: &Function) -> bool {
    let Some(called) = node.child_by_field_name("function") else { return false };
    let name = if function.kind == Kind::Class { function.class.as_deref().unwrap_or_default() } else { &function.name };
    match called.kind() {
        "identifier" => {
            function.kind != Kind::Method && function.class.is_none() | (function.kind == Kind::Class) && parsed.of(called) == name
        }
        "attribute" => {
            let object = parsed.field(called, "object");
            let of_class = function.kind != Kind::Function || function.class.as_deref().is_none_or(|class| object.ends_with(class));
            parsed.field(called, "attribute") == name && object != "self" && of_class
        }
        _ => false,
    }
}

fn read(
    project: &Project,
    from: &RelPath,
    function: &Function,
    parsed: &Parsed<'_>,
    node: Node<'_>,
    single: &mut Vec<(usize, String)>,
) -> Option<Call> {
    let mut call = Call { origin: Origin::CallSite, ..Call::default() };
    let mut whole = true;
    for (at, argument) in named(node.child_by_field_name("arguments")?).into_iter().enumerate() {
        let keyword = argument.kind() == "keyword_argument";
        let value = if keyword { argument.child_by_field_name("value")? } else { argument };
        match written(project, from, parsed, value, 0) {
            Some(text) if keyword => call.kwargs.push((parsed.field(argument, "name").to_owned(), text)),
            Some(text) => {
                single.push((at, text.clone()));
                call.args.push(text);
            }
            None => whole = false,
        }
    }
    if function.kind == Kind::Method {
        let object = node.child_by_field_name("function")?.child_by_field_name("object")?;
        let built =
            written(project, from, parsed, object, 0).filter(|text| text.starts_with(function.class.as_deref().unwrap_or_default()));
        call.receiver = built;
    }
    whole.then_some(call)
}

/// The node as an expression that means the same anywhere: literals, containers of them, objects of known classes, and names assigned
/// once to such a value in the same function or file.
fn written(project: &Project, from: &RelPath, parsed: &Parsed<'_>, node: Node<'_>, depth: usize) -> Option<String> {
    let text = parsed.of(node);
    if depth > 6 || text.len() > 160 || text.contains('\n') {
        return None;
    }
    let inner = |node: Node<'_>| {
        named(node).into_iter().all(|child| written(project, from, parsed, child, depth + 1).as_deref() == Some(parsed.of(child)))
    };
    match node.kind() {
        "integer" | "float" | "true" | "false" | "none" => Some(text.to_owned()),
        "string" => (!named(node).iter().any(|child| child.kind() == "interpolation")).then(|| text.to_owned()),
        "list" | "tuple" | "set" | "dictionary" | "pair" | "unary_operator" | "parenthesized_expression" => {
            inner(node).then(|| text.to_owned())
        }
        "identifier" => assigned(project, from, parsed, node, depth),
        "attribute" => project.needs(text, from).is_some_and(|needs| !needs.is_empty()).then(|| text.to_owned()),
        "call" => {
            let arguments = named(node.child_by_field_name("arguments")?);
            let plain = arguments.into_iter().map(|argument| argument.child_by_field_name("value").unwrap_or(argument));
            let usable =
                plain.into_iter().all(|value| written(project, from, parsed, value, depth + 1).as_deref() == Some(parsed.of(value)));
            (usable && project.needs(text, from).is_some()).then(|| text.to_owned())
        }
        _ => None,
    }
}

/// The value of a name assigned exactly once above, in the same function or at the top level.
fn assigned(project: &Project, from: &RelPath, parsed: &Parsed<'_>, node: Node<'_>, depth: usize) -> Option<String> {
    let name = parsed.of(node);
    let scope = syntax::above(node, &["function_definition"]).unwrap_or(parsed.root());
    let within = |scope: Node<'_>| -> Vec<String> {
        let writes = all(scope).into_iter().filter(|node| node.kind() == "assignment" && parsed.field(*node, "left") == name);
        writes
            .map(|node| {
                node.child_by_field_name("right").and_then(|value| written(project, from, parsed, value, depth + 1)).unwrap_or_default()
            })
            .collect()
    };
    match &within(scope)[..] {
        [only] if !only.is_empty() => Some(only.clone()),
        _ => None,
    }
}

/// `>>>` examples: the source and the text that follows.
pub(super) fn examples(doc: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in doc.lines().map(str::trim) {
        if let Some(source) = line.strip_prefix(">>> ") {
            found.push((source.to_owned(), String::new()));
            open = true;
        } else if line.is_empty() || line.starts_with("...") || line.starts_with("\"\"\"") {
            open = open && !line.is_empty();
        } else if let (true, Some((_, expected))) = (open, found.last_mut()) {
            *expected = if expected.is_empty() { line.to_owned() } else { format!("{expected}\n{line}") };
        }
    }
    found.retain(|(_, expected)| !expected.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::MemoryFiles;
    use std::sync::Arc;

    #[test]
    fn call_sites_and_examples_are_found() {
        let module = "def area(w, h=2):\n    \"\"\"Doc.\n\n    >>> area(2, 3)\n    6\n    \"\"\"\n    return w * h\nclass P:\n    def __init__(self, x): pass\n";
        let other =
            "from m import area, P\nside = 4\ndef f(unknown):\n    w = [1, 2]\n    area(side)\n    area(w, h=P(1))\n    area(unknown, 9)\n";
        let files = [("m.py", module), ("a.py", other), ("tests/test_m.py", "from m import area\ndef test(): assert area(2, 3) == 6\n")];
        let files = MemoryFiles(files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), Arc::from(*text))).collect());
        let project = Project::read(&files, "");
        let path = RelPath::new("m.py").unwrap();
        let function = super::super::facts::Module::read(module).functions.remove(0);
        let found = find(&project, &path, &function, &[&function.doc]);
        let lists: Vec<(String, Option<&str>, bool)> =
            found.calls.iter().map(|call| (call.list(), call.expected.as_deref(), call.tested)).collect();
        assert_eq!(lists, [("2, 3".into(), Some("6"), true), ("[1, 2], h=P(1)".into(), None, false)]);
        assert!(found.single.contains(&(1, "9".into())));
    }
}
