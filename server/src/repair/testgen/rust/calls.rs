//! Calls of a function across the workspace and in its documentation, found by text so that those inside macros (`assert_eq!`) count too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::inputs::{Call, Origin};
use super::super::source::split;
use super::super::syntax::{self, all};
use super::facts::{Function, Receiver};
use crate::text::RelPath;

const MOST: usize = 24;

/// Calls whose arguments can be written anywhere.
pub(super) fn find(sources: &BTreeMap<RelPath, Arc<str>>, function: &Function) -> Vec<Call> {
    let mut found: Vec<Call> = Vec::new();
    let mut add = |text: &str, origin: Origin, tested_from: usize| {
        for (at, arguments) in occurrences(text, function) {
            let args = split(arguments, ',');
            if args.len() != function.params.len() || !args.iter().all(|argument| is_plain(argument)) || found.len() >= MOST {
                continue;
            }
            let call = Call { args, origin, tested: at >= tested_from, ..Call::default() };
            match found.iter_mut().find(|old| old.same(&call)) {
                Some(old) => old.tested |= call.tested,
                None => found.push(call),
            }
        }
    };
    add(&function.doc, Origin::Doc, usize::MAX);
    for (path, text) in sources.iter().filter(|(_, text)| text.contains(&function.name)) {
        let in_tests = path.as_str().split('/').any(|part| part == "tests" || part == "benches");
        let tested_from = if in_tests { 0 } else { text.find("#[cfg(test)]").unwrap_or(usize::MAX) };
        let code: String = text
            .lines()
            .map(|line| if line.trim_start().starts_with("//") { " ".repeat(line.len()) + "\n" } else { format!("{line}\n") })
            .collect();
        add(&code, Origin::CallSite, tested_from);
    }
    found
}

/// Places where the function is called by name, with the text between the brackets.
fn occurrences<'a>(text: &'a str, function: &Function) -> Vec<(usize, &'a str)> {
    let wanted = format!("{}(", function.name);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&wanted) {
        let before = text.get(..at).unwrap_or_default();
        let path = function.owner.as_ref().map(|owner| format!("{owner}::"));
        let fits = match (function.receiver, path) {
            (Receiver::None, Some(path)) => before.ends_with(&path),
            (Receiver::None, None) => {
                !before.ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '.') && !before.ends_with("fn ")
            }
            _ => before.ends_with('.'),
        };
        if let Some(arguments) = fits.then(|| balanced(text.get(at + wanted.len()..).unwrap_or_default())).flatten() {
            found.push((at, arguments));
        }
    }
    found
}

/// The text up to the bracket that closes what was opened before it.
fn balanced(text: &str) -> Option<&str> {
    let (mut depth, mut quote, mut escaped) = (0_usize, false, false);
    for (at, char) in text.char_indices().take(400) {
        match (char, quote, escaped) {
            (_, true, true) => escaped = false,
            ('\\', true, false) => escaped = true,
            ('"', _, _) => quote = !quote,
            (_, true, _) => {}
            ('(' | '[' | '{', ..) => depth += 1,
            (')', ..) if depth == 0 => return text.get(..at),
            (')' | ']' | '}', ..) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether an expression means the same anywhere: literals, containers of them, `Some`, `Ok`, conversions to `String`.
fn is_plain(argument: &str) -> bool {
    let wrapped = format!("fn f() {{ {argument} }}");
    let Some(parsed) = syntax::rust(&wrapped).filter(|_| argument.len() < 160 && !argument.contains('\n')) else { return false };
    let known = ["f", "Some", "None", "Ok", "Err", "String", "from", "to_string", "to_owned", "into", "vec", "Vec", "new", "as_str"];
    let names = ["identifier", "field_identifier", "type_identifier", "macro_invocation"];
    let unknown = |node: tree_sitter::Node<'_>| match node.kind() {
        "macro_invocation" => parsed.field(node, "macro") != "vec",
        kind if names.contains(&kind) => !known.contains(&parsed.of(node)),
        "closure_expression" | "block_comment" | "index_expression" | "try_expression" | "await_expression" => true,
        _ => false,
    };
    !parsed.root().has_error() && !all(parsed.root()).into_iter().any(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_inside_macros_and_documentation_are_found() {
        let function = Function {
            name: "area".into(),
            params: vec![("w".into(), "i32".into()), ("h".into(), "Option<i32>".into())],
            doc: "```\nassert_eq!(area(2, Some(3)), 6);\n```\n".into(),
            ..Function::default()
        };
        let text = "pub fn area(w: i32, h: Option<i32>) -> i32 { 1 }\nfn use_it(x: i32) { area(x, None); area(7, None); }\n#[cfg(test)]\nmod tests { fn t() { assert_eq!(area(1, Some(2)), 2); } }\n";
        let sources = [(RelPath::new("src/lib.rs").unwrap(), Arc::from(text))].into();
        let lists: Vec<(String, bool)> = find(&sources, &function).iter().map(|call| (call.list(), call.tested)).collect();
        assert_eq!(lists, [("2, Some(3)".into(), false), ("7, None".into(), false), ("1, Some(2)".into(), true)]);
    }
}
