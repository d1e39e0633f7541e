//! A plain mutator for measuring: one small defect at a random place in a function, deterministic for a seed.

use std::sync::Arc;

use lamplighter::repair::scope::{Role, Scope};
use lamplighter::repair::source::{Source, walk};
use lamplighter::text::RelPath;

use super::seeded::Defect;

/// Up to `count` defects in functions of `text`, each with its kind, at most three of a kind.
pub fn defects(path: &str, text: &str, seed: u64, count: usize) -> Vec<(String, Defect)> {
    let path = RelPath::new(path).expect("a path");
    let Some(source) = Source::parse(&path, Arc::from(text)) else { return Vec::new() };
    let mut random = fastrand::Rng::with_seed(seed ^ text.len() as u64);
    let mut sites = sites(&source);
    random.shuffle(&mut sites);
    let mut made: Vec<(String, Defect)> = Vec::new();
    for (kind, span, new) in sites {
        let of_kind = made.iter().filter(|(known, _)| *known == kind).count();
        if made.len() >= count {
            break;
        }
        if of_kind >= 3 {
            continue;
        }
        let wrong = format!("{}{new}{}", &text[..span.start], &text[span.end..]);
        if Source::parse(&path, Arc::from(wrong.as_str())).is_none_or(|parsed| parsed.root().has_error()) {
            continue;
        }
        let label = format!("{new}→{}", &text[span.clone()]);
        let message = match kind {
            "misspelt" if text[span.end..].trim_start().starts_with("= ") => {
                format!("NameError: name '{}' is not defined", &text[span.clone()])
            }
            "misspelt" => format!("NameError: name '{new}' is not defined"),
            "return" => "assert None == 1".to_owned(),
            _ => "assertion failed: values differ".to_owned(),
        };
        made.push((kind.to_owned(), Defect { text: wrong, repaired: vec![text.to_owned()], at: span.start, label, message }));
    }
    made
}

type SiteOf = (&'static str, std::ops::Range<usize>, String);

fn sites(source: &Source) -> Vec<SiteOf> {
    let mut sites: Vec<SiteOf> = Vec::new();
    let scope = Scope::of(source);
    let python = source.path.as_str().ends_with(".py");
    let mut names: Vec<(usize, String, std::ops::Range<usize>)> = Vec::new();
    walk(source.root(), &mut |node| {
        let Some(function) = source.function_at(node.start_byte()) else { return true };
        if source.in_tests(node.start_byte()) || !source.functions[function].body.contains(&node.start_byte()) {
            return true;
        }
        let (span, text) = (node.byte_range(), source.of(node));
        let parent = node.parent().map(|parent| parent.kind().to_owned()).unwrap_or_default();
        let operator = matches!(parent.as_str(), "comparison_operator" | "binary_operator" | "binary_expression" | "boolean_operator");
        if operator && !node.is_named() {
            let (kind, others): (&'static str, &[&str]) = match text {
                "<" => ("comparison", &["<=", ">", ">="]),
                "<=" => ("comparison", &["<", ">=", ">"]),
                ">" => ("comparison", &[">=", "<", "<="]),
                ">=" => ("comparison", &[">", "<=", "<"]),
                "==" => ("comparison", &["!="]),
                "!=" => ("comparison", &["=="]),
                "+" => ("arithmetic", &["-", "*"]),
                "-" => ("arithmetic", &["+"]),
                "*" => ("arithmetic", &["+", "/"]),
                "/" => ("arithmetic", &["*"]),
                "//" => ("arithmetic", &["/"]),
                "%" => ("arithmetic", &["*"]),
                "and" => ("boolean", &["or"]),
                "or" => ("boolean", &["and"]),
                "&&" => ("boolean", &["||"]),
                "||" => ("boolean", &["&&"]),
                _ => ("", &[]),
            };
            sites.extend(others.iter().map(|other| (kind, span.clone(), (*other).to_owned())));
        }
        match node.kind() {
            "integer" | "integer_literal" => {
                if let Ok(value) = text.parse::<i64>() {
                    sites.push(("constant", span, (value + 1).to_string()));
                }
            }
            "true" | "false" | "boolean_literal" => {
                let other = match text {
                    "True" => "False",
                    "False" => "True",
                    "true" => "false",
                    _ => "true",
                };
                sites.push(("constant", span, other.to_owned()));
            }
            "not_operator" => sites.push(("negation", span, text.trim_start_matches("not ").to_owned())),
            "unary_expression" if text.starts_with('!') => sites.push(("negation", span, text[1..].to_owned())),
            "if_statement" | "if_expression" => guard_or_condition(source, node, &mut sites),
            "return_statement" if python && text.len() > 7 => sites.push(("return", span, text.replacen("return ", "", 1))),
            "argument_list" | "arguments" => {
                let list = lamplighter::repair::source::parts(node);
                if let [a, b] = list[..] {
                    let plain = |n: tree_sitter::Node<'_>| !matches!(n.kind(), "keyword_argument" | "list_splat" | "dictionary_splat");
                    if plain(a) && plain(b) && source.of(a) != source.of(b) {
                        sites.push(("arguments", a.start_byte()..b.end_byte(), format!("{}, {}", source.of(b), source.of(a))));
                    }
                }
            }
            "identifier" if lamplighter::repair::operators::is_use(node) => names.push((function, text.to_owned(), span)),
            "field_identifier" => sites.extend(sibling(text, RUST).map(|other| ("method", span, other.to_owned()))),
            "slice" | "range_expression" if text.contains("..=") => sites.push(("bounds", span, text.replacen("..=", "..", 1))),
            "slice" | "range_expression" if text.contains("..") && !text.ends_with("..") => {
                sites.push(("bounds", span, text.replacen("..", "..=", 1)))
            }
            "slice" if text.ends_with(':') => sites.push(("bounds", span, format!(":{}", &text[..text.len() - 1]))),
            _ => {}
        }
        if node.kind() == "identifier" && parent == "attribute" {
            sites.extend(sibling(text, PYTHON).map(|other| ("method", node.byte_range(), other.to_owned())));
        }
        true
    });
    for (index, (function, name, span)) in names.iter().enumerate() {
        let local = |text: &str| {
            scope.lookup(text, span.start).is_some_and(|found| matches!(found.role, Role::Param | Role::Local) && text != "self")
        };
        let own: Vec<&String> = names
            .iter()
            .filter(|(other, text, _)| other == function && text != name && local(text) && local(name))
            .map(|(_, text, _)| text)
            .collect();
        if !own.is_empty() {
            sites.push(("variable", span.clone(), own[index * 7 % own.len()].clone()));
        }
        if name.len() > 3 && python {
            sites.push(("misspelt", span.clone(), format!("{}{}", &name[..name.len() - 2], &name[name.len() - 1..])));
        }
    }
    sites.retain(|(kind, ..)| !kind.is_empty());
    sites
}

/// Guards that leave the function lose themselves; other conditions lose a negation's worth.
fn guard_or_condition(source: &Source, node: tree_sitter::Node<'_>, sites: &mut Vec<SiteOf>) {
    let text = source.of(node);
    let leaves = text.lines().count() <= 4 && (text.contains("return") || text.contains("raise") || text.contains("continue"));
    let statement = node.parent().filter(|parent| parent.kind() == "expression_statement").unwrap_or(node);
    if leaves
        && !text.contains("else")
        && statement.parent().is_some_and(|parent| parent.kind() == "block")
        && statement.next_named_sibling().is_some()
    {
        let end = statement.next_named_sibling().map_or(statement.end_byte(), |next| next.start_byte());
        sites.push(("guard", statement.start_byte()..end, String::new()));
    }
    if let Some(condition) = node
        .child_by_field_name("condition")
        .filter(|condition| matches!(condition.kind(), "identifier" | "attribute" | "call" | "call_expression" | "field_expression"))
    {
        let not = if source.path.as_str().ends_with(".py") { "not " } else { "!" };
        sites.push(("negation", condition.byte_range(), format!("{not}{}", source.of(condition))));
    }
}

const PYTHON: &[(&str, &str)] = &[
    ("append", "extend"),
    ("startswith", "endswith"),
    ("lstrip", "rstrip"),
    ("lower", "upper"),
    ("keys", "values"),
    ("find", "rfind"),
    ("split", "rsplit"),
    ("strip", "lstrip"),
];
const RUST: &[(&str, &str)] = &[
    ("first", "last"),
    ("min", "max"),
    ("is_some", "is_none"),
    ("is_ok", "is_err"),
    ("starts_with", "ends_with"),
    ("any", "all"),
    ("take", "skip"),
    ("trim_start", "trim_end"),
    ("push", "insert"),
];

fn sibling(name: &str, pairs: &[(&'static str, &'static str)]) -> Option<&'static str> {
    pairs.iter().find_map(|(a, b)| {
        if *a == name {
            Some(*b)
        } else if *b == name {
            Some(*a)
        } else {
            None
        }
    })
}
