//! Values for a type, written as Rust.

use super::super::inputs::{Origin, Pool};
use super::super::source::split;
use super::facts::{Function, Module, Receiver, Type, bare};

/// Types inside types are built this deep.
const DEPTH: usize = 3;

/// Types known by name: those of the target's file first, then of other files, with the path to write before the name.
pub(super) struct Values {
    known: Vec<(String, Type)>,
    makers: Vec<Function>,
    impls: Vec<(String, String)>,
}

impl Values {
    /// From the target's own file and other files of the crate with their paths (`crate::shapes::`).
    pub(super) fn new(own: &Module, others: &[(String, Module)]) -> Self {
        let path = |function: Option<&Function>| function.map(Function::prefix).unwrap_or_default();
        let mine = own.types.iter().map(|item| {
            let method = own.functions.iter().find(|function| function.owner.as_ref() == Some(&item.name));
            (path(method), item.clone())
        });
        let theirs = others.iter().flat_map(|(path, module)| module.types.iter().map(move |item| (path.clone(), item.clone())));
        let functions = || own.functions.iter().chain(others.iter().flat_map(|(_, module)| &module.functions));
        let made = |function: &&Function| {
            let own = function.owner.as_deref().unwrap_or("-");
            function.receiver == Receiver::None && !function.in_tests && function.obstacle.is_none() && bare(&function.returns) == own
        };
        let impls = own.impls.iter().chain(others.iter().flat_map(|(_, module)| &module.impls)).cloned().collect();
        Self { known: mine.chain(theirs).collect(), makers: functions().filter(made).cloned().collect(), impls }
    }

    /// The type of that name.
    pub(super) fn known(&self, name: &str) -> Option<&(String, Type)> {
        self.known.iter().find(|(_, item)| item.name == name)
    }

    /// Whether a type derives or implements a trait.
    pub(super) fn has(&self, name: &str, of_trait: &str) -> bool {
        let derived = self.known(name).is_some_and(|(_, item)| item.derives.split(['(', ',', ')', ' ']).any(|part| part == of_trait));
        derived || self.impls.iter().any(|(implemented, owner)| implemented == of_trait && owner == name)
    }

    /// What may be passed for each parameter; an empty pool where nothing is known.
    pub(super) fn pools(&self, function: &Function) -> Vec<Pool> {
        let pool = |(seed, (name, kind)): (usize, &(String, String))| {
            let mut values = self.of(kind, seed, 0);
            if kind.contains("str") && !values.is_empty() {
                values.extend(worded(name, kind));
            }
            values.extend(near_constants(kind, &function.constants).into_iter().filter(|text| !values.contains(text)).collect::<Vec<_>>());
            Pool { keyword: None, optional: false, values, origin: Origin::Typed }
        };
        function.params.iter().enumerate().map(pool).collect()
    }

    /// Objects to call a method on.
    pub(super) fn receivers(&self, owner: &str) -> Vec<String> {
        self.of(owner, 0, 0)
    }

    /// Values of a type; empty where none can be written.
    pub(super) fn of(&self, kind: &str, seed: usize, depth: usize) -> Vec<String> {
        let kind = kind.trim();
        let inner = |kind: &str| if depth > DEPTH { Vec::new() } else { self.of(kind, seed, depth + 1) };
        let wrap = |values: Vec<String>, open: &str, close: &str| {
            values.into_iter().map(|value| format!("{open}{value}{close}")).collect::<Vec<_>>()
        };
        if let Some(rest) = kind.strip_prefix('&') {
            let rest = lifetime_free(rest);
            if let Some(mutable) = rest.strip_prefix("mut ") {
                return if mutable.trim().starts_with('[') {
                    wrap(self.lists(element(mutable), seed, depth, "vec![", "]"), "&mut ", "")
                } else {
                    wrap(inner(mutable), "&mut ", "")
                };
            }
            return match rest.trim() {
                "str" => texts(seed).iter().map(|text| (*text).to_owned()).collect(),
                slice if slice.starts_with('[') && split(slice.trim_matches(['[', ']']), ';').len() == 1 => {
                    self.lists(element(slice), seed, depth, "&[", "]")
                }
                other => wrap(inner(other), "&", ""),
            };
        }
        if let Some(tuple) = kind.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            let parts: Vec<Vec<String>> =
                split(tuple, ',').iter().enumerate().map(|(at, part)| self.of(part, seed + at, depth + 1)).collect();
            return steps(&parts).into_iter().map(|values| format!("({})", values.join(", "))).collect();
        }
        if let Some(array) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let parts = split(array, ';');
            let (Some(item), Some(Ok(count))) = (parts.first(), parts.get(1).map(|text| text.parse::<usize>())) else { return Vec::new() };
            let items = self.of(item, seed, depth + 1);
            let nth = |shift: usize| {
                (0..count).filter_map(|at| items.get((at + shift).checked_rem(items.len())?).cloned()).collect::<Vec<_>>().join(", ")
            };
            return if count > 16 || items.is_empty() { Vec::new() } else { vec![format!("[{}]", nth(0)), format!("[{}]", nth(1))] };
        }
        let (head, arguments) = match kind.split_once('<') {
            Some((head, rest)) => (bare(head), split(rest.trim_end().strip_suffix('>').unwrap_or(rest), ',')),
            None => (bare(kind), Vec::new()),
        };
        let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
        match head {
            "Option" => wrap(inner(argument(0)), "Some(", ")").into_iter().take(4).chain(["None".to_owned()]).collect(),
            "Result" => wrap(inner(argument(0)), "Ok(", ")"),
            "Box" | "Rc" | "Arc" | "Cell" | "RefCell" => {
                let path = match head {
                    "Box" => "Box",
                    "Rc" => "std::rc::Rc",
                    "Arc" => "std::sync::Arc",
                    "Cell" => "std::cell::Cell",
                    _ => "std::cell::RefCell",
                };
                wrap(inner(argument(0)), &format!("{path}::new("), ")")
            }
            "Vec" => self.lists(argument(0), seed, depth, "vec![", "]"),
            "VecDeque" | "BTreeSet" | "HashSet" | "BinaryHeap" => {
                wrap(self.lists(argument(0), seed, depth, "[", "]"), &format!("std::collections::{head}::from("), ")")
                    .into_iter()
                    .filter(|text| !text.contains("([])"))
                    .collect()
            }
            "HashMap" | "BTreeMap" => self.maps(head, argument(0), argument(1), seed, depth),
            "Cow" => texts(seed).iter().map(|text| format!("std::borrow::Cow::from({text})")).collect(),
            "Duration" => vec!["std::time::Duration::from_millis(1500)".into(), "std::time::Duration::ZERO".into()],
            "impl Into" | "impl AsRef" | "impl ToString" => texts(seed).iter().map(|text| (*text).to_owned()).collect(),
            _ if kind.starts_with("impl ") => self.implementing(kind, seed, depth),
            _ => plain(head, seed).unwrap_or_else(|| if arguments.is_empty() { self.named(head, seed, depth) } else { Vec::new() }),
        }
    }

    fn implementing(&self, kind: &str, seed: usize, depth: usize) -> Vec<String> {
        let item = kind.split_once("Item = ").or_else(|| kind.split_once("Item=")).map(|(_, rest)| rest.split('>').next().unwrap_or(rest));
        match item {
            Some(item) => self.lists(item, seed, depth, "vec![", "].into_iter()"),
            None if kind.contains("Into<String>")
                || kind.contains("AsRef<str>")
                || kind.contains("Display")
                || kind.contains("ToString") =>
            {
                texts(seed).iter().map(|text| (*text).to_owned()).collect()
            }
            None if kind.contains("Fn(i") || kind.contains("Fn(u") => vec!["|value| value + 1".into(), "|value| value".into()],
            None => Vec::new(),
        }
    }

    /// Empty, one, several, repeated, reversed.
    fn lists(&self, item: &str, seed: usize, depth: usize, open: &str, close: &str) -> Vec<String> {
        let items = if depth > DEPTH { Vec::new() } else { self.of(item, seed, depth + 1) };
        let write = |items: &[&str]| format!("{open}{}{close}", items.join(", "));
        if signed(item) || unsigned(item) || float(item) {
            let point = if float(item) { ".5" } else { "" };
            let number = |values: &[&str]| {
                write(
                    &values
                        .iter()
                        .map(|value| format!("{value}{point}"))
                        .collect::<Vec<_>>()
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>(),
                )
            };
            let mixed = (!unsigned(item)).then(|| number(&["-1", "0", "4"]));
            return [number(&["3", "1", "2"]), write(&[]), number(&["5"]), number(&["2", "2", "4"])].into_iter().chain(mixed).collect();
        }
        let texts: Vec<&str> = items.iter().map(String::as_str).collect();
        let several: Vec<&str> = texts.iter().take(3).copied().collect();
        let reversed: Vec<&str> = several.iter().rev().copied().collect();
        let (one, twice): (Vec<&str>, Vec<&str>) =
            (texts.iter().take(1).copied().collect(), texts.iter().take(1).chain(texts.iter().take(1)).copied().collect());
        if texts.is_empty() { Vec::new() } else { [several, Vec::new(), one, reversed, twice].iter().map(|items| write(items)).collect() }
    }

    fn maps(&self, head: &str, key: &str, value: &str, seed: usize, depth: usize) -> Vec<String> {
        let (keys, values) = (self.of(key, seed, depth + 1), self.of(value, seed, depth + 1));
        let entry = |at: usize| Some(format!("({}, {})", keys.get(at)?, values.get(at.checked_rem(values.len())?)?));
        let of = |count: usize| (0..count).filter_map(entry).collect::<Vec<_>>();
        let [two, one] = [of(2), of(1)];
        if one.is_empty() {
            return Vec::new();
        }
        let path = format!("std::collections::{head}");
        vec![format!("{path}::from([{}])", two.join(", ")), format!("{path}::new()"), format!("{path}::from([{}])", one.join(", "))]
    }

    /// Objects of a project type: constructors first, then its fields, then `default()`.
    fn named(&self, name: &str, seed: usize, depth: usize) -> Vec<String> {
        let Some((path, item)) = self.known(name).filter(|(_, item)| !item.generic && depth <= DEPTH) else { return Vec::new() };
        let mut found = Vec::new();
        if item.is_enum {
            let variants = item
                .shapes
                .iter()
                .filter_map(|shape| self.shaped(&format!("{path}{name}::{}", shape.name), shape, seed, depth).into_iter().next());
            return variants.take(8).collect();
        }
        for maker in self
            .makers
            .iter()
            .filter(|maker| maker.owner.as_deref() == Some(name) && maker.of_trait.is_none() && bare(&maker.returns) == name)
        {
            let values: Vec<Vec<String>> =
                maker.params.iter().enumerate().map(|(at, (_, kind))| self.of(kind, seed + at, depth + 1)).collect();
            found.extend(steps(&values).into_iter().map(|values| format!("{path}{name}::{}({})", maker.name, values.join(", "))));
        }
        if found.is_empty() {
            found.extend(item.shapes.first().map(|shape| self.shaped(&format!("{path}{name}"), shape, seed, depth)).unwrap_or_default());
        }
        if self.has(name, "Default") {
            found.push(format!("{path}{name}::default()"));
        }
        found.truncate(6);
        found
    }

    fn shaped(&self, path: &str, shape: &super::facts::Shape, seed: usize, depth: usize) -> Vec<String> {
        let values: Vec<Vec<String>> = shape.fields.iter().enumerate().map(|(at, (_, kind))| self.of(kind, seed + at, depth + 1)).collect();
        let write = |values: Vec<String>| match (shape.fields.is_empty(), shape.tuple) {
            (true, _) => path.to_owned(),
            (_, true) => format!("{path}({})", values.join(", ")),
            _ => format!(
                "{path} {{ {} }}",
                shape.fields.iter().zip(values).map(|((name, _), value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
            ),
        };
        steps(&values).into_iter().map(write).collect()
    }
}

/// One value of each list, different ones at each step; one empty row for no lists.
fn steps(lists: &[Vec<String>]) -> Vec<Vec<String>> {
    let row =
        |step: usize| lists.iter().map(|values| values.get(step.checked_rem(values.len())?).cloned()).collect::<Option<Vec<String>>>();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in (0..4).filter_map(row) {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn lifetime_free(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with('\'') { text.split_once(' ').map_or(text, |(_, rest)| rest.trim()) } else { text }
}

fn element(slice: &str) -> &str {
    slice.trim().trim_start_matches('[').trim_end_matches(']').trim()
}

fn signed(name: &str) -> bool {
    ["i8", "i16", "i32", "i64", "i128", "isize"].contains(&name)
}

fn unsigned(name: &str) -> bool {
    ["u8", "u16", "u32", "u64", "u128", "usize"].contains(&name)
}

fn float(name: &str) -> bool {
    ["f32", "f64"].contains(&name)
}

fn texts(seed: usize) -> &'static [&'static str] {
    const FIRST: &[&str] =
        &["\"hello world\"", "\"\"", "\"a\"", "\"Hello, World\"", "\"  padded  \"", "\"123\"", "\"naïve ☃\"", "\"level\"", "\"a,b,c\""];
    const OTHER: &[&str] = &["\"abc\"", "\"\"", "\"o\"", "\"Hello\"", "\" \"", "\"42\"", "\"é\""];
    if seed.is_multiple_of(2) { FIRST } else { OTHER }
}

fn plain(name: &str, seed: usize) -> Option<Vec<String>> {
    let first = |typical: &[&str], rest: &[&str]| {
        let chosen = typical.get(seed % typical.len().max(1)).copied().unwrap_or_default();
        std::iter::once(chosen).chain(rest.iter().copied().filter(|text| *text != chosen)).map(str::to_owned).collect::<Vec<_>>()
    };
    Some(match name {
        _ if signed(name) => first(&["3", "7", "2", "12", "5"], &["0", "1", "-1", "2", "10", "100", "-7"]),
        _ if unsigned(name) => first(&["3", "7", "2", "12", "5"], &["0", "1", "2", "10", "100"]),
        _ if float(name) => first(&["2.5", "4.0", "0.5", "10.0"], &["0.0", "1.0", "-1.5", "100.0"]),
        "bool" => first(&["true", "false"], &["false", "true"]),
        "char" => first(&["'a'", "'x'"], &["'Z'", "'1'", "' '", "'é'"]),
        "String" => texts(seed)
            .iter()
            .map(|text| if *text == "\"\"" { "String::new()".to_owned() } else { format!("{text}.to_string()") })
            .collect(),
        "()" => vec!["()".into()],
        _ => return None,
    })
}

/// Texts that fit a parameter's name.
fn worded(name: &str, kind: &str) -> Vec<String> {
    let texts: &[&str] = match name {
        "name" | "first" | "last" => &["\"Ada\""],
        "email" | "address" => &["\"ada@example.org\""],
        "path" | "url" => &["\"a/b.txt\""],
        "date" => &["\"2024-02-29\""],
        "number" | "value" | "digits" | "input" => &["\"-7\"", "\"1.5\"", "\"12x\"", "\" 12 \""],
        _ => &[],
    };
    texts.iter().map(|text| if kind == "String" { format!("{text}.to_string()") } else { (*text).to_owned() }).collect()
}

/// What a function compares with, one less and one more.
fn near_constants(kind: &str, constants: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for constant in constants {
        let digits: String =
            constant.chars().take_while(|char| char.is_ascii_digit() || *char == '_').filter(|char| *char != '_').collect();
        match (digits.parse::<i64>(), kind) {
            (Ok(value), _) if (signed(kind) || unsigned(kind)) && !constant.contains('.') && value < 1_000_000_000 => {
                let fits = |value: &i64| (*value >= 0 || signed(kind)) && (!kind.ends_with('8') || (-128..=127).contains(value));
                found.extend([value, value - 1, value + 1].iter().filter(|value| fits(value)).map(ToString::to_string));
            }
            _ if float(kind) && constant.parse::<f64>().is_ok() => {
                let value = constant.parse::<f64>().unwrap_or_default();
                found.extend([format!("{value:?}"), format!("{:?}", value - 0.5), format!("{:?}", value + 0.5)]);
            }
            (Ok(value), "&str") => found.extend([value, value - 1, value + 1].iter().map(|value| format!("\"{value}\""))),
            (_, "&str") if constant.starts_with('"') => found.extend([constant.clone(), format!("\"a{}b\"", constant.trim_matches('"'))]),
            (_, "char") if constant.starts_with('\'') => found.push(constant.clone()),
            (_, "&str") if constant.starts_with('\'') && !constant.contains('\\') && !constant.contains('"') => {
                let char = constant.trim_matches('\'');
                found.extend([format!("\"a{char}b\""), format!("\"{char}\"")]);
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: &str) -> Vec<String> {
        let module = Module::read(
            "pub enum Color { Red, Custom(u8) }\npub struct Point { pub x: i32, pub color: Color }\npub struct Cart { limit: usize }\nimpl Cart { pub fn new(limit: usize) -> Self { Cart { limit } } }\n#[derive(Default)]\npub struct Empty;\n",
        );
        Values::new(&module, &[]).of(kind, 0, 0)
    }

    #[test]
    fn types_become_values() {
        assert_eq!(values("i32")[..2], ["3", "0"]);
        assert_eq!(values("&[u64]")[..2], ["&[3, 1, 2]", "&[]"]);
        assert_eq!(values("Vec<String>")[1], "vec![]");
        assert_eq!(values("&'a str")[0], "\"hello world\"");
        assert_eq!(values("&mut Vec<i32>")[0], "&mut vec![3, 1, 2]");
        assert_eq!(values("Option<&str>").last().unwrap(), "None");
        assert_eq!(values("(i32, char)")[0], "(3, 'x')");
        assert_eq!(values("[u8; 2]")[0], "[3, 0]");
        assert_eq!(values("Color"), ["Color::Red", "Color::Custom(3)"]);
        assert_eq!(values("Point")[0], "Point { x: 3, color: Color::Red }");
        assert_eq!(values("&Cart")[0], "&Cart::new(3)");
        assert_eq!(values("Empty"), ["Empty", "Empty::default()"]);
        assert_eq!(values("HashMap<String, i32>")[1], "std::collections::HashMap::new()");
        assert_eq!(values("impl Iterator<Item = i32>")[0], "vec![3, 1, 2].into_iter()");
        assert_eq!(values("Vec<T>"), Vec::<String>::new());
    }
}
