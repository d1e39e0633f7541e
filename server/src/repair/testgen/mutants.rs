//! Small wrong versions of a function, to see which tests would notice: the classic operators (relational, arithmetic and logical
//! operator replacement, constants, conditions, returned values, deleted statements; Offutt et al., *An Experimental Determination of
//! Sufficient Mutant Operators*, TOSEM 1996) over the syntax tree, for Python and Rust.

use std::ops::Range;

use tree_sitter::Node;

use super::syntax::{self, Parsed, all, children, named};

/// One small change of the code under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    /// What is replaced.
    pub(super) span: Range<usize>,
    /// By what.
    pub(super) text: String,
    /// In words.
    pub(super) title: String,
}

impl Mutant {
    /// The whole text with the change made.
    pub(super) fn apply(&self, text: &str) -> String {
        [text.get(..self.span.start).unwrap_or_default(), &self.text, text.get(self.span.end..).unwrap_or_default()].concat()
    }
}

/// The most mutants looked at for one target.
pub(super) const MOST: usize = 48;

/// Mutants of everything inside `span` of a Python text, evenly thinned out to [`MOST`].
pub(super) fn python(text: &str, span: &Range<usize>) -> Vec<Mutant> {
    syntax::python(text).map(|parsed| Writer::new(&parsed, Words::PYTHON).write(span)).unwrap_or_default()
}

/// Mutants of everything inside `span` of a Rust text, evenly thinned out to [`MOST`].
pub(super) fn rust(text: &str, span: &Range<usize>) -> Vec<Mutant> {
    syntax::rust(text).map(|parsed| Writer::new(&parsed, Words::RUST).write(span)).unwrap_or_default()
}

/// Names that are mistaken for each other.
const TWINS: &[(&str, &str)] = &[
    ("min", "max"),
    ("any", "all"),
    ("startswith", "endswith"),
    ("lstrip", "rstrip"),
    ("lower", "upper"),
    ("find", "rfind"),
    ("starts_with", "ends_with"),
    ("trim_start", "trim_end"),
    ("to_lowercase", "to_uppercase"),
    ("first", "last"),
    ("is_some", "is_none"),
    ("is_ok", "is_err"),
    ("floor", "ceil"),
    ("take", "skip"),
    ("keys", "values"),
];

/// Methods without arguments that can be left out and the code still makes sense.
const CONVERSIONS: &[&str] = &[
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "capitalize",
    "casefold",
    "copy",
    "trim",
    "trim_start",
    "trim_end",
    "abs",
    "rev",
    "round",
    "floor",
    "ceil",
    "trunc",
];

/// How a language writes what the operators need.
struct Words {
    not: (&'static str, &'static str),
    nothing: &'static str,
    swaps: &'static [(&'static str, &'static [&'static str])],
    conditions: &'static [&'static str],
    statements: &'static [&'static str],
    skipped: &'static [&'static str],
}

impl Words {
    const PYTHON: Self = Self {
        not: ("not (", ")"),
        nothing: "pass",
        swaps: &[
            ("<", &["<=", ">"]),
            ("<=", &["<", ">="]),
            (">", &[">=", "<"]),
            (">=", &[">", "<="]),
            ("==", &["!="]),
            ("!=", &["=="]),
            ("in", &["not in"]),
            ("not in", &["in"]),
            ("is", &["is not"]),
            ("is not", &["is"]),
            ("+", &["-"]),
            ("-", &["+"]),
            ("*", &["/"]),
            ("/", &["*", "//"]),
            ("//", &["/"]),
            ("%", &["*"]),
            ("**", &["*"]),
            ("and", &["or"]),
            ("or", &["and"]),
            ("+=", &["-="]),
            ("-=", &["+="]),
            ("*=", &["+="]),
            ("/=", &["*="]),
            ("&", &["|"]),
            ("|", &["&"]),
        ],
        conditions: &["if_statement", "elif_clause", "while_statement", "if_clause"],
        statements: &["expression_statement", "raise_statement", "break_statement", "continue_statement", "delete_statement"],
        skipped: &["type", "decorator", "import_statement", "import_from_statement", "comment"],
    };
    const RUST: Self = Self {
        not: ("!(", ")"),
        nothing: "{}",
        swaps: &[
            ("<", &["<=", ">"]),
            ("<=", &["<", ">="]),
            (">", &[">=", "<"]),
            (">=", &[">", "<="]),
            ("==", &["!="]),
            ("!=", &["=="]),
            ("+", &["-"]),
            ("-", &["+"]),
            ("*", &["/"]),
            ("/", &["*"]),
            ("%", &["*"]),
            ("&&", &["||"]),
            ("||", &["&&"]),
            ("+=", &["-="]),
            ("-=", &["+="]),
            ("*=", &["+="]),
            ("/=", &["*="]),
            ("&", &["|"]),
            ("|", &["&"]),
            ("<<", &[">>"]),
            (">>", &["<<"]),
            ("..", &["..="]),
            ("..=", &[".."]),
        ],
        conditions: &["if_expression", "while_expression"],
        statements: &["expression_statement"],
        skipped: &["type_arguments", "attribute_item", "line_comment", "block_comment", "generic_type", "array_type", "macro_definition"],
    };
}

struct Writer<'a, 't> {
    parsed: &'t Parsed<'a>,
    words: Words,
    found: Vec<Mutant>,
}

impl<'a, 't> Writer<'a, 't> {
    fn new(parsed: &'t Parsed<'a>, words: Words) -> Self {
        Self { parsed, words, found: Vec::new() }
    }

    fn write(mut self, span: &Range<usize>) -> Vec<Mutant> {
        let nodes: Vec<Node<'_>> = all(self.parsed.root());
        for node in nodes {
            if node.start_byte() < span.start || node.end_byte() > span.end || self.skipped(node) {
                continue;
            }
            self.operator(node);
            self.constant(node);
            self.call(node);
            self.condition(node);
            self.returned(node);
            self.statement(node);
        }
        thin_out(&mut self.found, MOST);
        self.found
    }

    fn skipped(&self, node: Node<'_>) -> bool {
        syntax::above(node, self.words.skipped).is_some() || self.words.skipped.contains(&node.kind())
    }

    fn push(&mut self, node: Node<'_>, text: impl Into<String>, what: &str) {
        let (text, old) = (text.into(), self.parsed.of(node));
        let title = match what {
            "" => format!("line {}: `{}` became `{}`", syntax::line(node), short(old), short(&text)),
            what => format!("line {}: {what} `{}`", syntax::line(node), short(old)),
        };
        if text != old && !self.found.iter().any(|mutant| mutant.span == node.byte_range() && mutant.text == text) {
            self.found.push(Mutant { span: node.byte_range(), text, title });
        }
    }

    fn operator(&mut self, node: Node<'_>) {
        let kinds = [
            "comparison_operator",
            "binary_operator",
            "boolean_operator",
            "augmented_assignment",
            "binary_expression",
            "compound_assignment_expr",
            "range_expression",
        ];
        if !kinds.contains(&node.kind()) {
            return;
        }
        for child in children(node).into_iter().filter(|child| !child.is_named() || child.kind() == "not in") {
            let swaps = self.words.swaps.iter().find(|(from, _)| *from == self.parsed.of(child)).map(|(_, to)| *to).unwrap_or_default();
            for to in swaps {
                self.push(child, *to, "");
            }
        }
    }

    fn constant(&mut self, node: Node<'_>) {
        let text = self.parsed.of(node);
        match node.kind() {
            "integer" | "integer_literal" => {
                let digits: String = text.chars().take_while(|char| char.is_ascii_digit() || *char == '_').collect();
                let suffix = text.get(digits.len()..).unwrap_or_default();
                if let (Ok(number), true) = (digits.replace('_', "").parse::<u64>(), !suffix.starts_with(['x', 'b', 'o'])) {
                    self.push(node, format!("{}{suffix}", number.saturating_add(1)), "");
                    if number > 0 {
                        self.push(node, format!("{}{suffix}", number - 1), "");
                    }
                }
            }
            "float" | "float_literal" => {
                let bare = text.trim_end_matches("f64").trim_end_matches("f32").trim_end_matches('_');
                if let Ok(number) = bare.parse::<f64>() {
                    self.push(node, format!("{:?}", number + 1.0), "");
                }
            }
            "true" | "false" | "boolean_literal" if node.is_named() => {
                let flipped = match text {
                    "True" => "False",
                    "False" => "True",
                    "true" => "false",
                    _ => "true",
                };
                self.push(node, flipped, "");
            }
            "string" | "string_literal" if !self.is_documentation(node) && text.len() > 2 && text.starts_with(['"', '\'']) => {
                let quote = text.get(..1).unwrap_or("\"").repeat(2);
                self.push(node, quote, "");
            }
            _ => {}
        }
    }

    /// A twin of the called name, and a conversion left out.
    fn call(&mut self, node: Node<'_>) {
        if !["call", "call_expression"].contains(&node.kind()) {
            return;
        }
        let (Some(called), Some(arguments)) = (node.child_by_field_name("function"), node.child_by_field_name("arguments")) else { return };
        let name = called.child_by_field_name("attribute").or_else(|| called.child_by_field_name("field")).unwrap_or(called);
        let text = self.parsed.of(name);
        for (one, other) in TWINS {
            let twin = if text == *one { Some(other) } else { (text == *other).then_some(one) };
            if let Some(twin) = twin {
                self.push(name, *twin, "");
            }
        }
        let receiver = called.child_by_field_name("object").or_else(|| called.child_by_field_name("value"));
        let inputs = named(arguments);
        match (receiver, &inputs[..]) {
            (Some(receiver), []) if CONVERSIONS.contains(&text) => self.push(node, self.parsed.of(receiver), ""),
            (None, [only]) if ["sorted", "abs", "round", "int", "list", "set", "str", "reversed"].contains(&text) => {
                self.push(node, self.parsed.of(*only), "");
            }
            _ => {}
        }
    }

    fn is_documentation(&self, node: Node<'_>) -> bool {
        node.parent().is_some_and(|parent| parent.kind() == "expression_statement")
    }

    fn condition(&mut self, node: Node<'_>) {
        let condition = match node.kind() {
            kind if self.words.conditions.contains(&kind) => {
                node.child_by_field_name("condition").or_else(|| named(node).into_iter().next())
            }
            "conditional_expression" => named(node).into_iter().nth(1),
            "not_operator" | "unary_expression" if !self.parsed.of(node).starts_with(['-', '*']) => {
                if let Some(inner) = named(node).into_iter().last() {
                    self.push(node, self.parsed.of(inner), "negation dropped from");
                }
                None
            }
            _ => None,
        };
        if let Some(condition) = condition.filter(|node| !all(*node).iter().any(|node| node.kind().starts_with("let_"))) {
            let (open, close) = self.words.not;
            self.push(condition, format!("{open}{}{close}", self.parsed.of(condition)), "negated");
        }
    }

    fn returned(&mut self, node: Node<'_>) {
        match node.kind() {
            "return_statement" => {
                if let Some(value) = named(node).into_iter().next().filter(|value| self.parsed.of(*value) != "None") {
                    self.push(value, "None", "");
                }
            }
            "block" if node.parent().is_some_and(|parent| parent.kind() == "function_item") && self.words.nothing == "{}" => {
                let body = short(self.parsed.of(node)).to_owned();
                let title = format!("line {}: the body `{body}` became `Default::default()`", syntax::line(node));
                self.found.push(Mutant { span: node.byte_range(), text: "{ Default::default() }".into(), title });
            }
            _ => {}
        }
    }

    fn statement(&mut self, node: Node<'_>) {
        if !self.words.statements.contains(&node.kind()) {
            return;
        }
        let inner = named(node).into_iter().next().map(|inner| inner.kind()).unwrap_or_default();
        let ends = ["string", "ellipsis", "if_expression", "match_expression", "for_expression", "loop_expression", "while_expression"];
        if !ends.contains(&inner) {
            self.push(node, self.words.nothing, "deleted");
        }
    }
}

/// Keeps `most`, evenly, so that all parts of a long function keep some.
pub(super) fn thin_out(found: &mut Vec<Mutant>, most: usize) {
    let total = found.len();
    if total > most {
        let mut at = 0;
        found.retain(|_| {
            at += 1;
            (at - 1) * most / total != at * most / total
        });
    }
}

/// The first line, shortened for a title.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 48 || text.lines().count() > 1 {
        line.chars().take(45).chain("…".chars()).collect()
    } else {
        line.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(mutants: &[Mutant]) -> Vec<&str> {
        mutants.iter().map(|mutant| mutant.title.split_once(": ").map_or("", |(_, what)| what)).collect()
    }

    #[test]
    fn python_function_gives_every_kind() {
        let text = "def f(a, b=1):\n    \"\"\"Doc.\"\"\"\n    if a < b and not a:\n        print(a)\n    return a + 1.5\n";
        let found = python(text, &(0..text.len()));
        let titles = titles(&found);
        for wanted in
            ["`<` became `<=`", "`and` became `or`", "`+` became `-`", "`1` became `2`", "`1.5` became `2.5`", "deleted `print(a)`"]
        {
            assert!(titles.contains(&wanted), "{wanted} is missing from {titles:#?}");
        }
        assert!(
            titles.iter().any(|title| title.starts_with("negated")) && titles.iter().any(|title| title.starts_with("negation dropped"))
        );
        assert!(!titles.iter().any(|title| title.contains("Doc.")));
        assert!(found.iter().all(|mutant| !syntax::python(&mutant.apply(text)).unwrap().root().has_error()));
    }

    #[test]
    fn rust_function_gives_every_kind_and_spares_types() {
        let text = "fn f(a: i32) -> Vec<i32> {\n    if a > 3 && !(a == 7) {\n        log(a);\n    }\n    vec_of(0..a)\n}\n";
        let found = rust(text, &(0..text.len()));
        let titles = titles(&found);
        for wanted in ["`>` became `>=`", "`&&` became `||`", "`==` became `!=`", "`..` became `..=`", "deleted `log(a);`"] {
            assert!(titles.contains(&wanted), "{wanted} is missing from {titles:#?}");
        }
        assert!(!found.iter().any(|mutant| text.get(mutant.span.clone()) == Some("<") || text.get(mutant.span.start - 1..mutant.span.start) == Some("c")));
    }

    #[test]
    fn thinning_keeps_the_number_asked_for() {
        let text = "x = [".to_owned() + &"1, ".repeat(300) + "]\n";
        assert_eq!(python(&text, &(0..text.len())).len(), MOST);
    }
}
