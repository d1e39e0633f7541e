//! `{:?}` output back to an expression of the declared type: literals, `Option`, `Result`, containers, and the project's own types.

use super::super::source::split;
use super::facts::bare;
use super::values::Values;

/// A parsed `{:?}` text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// A number, a quoted text or character, or a bare name.
    Atom(String),
    /// `[a, b]`
    List(Vec<Shown>),
    /// `{a, b}`
    Set(Vec<Shown>),
    /// `{a: b}`
    Map(Vec<(Shown, Shown)>),
    /// `(a, b)` without, `Name(a, b)` with a name.
    Tuple(String, Vec<Shown>),
    /// `Name { a: b }`
    Struct(String, Vec<(String, Shown)>),
}

/// Parses the whole text; `None` where it is not what `#[derive(Debug)]` and the standard library write.
pub(super) fn parse(text: &str) -> Option<Shown> {
    let mut reader = Reader { text, at: 0 };
    let shown = reader.value()?;
    reader.space();
    (reader.at == text.len()).then_some(shown)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn word(&mut self) -> String {
        self.space();
        let end = self.rest().find(|char: char| !char.is_alphanumeric() && !"_-+.:".contains(char)).unwrap_or(self.rest().len());
        let word = self.rest().get(..end).unwrap_or_default().trim_end_matches(':').to_owned();
        self.at += word.len();
        word
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let (mut escaped, start) = (false, self.at);
        for (offset, char) in self.rest().char_indices().skip(1) {
            match (escaped, char) {
                (true, _) => escaped = false,
                (false, '\\') => escaped = true,
                (false, char) if char == quote => {
                    self.at += offset + 1;
                    return self.text.get(start..self.at).map(str::to_owned);
                }
                _ => {}
            }
        }
        None
    }

    fn value(&mut self) -> Option<Shown> {
        self.space();
        match self.rest().chars().next()? {
            quote @ ('"' | '\'') => self.quoted(quote).map(Shown::Atom),
            '[' => self.items("[", "]").map(Shown::List),
            '(' => self.items("(", ")").map(|items| Shown::Tuple(String::new(), items)),
            '{' => self.braces(),
            _ => {
                let word = self.word();
                if word.is_empty() {
                    return None;
                }
                if self.rest().starts_with('(') {
                    return self.items("(", ")").map(|items| Shown::Tuple(word, items));
                }
                if self.rest().starts_with(" {") && word.chars().next().is_some_and(char::is_alphabetic) {
                    return self.fields(word);
                }
                Some(Shown::Atom(word))
            }
        }
    }

    fn items(&mut self, open: &str, close: &str) -> Option<Vec<Shown>> {
        self.eat(open);
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.value()?);
            if !self.eat(",") && !self.rest().trim_start().starts_with(close) {
                return None;
            }
        }
        Some(items)
    }

    fn braces(&mut self) -> Option<Shown> {
        self.eat("{");
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        while !self.eat("}") {
            let first = self.value()?;
            if self.eat(":") {
                entries.push((first, self.value()?))
            } else {
                items.push(first)
            }
            if !self.eat(",") && !self.rest().trim_start().starts_with('}') {
                return None;
            }
        }
        match (entries.is_empty(), items.is_empty()) {
            (false, true) => Some(Shown::Map(entries)),
            (true, _) => Some(Shown::Set(items)),
            _ => None,
        }
    }

    fn fields(&mut self, name: String) -> Option<Shown> {
        self.eat("{");
        let mut fields = Vec::new();
        while !self.eat("}") {
            let field = self.word();
            if field.is_empty() || !self.eat(":") {
                return None;
            }
            fields.push((field, self.value()?));
            if !self.eat(",") && !self.rest().trim_start().starts_with('}') {
                return None;
            }
        }
        Some(Shown::Struct(name, fields))
    }
}

/// The same value whatever order a hash map or set shows it in.
pub(super) fn canonical(text: &str) -> String {
    match parse(text) {
        Some(shown) => format!("{:?}", sorted(shown)),
        None => text.to_owned(),
    }
}

fn sorted(shown: Shown) -> Shown {
    let all = |items: Vec<Shown>| items.into_iter().map(sorted).collect::<Vec<_>>();
    match shown {
        Shown::Set(items) => {
            let mut items = all(items);
            items.sort();
            Shown::Set(items)
        }
        Shown::Map(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (sorted(key), sorted(value))).collect();
            entries.sort();
            Shown::Map(entries)
        }
        Shown::List(items) => Shown::List(all(items)),
        Shown::Tuple(name, items) => Shown::Tuple(name, all(items)),
        Shown::Struct(name, fields) => Shown::Struct(name, fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()),
        atom @ Shown::Atom(_) => atom,
    }
}

/// An expression of type `kind` equal to the value; `None` where it cannot be written.
pub(super) fn expression(values: &Values, shown: &Shown, kind: &str) -> Option<String> {
    let kind = kind.trim();
    if let Some(rest) = kind.strip_prefix('&') {
        let rest = rest.trim_start_matches(|char: char| char != ' ' && rest.starts_with('\'')).trim().trim_start_matches("mut ");
        return match shown {
            Shown::List(_) if rest.starts_with('[') => Some(format!("&{}", expression(values, shown, rest)?)),
            _ if rest == "str" => text(shown),
            _ => Some(format!("&{}", expression(values, shown, rest)?)),
        };
    }
    let (head, arguments) = match kind.split_once('<') {
        Some((head, rest)) if !kind.starts_with(['(', '[']) => (bare(head), split(rest.trim_end().strip_suffix('>').unwrap_or(rest), ',')),
        _ => (if kind.starts_with(['(', '[']) { kind } else { bare(kind) }, Vec::new()),
    };
    let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let list = |items: &[Shown], kind: &str| {
        items.iter().map(|item| expression(values, item, kind)).collect::<Option<Vec<_>>>().map(|items| items.join(", "))
    };
    match (shown, head) {
        (Shown::Atom(atom), "bool") if atom == "true" || atom == "false" => Some(atom.clone()),
        (Shown::Atom(atom), "char") if atom.starts_with('\'') => Some(atom.clone()),
        (Shown::Atom(_), "String") => text(shown).map(|text| format!("{text}.to_string()")),
        (Shown::Atom(_), "str" | "Cow") => text(shown),
        (Shown::Atom(atom), "f32" | "f64") => match atom.as_str() {
            "NaN" => None,
            "inf" => Some(format!("{head}::INFINITY")),
            "-inf" => Some(format!("{head}::NEG_INFINITY")),
            _ => atom.parse::<f64>().ok().map(|_| atom.clone()),
        },
        (Shown::Atom(atom), number) if NUMBERS.contains(&number) => atom.parse::<i128>().ok().map(|_| atom.clone()),
        (Shown::Atom(atom), "Option") if atom == "None" => Some(atom.clone()),
        (Shown::Tuple(name, items), "Option") if name == "Some" => list(items, argument(0)).map(|inner| format!("Some({inner})")),
        (Shown::Tuple(name, items), "Result") if name == "Ok" => list(items, argument(0)).map(|inner| format!("Ok({inner})")),
        (Shown::Tuple(name, items), "Result") if name == "Err" && arguments.len() == 2 => {
            list(items, argument(1)).map(|inner| format!("Err({inner})"))
        }
        (_, "Box") => expression(values, shown, argument(0)).map(|inner| format!("Box::new({inner})")),
        (Shown::List(items), "Vec") if items.is_empty() => Some(format!("Vec::<{}>::new()", argument(0))),
        (Shown::List(items), "Vec") => list(items, argument(0)).map(|inner| format!("vec![{inner}]")),
        (Shown::List(items), "VecDeque") => list(items, argument(0)).map(|inner| format!("std::collections::VecDeque::from([{inner}])")),
        (Shown::List(items), array) if array.starts_with('[') && !items.is_empty() => {
            let inner = array.trim_start_matches('[').trim_end_matches(']');
            list(items, split(inner, ';').first()?).map(|inner| format!("[{inner}]"))
        }
        (Shown::Set(items), "HashSet" | "BTreeSet") if !items.is_empty() => {
            list(items, argument(0)).map(|inner| format!("std::collections::{head}::from([{inner}])"))
        }
        (Shown::Set(items), "HashSet" | "BTreeSet" | "HashMap" | "BTreeMap") if items.is_empty() => {
            Some(format!("std::collections::{head}::new()"))
        }
        (Shown::Map(entries), "HashMap" | "BTreeMap") => {
            let entry = |(key, value): &(Shown, Shown)| {
                Some(format!("({}, {})", expression(values, key, argument(0))?, expression(values, value, argument(1))?))
            };
            let mut entries = entries.iter().map(entry).collect::<Option<Vec<_>>>()?;
            entries.sort();
            Some(format!("std::collections::{head}::from([{}])", entries.join(", ")))
        }
        (Shown::Tuple(name, items), tuple) if name.is_empty() && tuple.starts_with('(') => {
            let kinds = split(tuple.trim_start_matches('(').trim_end_matches(')'), ',');
            let parts = items.iter().zip(&kinds).map(|(item, kind)| expression(values, item, kind)).collect::<Option<Vec<_>>>()?;
            (items.len() == kinds.len())
                .then(|| if parts.len() == 1 { format!("({},)", parts.join("")) } else { format!("({})", parts.join(", ")) })
        }
        _ => own(values, shown, head),
    }
}

const NUMBERS: &[&str] = &["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];

fn text(shown: &Shown) -> Option<String> {
    match shown {
        Shown::Atom(atom) if atom.starts_with('"') => Some(atom.clone()),
        _ => None,
    }
}

/// A struct or enum variant of the project.
fn own(values: &Values, shown: &Shown, name: &str) -> Option<String> {
    let (path, item) = values.known(name)?;
    if item.generic || !item.derives.contains("Debug") || !values.has(name, "PartialEq") {
        return None;
    }
    let (shape_name, fields): (&str, Vec<(&str, &Shown)>) = match shown {
        Shown::Atom(atom) => (atom, Vec::new()),
        Shown::Tuple(name, items) => (name, items.iter().map(|item| ("", item)).collect()),
        Shown::Struct(name, fields) => (name, fields.iter().map(|(name, item)| (name.as_str(), item)).collect()),
        _ => return None,
    };
    let shape = item.shapes.iter().find(|shape| shape.name == shape_name && shape.fields.len() == fields.len())?;
    let values =
        fields.iter().zip(&shape.fields).map(|((_, value), (_, kind))| expression(values, value, kind)).collect::<Option<Vec<_>>>()?;
    let full = if item.is_enum { format!("{path}{name}::{shape_name}") } else { format!("{path}{name}") };
    Some(match (shape.fields.is_empty(), shape.tuple) {
        (true, _) => full,
        (_, true) => format!("{full}({})", values.join(", ")),
        _ => format!(
            "{full} {{ {} }}",
            shape.fields.iter().zip(values).map(|((name, _), value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::facts::Module;
    use super::*;

    fn written(shown: &str, kind: &str) -> Option<String> {
        let module = Module::read(
            "#[derive(Debug, PartialEq)]\npub struct Point { pub x: i32, pub y: Option<String> }\n#[derive(Debug, PartialEq)]\npub enum Shape { Dot, Circle(f64) }\n#[derive(Debug)]\nstruct Opaque(i32);\n",
        );
        expression(&Values::new(&module, &[]), &parse(shown)?, kind)
    }

    #[test]
    fn debug_texts_become_expressions() {
        for (shown, kind, wanted) in [
            ("-3", "i32", "-3"),
            ("\"a\\n(b)\"", "String", "\"a\\n(b)\".to_string()"),
            ("Some(\"a\")", "Option<&str>", "Some(\"a\")"),
            ("Ok([1, 2])", "Result<Vec<u8>, String>", "Ok(vec![1, 2])"),
            ("Err(\"bad\")", "Result<Vec<u8>, String>", "Err(\"bad\".to_string())"),
            ("[]", "Vec<i32>", "Vec::<i32>::new()"),
            ("(1, 'x')", "(i32, char)", "(1, 'x')"),
            ("Point { x: 1, y: Some(\"q\") }", "Point", "Point { x: 1, y: Some(\"q\".to_string()) }"),
            ("[Circle(1.5), Dot]", "Vec<Shape>", "vec![Shape::Circle(1.5), Shape::Dot]"),
            (
                "{\"b\": 2, \"a\": 1}",
                "HashMap<String, i32>",
                "std::collections::HashMap::from([(\"a\".to_string(), 1), (\"b\".to_string(), 2)])",
            ),
            ("[1, 2]", "&[i32]", "&[1, 2]"),
        ] {
            assert_eq!(written(shown, kind).as_deref(), Some(wanted), "{shown}: {kind}");
        }
        assert_eq!(written("Opaque(3)", "Opaque"), None);
        assert_eq!(written("<closed>", "Thing"), None);
    }

    #[test]
    fn hash_order_does_not_matter() {
        assert_eq!(canonical("{2: [1], 1: []}"), canonical("{1: [], 2: [1]}"));
        assert_ne!(canonical("[2, 1]"), canonical("[1, 2]"));
    }
}
