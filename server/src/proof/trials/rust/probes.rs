//! Coverage by probes: every block of a function says once per process that it was entered.
//!
//! A probe is a call right behind an opening brace, on the same line, so that line numbers stay those of the file. The
//! first hit appends the block's number to the file named in the environment: nothing is lost when a test aborts.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use crate::text::RelPath;

use super::syntax;

/// The environment variable that names the file.
pub(super) const VARIABLE: &str = "LAMPLIGHTER_COVER";

/// Files with probes, and what each probe stands for.
#[derive(Debug, Default)]
pub(super) struct Probed {
    /// The texts.
    pub(super) files: BTreeMap<RelPath, String>,
    /// Probe by number: file and the lines that run when it does.
    pub(super) probes: Vec<(RelPath, BTreeSet<u32>)>,
    /// Lines of each function that got probes: file, first, last, first byte of its body.
    functions: Vec<(RelPath, u32, u32, usize)>,
}

/// What is inserted where.
enum Insert {
    Probe(usize),
    /// The end of an arm's expression that got braces.
    Close,
}

impl Probed {
    /// Adds a file, leaving out functions that only tests see and those in `without` (file, first byte of the body).
    pub(super) fn add(&mut self, path: &RelPath, text: &str, without: &BTreeSet<(RelPath, usize)>) {
        let Some(tree) = syntax::parse(text) else { return };
        let mut out = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for function in syntax::functions(text, &tree) {
            let wanted = function.instrumentable && !function.test && !without.contains(&(path.clone(), function.body.start));
            let body = tree.root_node().descendant_for_byte_range(function.body.start, function.body.end).filter(|_| wanted);
            let Some(body) = body.filter(|body| body.kind() == "block") else { continue };
            let mut inserts = Vec::new();
            let base = self.probes.len();
            self.block(path, body, &mut inserts);
            inserts.sort_by_key(|(at, _)| *at);
            for (at, insert) in inserts {
                out.push_str(&text[done..at]);
                done = at;
                match insert {
                    Insert::Probe(number) if at == function.body.start + 1 => {
                        out.push_str(&recorder(base, self.probes.len() - base));
                        out.push_str(&format!(" __lamplighter_hit({});", number - base));
                    }
                    Insert::Probe(number) if text[..at].ends_with('{') => out.push_str(&format!(" __lamplighter_hit({});", number - base)),
                    Insert::Probe(number) => out.push_str(&format!("{{ __lamplighter_hit({}); ", number - base)),
                    Insert::Close => out.push_str(" }"),
                }
            }
            let last = body.end_position().row as u32 + 1;
            self.functions.push((path.clone(), body.start_position().row as u32 + 1, last, function.body.start));
        }
        if done > 0 {
            out.push_str(&text[done..]);
            self.files.insert(path.clone(), out);
        }
    }

    /// A probe for `node` (a block, or an arm's expression) and for the blocks inside; says which lines they took.
    fn block(&mut self, path: &RelPath, node: Node<'_>, inserts: &mut Vec<(usize, Insert)>) {
        let number = self.probes.len();
        let (first, last) = (node.start_position().row as u32 + 1, node.end_position().row as u32 + 1);
        self.probes.push((path.clone(), BTreeSet::new()));
        if node.kind() == "block" {
            inserts.push((node.start_byte() + 1, Insert::Probe(number)));
        } else {
            inserts.push((node.start_byte(), Insert::Probe(number)));
            inserts.push((node.end_byte(), Insert::Close));
        }
        let mut inner = Vec::new();
        branches(node, &mut inner);
        let mut own: BTreeSet<u32> = (first..=last).collect();
        for branch in inner {
            let (first, last) = (branch.start_position().row as u32 + 1, branch.end_position().row as u32 + 1);
            own.retain(|line| *line <= first || *line >= last);
            self.block(path, branch, inserts);
        }
        if let Some((_, lines)) = self.probes.get_mut(number) {
            *lines = own;
        }
    }

    /// The function around a line, for taking its probes out again.
    pub(super) fn function_at(&self, path: &RelPath, line: u32) -> Option<(RelPath, usize)> {
        let found = self.functions.iter().find(|(file, first, last, _)| file == path && (*first..=*last).contains(&line));
        found.map(|(file, .., start)| (file.clone(), *start))
    }
}

/// The blocks and arms right inside `node` that may run or not; not those of nested functions and constants.
fn branches<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "function_item" | "const_item" | "static_item" | "const_block" | "impl_item" | "trait_item" | "mod_item" | "array_type"
            | "macro_invocation" | "macro_definition" | "type_arguments" => {}
            "array_expression" if child.child_by_field_name("length").is_some() => {}
            "match_arm" => match child.child_by_field_name("value") {
                Some(value) => found.push(value),
                None => branches(child, found),
            },
            "block" => found.push(child),
            _ => branches(child, found),
        }
    }
}

/// The function that records hits of the probes `base..base + count`; it needs nothing of the crate around it.
fn recorder(base: usize, count: usize) -> String {
    format!(
        " #[allow(warnings)] fn __lamplighter_hit(i: usize) {{ extern crate std; use std::io::Write as _; \
use std::sync::atomic::{{AtomicBool, Ordering}}; const OFF: AtomicBool = AtomicBool::new(false); static HITS: [AtomicBool; {count}] = [OFF; {count}]; \
if !HITS[i].swap(true, Ordering::Relaxed) {{ if let Some(p) = std::env::var_os(\"{VARIABLE}\") {{ \
if let Ok(mut f) = std::fs::OpenOptions::new().create(true).append(true).open(p) {{ \
let _ = f.write_all(std::string::ToString::to_string(&std::format_args!(\"{{}}\\n\", i + {base})).as_bytes()); }} }} }} }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_in_each_branch_keeps_the_lines_where_they_were() {
        let text = "fn f(x: u32) -> u32 {\n    if x > 1 {\n        return 2;\n    }\n    match x {\n        0 => 7,\n        _ => {\n            8\n        }\n    }\n}\n\
                    #[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { super::f(1); }\n}\n";
        let path = RelPath::new("a.rs").expect("a path");
        let mut probed = Probed::default();
        probed.add(&path, text, &BTreeSet::new());
        let new = &probed.files[&path];
        assert_eq!(new.lines().count(), text.lines().count());
        assert_eq!(new.matches(" __lamplighter_hit(").count(), 4 + 1, "{new}");
        let lines: Vec<Vec<u32>> = probed.probes.iter().map(|(_, lines)| lines.iter().copied().collect()).collect();
        assert_eq!(lines, [vec![1, 2, 4, 5, 6, 7, 9, 10, 11], vec![2, 3, 4], vec![6], vec![7, 8, 9]]);
        assert!(!syntax::parse(new).expect("a tree").root_node().has_error(), "{new}");
        assert_eq!(probed.function_at(&path, 8), Some((path.clone(), text.find('{').expect("a brace"))));
    }
}
