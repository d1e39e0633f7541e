//! Repair operators over the syntax tree: each looks at one node of a suspected statement and proposes edits.
//!
//! To add a family: one file here with a `propose(&Site, &mut Out)`, one line in [`FAMILIES`]. Its weights are relative
//! within the family (1 = the first thing to try); the family's prior says how it compares with the others.
//! `cargo run --example repair_rank` shows what a change does to the ranks of known fixes.

mod arguments;
mod arithmetic;
mod bounds;
mod comparison;
mod conditions;
mod constants;
mod fixes;
mod guards;
mod ingredients;
mod logic;
mod methods;
mod names;
mod returns;
mod statements;
mod strings;
mod variables;
mod wraps;

use std::ops::Range;

use tree_sitter::Node;

use super::case::{Project, Unit};
use super::hints::Hints;
use super::scope::Binding;
use super::source::{Function, Lang, Statement, own_nodes, parts};
use crate::text::Edit;

pub use fixes::tool_fixes;

/// One sort of repair.
pub struct Family {
    /// Its name, as hints and statistics know it.
    pub name: &'static str,
    /// How likely a fix is of this sort, relative to the others.
    pub prior: f32,
    propose: fn(&Site<'_>, &mut Out<'_>),
}

/// Every family.
pub const FAMILIES: &[Family] = &[
    Family { name: "names", prior: 1.0, propose: names::propose },
    Family { name: "comparison", prior: 1.0, propose: comparison::propose },
    Family { name: "arithmetic", prior: 0.85, propose: arithmetic::propose },
    Family { name: "logic", prior: 0.85, propose: logic::propose },
    Family { name: "constants", prior: 0.75, propose: constants::propose },
    Family { name: "variables", prior: 0.8, propose: variables::propose },
    Family { name: "bounds", prior: 0.6, propose: bounds::propose },
    Family { name: "arguments", prior: 0.65, propose: arguments::propose },
    Family { name: "methods", prior: 0.65, propose: methods::propose },
    Family { name: "returns", prior: 0.6, propose: returns::propose },
    Family { name: "guards", prior: 0.4, propose: guards::propose },
    Family { name: "conditions", prior: 0.4, propose: conditions::propose },
    Family { name: "strings", prior: 0.4, propose: strings::propose },
    Family { name: "wraps", prior: 0.35, propose: wraps::propose },
    Family { name: "ingredients", prior: 0.3, propose: ingredients::propose },
    Family { name: "statements", prior: 0.25, propose: statements::propose },
];

/// An edit somebody could try, with its weight within its family.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The edits, all together.
    pub edits: Vec<Edit>,
    /// What it does, in words.
    pub title: String,
    /// The family that proposes it.
    pub family: &'static str,
    /// Weight within the family times the family's prior.
    pub weight: f32,
}

/// One node of a suspected statement, and everything an operator may want to know around it.
pub struct Site<'s> {
    /// All parsed files.
    pub project: &'s Project,
    /// The file.
    pub unit: &'s Unit,
    /// The suspected statement.
    pub statement: &'s Statement,
    /// The statement's node.
    pub whole: Node<'s>,
    /// The node looked at.
    pub node: Node<'s>,
    /// What the messages say.
    pub hints: &'s Hints,
}

impl<'s> Site<'s> {
    /// The file's language.
    pub fn lang(&self) -> Lang {
        self.unit.source.lang
    }
    /// Whether the file is Python.
    pub fn python(&self) -> bool {
        self.lang() == Lang::Python
    }
    /// Text of a node.
    pub fn text(&self, node: Node<'s>) -> &'s str {
        self.unit.source.of(node)
    }
    /// Kind of the node looked at.
    pub fn kind(&self) -> &'s str {
        self.node.kind()
    }
    /// A field of the node looked at.
    pub fn field(&self, name: &str) -> Option<Node<'s>> {
        self.node.child_by_field_name(name)
    }
    /// Whether the node looked at is the statement itself: the moment for operators on whole statements.
    pub fn is_whole(&self) -> bool {
        self.node == self.whole
    }
    /// The function around the statement.
    pub fn function(&self) -> Option<&'s Function> {
        self.statement.function.map(|index| &self.unit.source.functions[index])
    }
    /// The names visible at the node.
    pub fn names(&self) -> Vec<&'s Binding> {
        self.unit.scope.names_at(self.node.start_byte())
    }
    /// The statements of the function around, itself included, in order.
    pub fn siblings(&self) -> impl Iterator<Item = &'s Statement> + use<'s> {
        let function = self.statement.function;
        self.unit.source.statements.iter().filter(move |statement| statement.function == function)
    }
    /// Whether every identifier in `text` can be seen from the node (members and built-ins count as seen).
    pub fn in_scope(&self, text: &str) -> bool {
        free_words(text)
            .all(|word| self.unit.scope.lookup(word, self.node.start_byte()).is_some() || super::scope::is_builtin(self.lang(), word))
    }
}

/// Where operators put their proposals.
pub struct Out<'s> {
    site_unit: &'s Unit,
    family: &'static str,
    prior: f32,
    /// What was proposed.
    pub proposals: Vec<Proposal>,
}

impl Out<'_> {
    /// Replace a node's text.
    pub fn replace(&mut self, node: Node<'_>, text: impl Into<String>, weight: f32, title: impl Into<String>) {
        self.edits(vec![(node.byte_range(), text.into())], weight, title);
    }

    /// Replace a node's text, with the usual title.
    pub fn swap(&mut self, node: Node<'_>, text: impl Into<String>, weight: f32) {
        let (old, new) = (self.site_unit.source.of(node).to_owned(), text.into());
        let title = format!("use `{}` instead of `{}`", brief(&new), brief(&old));
        self.replace(node, new, weight, title);
    }

    /// Insert text at a byte.
    pub fn insert(&mut self, at: usize, text: impl Into<String>, weight: f32, title: impl Into<String>) {
        self.edits(vec![(at..at, text.into())], weight, title);
    }

    /// Several replacements at once.
    pub fn edits(&mut self, edits: Vec<(Range<usize>, String)>, weight: f32, title: impl Into<String>) {
        if weight <= 0.0 {
            return;
        }
        let path = &self.site_unit.source.path;
        let edits = edits.into_iter().map(|(span, text)| Edit { path: path.clone(), span, text }).collect();
        self.proposals.push(Proposal { edits, title: title.into(), family: self.family, weight: weight * self.prior });
    }
}

/// All proposals for one statement.
pub fn propose(project: &Project, unit: &Unit, statement: &Statement, hints: &Hints) -> Vec<Proposal> {
    let Some(whole) = unit.source.node_of(statement) else { return Vec::new() };
    let mut out = Out { site_unit: unit, family: "", prior: 1.0, proposals: Vec::new() };
    let mut nodes = Vec::new();
    own_nodes(whole, &mut |node| nodes.push(node));
    for node in nodes {
        let site = Site { project, unit, statement, whole, node, hints };
        for family in FAMILIES {
            (out.family, out.prior) = (family.name, family.prior);
            (family.propose)(&site, &mut out);
        }
    }
    out.proposals
}

/// A text for a title: one line, not too long.
pub fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 60 { format!("{}…", line.chars().take(59).collect::<String>()) } else { line }
}

/// `text` in parentheses unless it binds tightly enough to stand beside an operator.
pub fn atom(node: Node<'_>, text: &str) -> String {
    let loose = matches!(
        node.kind(),
        "binary_operator"
            | "binary_expression"
            | "boolean_operator"
            | "comparison_operator"
            | "not_operator"
            | "conditional_expression"
            | "lambda"
            | "closure_expression"
            | "range_expression"
            | "assignment_expression"
            | "type_cast_expression"
            | "if_expression"
            | "match_expression"
            | "named_expression"
            | "await"
            | "unary_operator"
            | "unary_expression"
            | "reference_expression"
    );
    if loose { format!("({text})") } else { text.to_owned() }
}

/// The arguments of a call.
pub fn arguments<'t>(call: Node<'t>) -> Vec<Node<'t>> {
    match call.child_by_field_name("arguments") {
        Some(list) if matches!(list.kind(), "argument_list" | "arguments") => parts(list),
        _ => Vec::new(),
    }
}

/// Whether a node is a call in either language.
pub fn is_call(node: Node<'_>) -> bool {
    matches!(node.kind(), "call" | "call_expression")
}

/// The operator token of a binary or unary node.
pub fn operator_of<'t>(node: Node<'t>) -> Option<Node<'t>> {
    node.child_by_field_name("operator")
}

/// Similarity of two names, from 0 to 1.
pub fn similarity(a: &str, b: &str) -> f32 {
    strsim::normalized_damerau_levenshtein(a, b) as f32
}

/// Whether an identifier node reads a variable (rather than naming a member, a definition, a keyword argument or a path).
pub fn is_use(node: Node<'_>) -> bool {
    if !matches!(node.kind(), "identifier" | "shorthand_field_identifier") {
        return node.kind() == "self" && node.parent().is_some_and(|parent| parent.kind() != "self_parameter");
    }
    let Some(parent) = node.parent() else { return false };
    let is = |field: &str| parent.child_by_field_name(field) == Some(node);
    match parent.kind() {
        "attribute" => !is("attribute"),
        "keyword_argument" | "default_parameter" | "typed_default_parameter" => !is("name"),
        "function_definition"
        | "class_definition"
        | "parameters"
        | "lambda_parameters"
        | "typed_parameter"
        | "dotted_name"
        | "aliased_import"
        | "global_statement"
        | "nonlocal_statement"
        | "as_pattern_target"
        | "named_expression"
        | "list_splat_pattern"
        | "dictionary_splat_pattern"
        | "import_statement"
        | "type" => parent.kind() == "named_expression" && is("value"),
        "macro_invocation" => !is("macro"),
        "function_item"
        | "const_item"
        | "static_item"
        | "mod_item"
        | "closure_parameters"
        | "parameter"
        | "let_declaration"
        | "mut_pattern"
        | "ref_pattern"
        | "use_declaration"
        | "scoped_identifier"
        | "use_as_clause"
        | "use_list"
        | "scoped_use_list"
        | "tuple_struct_pattern"
        | "tuple_pattern"
        | "struct_pattern"
        | "slice_pattern"
        | "reference_pattern"
        | "captured_pattern"
        | "match_pattern"
        | "or_pattern"
        | "enum_variant"
        | "label"
        | "attribute_item"
        | "type_parameter"
        | "field_pattern" => is("value") || (parent.kind() == "match_pattern" && is("condition")),
        "let_condition" | "for_expression" | "for_statement" | "for_in_clause" => !is("pattern") && !is("left"),
        "pattern_list" | "list_pattern" => false,
        "token_tree" => {
            node.next_sibling().is_none_or(|next| !matches!(next.kind(), "!" | "::"))
                && node.prev_sibling().is_none_or(|prev| !matches!(prev.kind(), "." | "::"))
        }
        _ => true,
    }
}

/// Identifiers of an expression that are not members, keyword arguments or parts of literals: what must be in scope.
pub fn free_words(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut quoted = None;
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(quote) = quoted {
            if byte == b'\\' {
                at += 1;
            } else if byte == quote {
                quoted = None;
            }
            at += 1;
        } else if byte == b'"' || (byte == b'\'' && text[at + 1..].contains('\'')) {
            quoted = Some(byte);
            at += 1;
        } else if byte.is_ascii_alphabetic() || byte == b'_' {
            let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            let member =
                at > 0 && (bytes[at - 1] == b'.' || bytes[at - 1] == b':') && (at < 2 || bytes[at - 2] != b'.' || bytes[at - 1] != b'.');
            let follows = text[end..].trim_start();
            let keyword = follows.starts_with('=') && !follows.starts_with("==") && !follows.starts_with("=>");
            let word = &text[at..end];
            if !member && !keyword && !is_keyword(word) && !follows.starts_with("::") && !follows.starts_with('!') {
                words.push(word);
            }
            at = end;
        } else if byte.is_ascii_digit() {
            at += bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    words.into_iter()
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "in"
            | "is"
            | "if"
            | "else"
            | "for"
            | "while"
            | "return"
            | "lambda"
            | "None"
            | "True"
            | "False"
            | "yield"
            | "await"
            | "raise"
            | "from"
            | "import"
            | "as"
            | "with"
            | "try"
            | "except"
            | "elif"
            | "pass"
            | "break"
            | "continue"
            | "mut"
            | "ref"
            | "let"
            | "match"
            | "true"
            | "false"
            | "move"
            | "async"
            | "fn"
            | "loop"
            | "unsafe"
            | "dyn"
            | "where"
            | "usize"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "f32"
            | "f64"
            | "isize"
            | "u128"
            | "i128"
            | "bool"
            | "char"
            | "str"
    )
}
