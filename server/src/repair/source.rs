//! One parsed file: syntax tree, lines, functions and statements — the units the rest of the engine counts in.
//!
//! A *statement* here is the smallest thing a suspicion is pinned on: a Python or Rust statement without the statements
//! nested in it (so an `if` stands for its condition), a match arm, an `elif`.

use std::ops::Range;
use std::sync::Arc;

use tree_sitter::{InputEdit, Node, Parser, Point, Tree};

use crate::text::RelPath;

/// A language the engine can repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// Python 3.
    Python,
    /// Rust.
    Rust,
}

impl Lang {
    /// The language of a path, by its extension.
    pub fn of(path: &RelPath) -> Option<Self> {
        match path.extension()? {
            "py" => Some(Self::Python),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }

    fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
        }
    }
}

/// A function or method.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its own name.
    pub name: String,
    /// The class, or the type of the `impl`, it belongs to.
    pub owner: Option<String>,
    /// The whole definition.
    pub span: Range<usize>,
    /// The body block.
    pub body: Range<usize>,
    /// The return annotation, as written.
    pub returns: Option<String>,
    /// Whether it is a test or lies in test code.
    pub is_test: bool,
}

impl Function {
    /// `owner.name` or `name`.
    pub fn qualified(&self) -> String {
        self.owner.as_ref().map_or_else(|| self.name.clone(), |owner| format!("{owner}.{}", self.name))
    }
}

/// A statement without the statements nested in it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The whole statement, nested ones included.
    pub span: Range<usize>,
    /// Its node kind.
    pub kind: String,
    /// First line, from 1.
    pub line: u32,
    /// Last line of its own part, before the first nested statement.
    pub last_line: u32,
    /// Index of the innermost function around it.
    pub function: Option<usize>,
}

/// A file of the workspace, parsed.
#[derive(Clone)]
pub struct Source {
    /// Where it is.
    pub path: RelPath,
    /// Its text.
    pub text: Arc<str>,
    /// Its language.
    pub lang: Lang,
    /// Its syntax tree.
    pub tree: Tree,
    /// Functions in order of appearance.
    pub functions: Vec<Function>,
    /// Statements in order of appearance.
    pub statements: Vec<Statement>,
    /// Parts that are tests: never edited.
    pub tests: Vec<Range<usize>>,
    /// Whether the whole file is test code.
    pub is_test: bool,
    lines: Vec<usize>,
    errors: usize,
}

impl Source {
    /// Parses `text`; `None` for a language without a grammar or a text the parser gives up on.
    pub fn parse(path: &RelPath, text: Arc<str>) -> Option<Self> {
        let lang = Lang::of(path)?;
        let mut parser = Parser::new();
        parser.set_language(&lang.grammar()).ok()?;
        let tree = parser.parse(text.as_bytes(), None)?;
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let errors = error_count(tree.root_node());
        let is_test = is_test_path(path, lang);
        let mut source =
            Self { path: path.clone(), text, lang, tree, functions: vec![], statements: vec![], tests: vec![], is_test, lines, errors };
        source.survey();
        Some(source)
    }

    /// The root of the tree.
    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// The text of a node.
    pub fn of(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Line of a byte, from 1.
    pub fn line_of(&self, byte: usize) -> u32 {
        self.lines.partition_point(|&start| start <= byte) as u32
    }

    /// Byte range of a line (from 1) with its line end.
    pub fn line_span(&self, line: u32) -> Range<usize> {
        let index = (line.max(1) - 1) as usize;
        let start = self.lines.get(index).copied().unwrap_or(self.text.len());
        start..self.lines.get(index + 1).copied().unwrap_or(self.text.len())
    }

    /// The white space the line of `byte` begins with.
    pub fn indent_at(&self, byte: usize) -> &str {
        let line = &self.text[self.line_span(self.line_of(byte))];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// The line end this file uses.
    pub fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// One step of indentation, as this file does it.
    pub fn indent_step(&self) -> &str {
        let indented = self.statements.iter().map(|statement| self.indent_at(statement.span.start)).filter(|indent| !indent.is_empty());
        indented.min_by_key(|indent| indent.len()).unwrap_or("    ")
    }

    /// The statement's node.
    pub fn node_of(&self, statement: &Statement) -> Option<Node<'_>> {
        self.node_at(&statement.span, &statement.kind)
    }

    /// The node of this kind with exactly this span.
    pub fn node_at(&self, span: &Range<usize>, kind: &str) -> Option<Node<'_>> {
        let mut node = self.root().descendant_for_byte_range(span.start, span.end)?;
        while node.kind() != kind || node.byte_range() != *span {
            node = node.parent().filter(|parent| parent.byte_range().start >= span.start && parent.byte_range().end <= span.end)?;
        }
        Some(node)
    }

    /// Index of the innermost function around `byte`.
    pub fn function_at(&self, byte: usize) -> Option<usize> {
        let around = self.functions.iter().enumerate().filter(|(_, function)| function.span.contains(&byte));
        around.min_by_key(|(_, function)| function.span.len()).map(|(index, _)| index)
    }

    /// Whether `byte` lies in test code.
    pub fn in_tests(&self, byte: usize) -> bool {
        self.is_test || self.tests.iter().any(|span| span.contains(&byte))
    }

    /// The innermost statement whose own part reaches `line`.
    pub fn statement_on(&self, line: u32) -> Option<usize> {
        let on = self.statements.iter().enumerate().filter(|(_, s)| s.line <= line && line <= s.last_line);
        on.min_by_key(|(_, s)| (s.last_line - s.line, s.span.len())).map(|(index, _)| index)
    }

    /// Whether `new`, this text with some edits applied, has no syntax error that was not there before.
    pub fn still_parses(&self, new: &str) -> bool {
        let mut parser = Parser::new();
        if parser.set_language(&self.lang.grammar()).is_err() {
            return false;
        }
        let mut old = self.tree.clone();
        old.edit(&self.input_edit(new));
        parser
            .parse(new.as_bytes(), Some(&old))
            .is_some_and(|tree| !tree.root_node().has_error() || error_count(tree.root_node()) <= self.errors)
    }

    /// The smallest single replacement that turns this text into `new`, as the parser wants it.
    fn input_edit(&self, new: &str) -> InputEdit {
        let (old, new) = (self.text.as_bytes(), new.as_bytes());
        let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let tail = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
        let (old_end, new_end) = (old.len() - tail, new.len() - tail);
        InputEdit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: new_end,
            start_position: point(old, start),
            old_end_position: point(old, old_end),
            new_end_position: point(new, new_end),
        }
    }

    /// Finds functions, statements and test parts in one walk.
    fn survey(&mut self) {
        let tree = self.tree.clone();
        let (mut functions, mut nodes, mut tests) = (Vec::new(), Vec::new(), Vec::new());
        walk(tree.root_node(), &mut |node| {
            if is_test_item(node, self) {
                tests.push(node.byte_range());
            }
            if let Some(function) = function_of(node, self) {
                functions.push(function);
            }
            if is_statement(node) {
                nodes.push(node);
            }
            true
        });
        self.tests = tests;
        for function in &mut functions {
            function.is_test = self.in_tests(function.span.start);
        }
        self.functions = functions;
        self.statements = nodes.into_iter().map(|node| self.statement(node)).collect();
    }

    fn statement(&self, node: Node<'_>) -> Statement {
        let mut own_end = node.start_byte();
        let mut nested = node.end_byte();
        own_nodes(node, &mut |inner| {
            if inner.child_count() == 0 {
                own_end = own_end.max(inner.end_byte().saturating_sub(1));
            }
        });
        walk(node, &mut |inner| {
            let inside = inner != node && is_statement(inner);
            if inside {
                nested = nested.min(inner.start_byte());
            }
            !inside
        });
        let line = self.line_of(node.start_byte());
        let last = self.line_of(own_end.min(nested.saturating_sub(1)).max(node.start_byte()));
        Statement {
            span: node.byte_range(),
            kind: node.kind().to_owned(),
            line,
            last_line: last.max(line),
            function: self.function_at(node.start_byte()),
        }
    }
}

/// Visits `root` and what is below it in order; does not go below a node for which `visit` says no.
pub fn walk<'t>(root: Node<'t>, visit: &mut dyn FnMut(Node<'t>) -> bool) {
    let mut stack = vec![root];
    let mut cursor = root.walk();
    while let Some(node) = stack.pop() {
        if visit(node) {
            let at = stack.len();
            stack.extend(node.children(&mut cursor));
            stack[at..].reverse();
        }
    }
}

/// Visits the nodes of a statement that belong to no statement nested in it.
pub fn own_nodes<'t>(statement: Node<'t>, visit: &mut dyn FnMut(Node<'t>)) {
    walk(statement, &mut |node| {
        let own = node == statement || !is_statement(node);
        if own {
            visit(node);
        }
        own
    });
}

/// Named children that are not comments.
pub fn parts<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.kind().ends_with("comment")).collect()
}

/// Whether suspicion can be pinned on this node as a statement of its own.
pub fn is_statement(node: Node<'_>) -> bool {
    if !node.is_named() || node.kind().ends_with("comment") {
        return false;
    }
    match node.kind() {
        "elif_clause" | "match_arm" => return true,
        "attribute_item" | "inner_attribute_item" | "block" => {
            return node.kind() == "block" && node.parent().is_some_and(|p| p.kind() == "block" && is_brace(p));
        }
        _ => {}
    }
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "block" | "module" | "source_file" | "declaration_list" => true,
        "else_clause" => node.kind() == "if_expression",
        _ => false,
    }
}

fn is_brace(block: Node<'_>) -> bool {
    block.child(0).is_some_and(|child| child.kind() == "{")
}

fn function_of(node: Node<'_>, source: &Source) -> Option<Function> {
    if !matches!(node.kind(), "function_definition" | "function_item") {
        return None;
    }
    let name = source.of(node.child_by_field_name("name")?).to_owned();
    let body = node.child_by_field_name("body")?.byte_range();
    let returns = node.child_by_field_name("return_type").map(|kind| source.of(kind).to_owned());
    let owner = std::iter::successors(node.parent(), |node| node.parent())
        .take_while(|node| !matches!(node.kind(), "function_definition" | "function_item"))
        .find_map(|node| match node.kind() {
            "class_definition" | "trait_item" => node.child_by_field_name("name"),
            "impl_item" => node.child_by_field_name("type"),
            _ => None,
        })
        .map(|owner| base_type(source.of(owner)).to_owned());
    Some(Function { name, owner, span: node.byte_range(), body, returns, is_test: false })
}

/// `&'a mut path::Name<T>` → `Name`.
pub fn base_type(written: &str) -> &str {
    let mut rest = written.trim().trim_start_matches(['&', '*']).trim_start();
    if let Some(after) = rest.strip_prefix('\'') {
        rest = after.split_once(' ').map_or("", |(_, rest)| rest);
    }
    let rest = ["mut ", "dyn ", "impl ", "const "].iter().fold(rest.trim_start(), |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let head = rest.split(['<', '[']).next().unwrap_or(rest).trim();
    head.rsplit(['.', ':']).next().unwrap_or(head)
}

fn is_test_path(path: &RelPath, lang: Lang) -> bool {
    let folders = path.parent().unwrap_or_default();
    let in_folder = folders.split('/').any(|part| matches!(part, "tests" | "test" | "benches"));
    let name = path.file_name();
    in_folder
        || match lang {
            Lang::Python => {
                name.starts_with("test_")
                    || name.ends_with("_test.py")
                    || matches!(name, "conftest.py" | "tests.py" | "test.py" | "setup.py" | "noxfile.py")
            }
            Lang::Rust => matches!(name, "tests.rs" | "test.rs" | "build.rs"),
        }
}

/// Items that are tests inside an ordinary file.
fn is_test_item(node: Node<'_>, source: &Source) -> bool {
    match node.kind() {
        "function_definition" => {
            let name = node.child_by_field_name("name").map(|name| source.of(name)).unwrap_or_default();
            name.starts_with("test_") && node.parent().is_some_and(|parent| parent.kind() != "block")
        }
        "class_definition" => {
            let name = node.child_by_field_name("name").map(|name| source.of(name)).unwrap_or_default();
            let bases = node.child_by_field_name("superclasses").map(|bases| source.of(bases)).unwrap_or_default();
            bases.contains("TestCase") || (name.starts_with("Test") && source.of(node).contains("def test_"))
        }
        "function_item" | "mod_item" | "impl_item" | "use_declaration" | "macro_invocation" | "const_item" | "struct_item" => {
            let attributes = std::iter::successors(node.prev_named_sibling(), |node| node.prev_named_sibling())
                .take_while(|node| node.kind() == "attribute_item" || node.kind().ends_with("comment"));
            attributes.filter(|node| node.kind() == "attribute_item").any(|node| is_test_attribute(source.of(node)))
        }
        _ => false,
    }
}

fn is_test_attribute(attribute: &str) -> bool {
    let inner: String = attribute.trim_start_matches("#[").trim_end_matches(']').chars().filter(|c| !c.is_whitespace()).collect();
    let head = inner.split('(').next().unwrap_or_default();
    let last = head.rsplit(':').next().unwrap_or_default();
    matches!(last, "test" | "rstest" | "bench" | "test_case" | "quickcheck" | "proptest" | "wasm_bindgen_test")
        || (head == "cfg" && (inner.starts_with("cfg(test") || inner.starts_with("cfg(all(test")))
}

fn error_count(root: Node<'_>) -> usize {
    if !root.has_error() {
        return 0;
    }
    let mut count = 0;
    walk(root, &mut |node| {
        count += usize::from(node.is_error() || node.is_missing());
        node.has_error()
    });
    count
}

fn point(text: &[u8], byte: usize) -> Point {
    let row = text[..byte].iter().filter(|&&b| b == b'\n').count();
    let column = text[..byte].iter().rev().take_while(|&&b| b != b'\n').count();
    Point::new(row, column)
}
