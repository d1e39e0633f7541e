//! Values for a type, written as Python: annotations first, then defaults, then how a parameter is used and what its name suggests.

use super::super::inputs::{Origin, Pool};
use super::super::source::split;
use super::facts::{Class, Function, Parameter};
use super::guess::{default_type, near_constants, suggested};
use super::project::Project;
use crate::text::RelPath;

/// Builds values as seen from one file.
pub(super) struct Values<'a> {
    /// The workspace.
    pub(super) project: &'a Project,
    /// The file whose names annotations mean.
    pub(super) from: &'a RelPath,
}

/// Classes inside classes are built this deep.
const DEPTH: usize = 3;

impl Values<'_> {
    /// What may be passed for each parameter, most typical first.
    pub(super) fn pools(&self, function: &Function) -> Vec<Pool> {
        let pool = |(seed, param): (usize, &Parameter)| {
            let (mut values, origin) = if param.rest { self.one_of(param, seed) } else { self.parameter(param, seed) };
            values.extend(near_constants(&values, &function.constants));
            let optional = param.default.is_some() || param.rest;
            let by_name = param.keyword_only || optional && !param.positional_only;
            Pool { keyword: (by_name && !param.rest).then(|| param.name.clone()), optional, values, origin }
        };
        let placed = |at: usize, param: &Parameter| !param.rest || function.params.iter().take(at).all(|before| before.default.is_none());
        function.params.iter().enumerate().filter(|(at, param)| placed(*at, param)).map(pool).collect()
    }

    /// Values of one argument that `*args` collects.
    fn one_of(&self, param: &Parameter, seed: usize) -> (Vec<String>, Origin) {
        let item = param.used_as.as_deref().and_then(|kind| kind.strip_prefix("list[")?.strip_suffix(']')).map(str::to_owned);
        self.parameter(&Parameter { used_as: item, ..param.clone() }, seed)
    }

    fn parameter(&self, param: &Parameter, seed: usize) -> (Vec<String>, Origin) {
        if let Some(annotation) = &param.annotation {
            let values = self.of(annotation, seed, 0);
            if !values.is_empty() {
                return (values, Origin::Typed);
            }
        }
        if let Some(class) = self.project.class_with(&param.attributes, self.from).filter(|_| param.used_as.is_none()) {
            return (self.class(class, seed, 0), Origin::Guess);
        }
        let default = param.default.as_deref().and_then(default_type);
        let guess = default.or(param.used_as.as_deref()).or_else(|| suggested(&param.name));
        let values = match guess {
            Some(annotation) => self.of(annotation, seed, 0),
            None => ["3", "'text'", "[3, 1, 2]", "2.5", "{'a': 1}", "None", "True", "0"].map(str::to_owned).to_vec(),
        };
        (values, Origin::Guess)
    }

    /// Values of an annotated type; empty where none can be written.
    pub(super) fn of(&self, annotation: &str, seed: usize, depth: usize) -> Vec<String> {
        let text = annotation.trim().trim_matches(['"', '\'']);
        let parts = split(text, '|');
        if parts.len() > 1 {
            return interleave(parts.iter().map(|part| self.of(part, seed, depth)).collect());
        }
        let (head, arguments) = match text.split_once('[') {
            Some((head, rest)) => (head, split(rest.trim_end().strip_suffix(']').unwrap_or(rest), ',')),
            None => (text, Vec::new()),
        };
        let head = head.rsplit('.').next().unwrap_or(head).trim();
        let argument = |at: usize| arguments.get(at).map_or("int", |text| text.as_str());
        let inner = |at: usize| if depth > DEPTH { Vec::new() } else { self.of(argument(at), seed, depth + 1) };
        match head {
            "Optional" => interleave(vec![inner(0), vec!["None".into()]]),
            "Union" => interleave(arguments.iter().map(|part| self.of(part, seed, depth)).collect()),
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" => inner(0),
            "Literal" => arguments.clone(),
            "list" | "List" | "Sequence" | "Iterable" | "Collection" | "MutableSequence" => lists(argument(0), &inner(0), "[", "]"),
            "Iterator" | "Generator" => lists(argument(0), &inner(0), "iter([", "])"),
            "set" | "Set" | "AbstractSet" | "MutableSet" => {
                lists(argument(0), &inner(0), "{", "}").into_iter().map(|text| if text == "{}" { "set()".into() } else { text }).collect()
            }
            "frozenset" | "FrozenSet" => lists(argument(0), &inner(0), "frozenset([", "])"),
            "tuple" | "Tuple" => self.tuples(&arguments, seed, depth),
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "DefaultDict" | "OrderedDict" => {
                dicts(&self.keys(argument(0), seed, depth), &inner(1))
            }
            "Counter" => dicts(&self.keys(argument(0), seed, depth), &["2".into(), "1".into()]),
            "Callable" => callables(&arguments),
            "Type" | "type" => vec!["int".into(), "str".into()],
            _ => plain(head, seed).unwrap_or_else(|| self.class_named(head, seed, depth)),
        }
    }

    fn keys(&self, annotation: &str, seed: usize, depth: usize) -> Vec<String> {
        if annotation == "str" || annotation == "int" && depth > DEPTH {
            vec!["'a'".into(), "'b'".into()]
        } else {
            self.of(annotation, seed, depth + 1)
        }
    }

    fn tuples(&self, arguments: &[String], seed: usize, depth: usize) -> Vec<String> {
        if depth > DEPTH {
            return Vec::new();
        }
        if let [one, dots] = arguments
            && dots == "..."
        {
            return lists(one, &self.of(one, seed, depth + 1), "(", ",)").into_iter().map(|text| text.replace("(,)", "()")).collect();
        }
        let parts: Vec<Vec<String>> = arguments.iter().enumerate().map(|(at, part)| self.of(part, seed + at, depth + 1)).collect();
        let comma = if parts.len() == 1 { ",)" } else { ")" };
        (0..4).filter_map(|step| Some(format!("({}{comma}", pick(&parts, step)?.join(", ")))).fold(Vec::new(), push_new)
    }

    fn class_named(&self, name: &str, seed: usize, depth: usize) -> Vec<String> {
        self.project.class(name, self.from).map(|(_, class)| self.class(class, seed, depth)).unwrap_or_default()
    }

    /// Objects of a project class: enum members, dataclass and named tuple fields, constructor arguments.
    pub(super) fn class(&self, class: &Class, seed: usize, depth: usize) -> Vec<String> {
        if depth > DEPTH {
            return Vec::new();
        }
        let base = |names: &[&str]| class.bases.iter().any(|base| names.contains(&base.as_str()));
        if base(&["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"]) {
            return class.members.iter().take(6).map(|member| format!("{}.{member}", class.name)).collect();
        }
        if base(&["ABC", "Protocol"]) {
            return self.project.subclass_of(&class.name).map(|sub| self.class(sub, seed, depth + 1)).unwrap_or_default();
        }
        let typed_dict = base(&["TypedDict"]);
        if class.dataclass || base(&["NamedTuple", "BaseModel"]) || typed_dict {
            let fields: Vec<(&str, Vec<String>)> = class
                .fields
                .iter()
                .enumerate()
                .map(|(at, (name, kind, _))| (name.as_str(), self.field(name, kind, seed + at, depth)))
                .collect();
            let needed: Vec<_> =
                class.fields.iter().zip(fields.clone()).filter(|((.., optional), _)| !optional).map(|(_, field)| field).collect();
            return interleave(vec![objects(class, &needed, typed_dict), objects(class, &fields, typed_dict)]);
        }
        match self.constructor(class, 0) {
            Some(init) => {
                let needed: Vec<&Parameter> = init.params.iter().filter(|param| !param.rest).collect();
                let values = |param: &&Parameter, at: usize| {
                    let annotated =
                        param.annotation.as_deref().map(|kind| self.of(kind, seed + at, depth + 1)).filter(|values| !values.is_empty());
                    (param.name.clone(), annotated.unwrap_or_else(|| self.parameter(param, seed + at).0))
                };
                let all: Vec<(String, Vec<String>)> = needed.iter().enumerate().map(|(at, param)| values(param, at)).collect();
                let borrowed = |wanted: &dyn Fn(usize) -> bool| -> Vec<(&str, Vec<String>)> {
                    let chosen = all.iter().enumerate().filter(|(at, _)| wanted(*at));
                    chosen.map(|(_, (name, values))| (name.as_str(), values.clone())).collect()
                };
                let least = borrowed(&|at| needed.get(at).is_some_and(|param| param.default.is_none()));
                interleave(vec![objects(class, &least, false), objects(class, &borrowed(&|_| true), false)])
            }
            None => vec![format!("{}()", class.name)],
        }
    }

    /// The constructor a class has or inherits inside the project.
    fn constructor<'c>(&'c self, class: &'c Class, depth: usize) -> Option<&'c Function> {
        let own = class.methods.iter().find(|method| method.name == "__init__");
        let inherited = || class.bases.iter().find_map(|base| self.constructor(self.project.class(base, self.from)?.1, depth + 1));
        own.or_else(|| if depth < DEPTH { inherited() } else { None })
    }

    fn field(&self, name: &str, kind: &str, seed: usize, depth: usize) -> Vec<String> {
        let values = self.of(kind, seed, depth + 1);
        if kind == "str" && (name.ends_with("name") || name == "id") { vec!["'Ada'".into(), "'Bo'".into(), "''".into()] } else { values }
    }
}

/// Calls of a class, one field changed at a time in step.
fn objects(class: &Class, fields: &[(&str, Vec<String>)], as_dict: bool) -> Vec<String> {
    let values: Vec<Vec<String>> = fields.iter().map(|(_, values)| values.clone()).collect();
    let write = |values: Vec<String>| {
        let join = |between: &str, quote: &str| {
            let pairs = fields.iter().zip(&values).map(|((name, _), value)| format!("{quote}{name}{quote}{between}{value}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        if as_dict { format!("{{{}}}", join(": ", "'")) } else { format!("{}({})", class.name, join("=", "")) }
    };
    (0..4).filter_map(|step| pick(&values, step)).map(write).fold(Vec::new(), push_new)
}

/// One value of each list, a different one at each step.
fn pick(lists: &[Vec<String>], step: usize) -> Option<Vec<String>> {
    lists.iter().map(|values| values.get(step.checked_rem(values.len())?).cloned()).collect()
}

fn push_new(mut all: Vec<String>, next: String) -> Vec<String> {
    if !all.contains(&next) {
        all.push(next);
    }
    all
}

/// One from each in turn.
fn interleave(lists: Vec<Vec<String>>) -> Vec<String> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let nth = |at: usize| lists.iter().filter_map(move |list| list.get(at).cloned());
    (0..longest).flat_map(nth).fold(Vec::new(), push_new)
}

fn plain(name: &str, seed: usize) -> Option<Vec<String>> {
    let owned = |values: &[&str]| values.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let first = |typical: &[&str], rest: &[&str]| {
        let chosen = typical.get(seed % typical.len().max(1)).copied().unwrap_or_default();
        std::iter::once(chosen).chain(rest.iter().copied()).map(str::to_owned).fold(Vec::new(), push_new)
    };
    Some(match name {
        "int" | "Integral" | "SupportsInt" => first(&["3", "7", "2", "12", "5"], &["0", "1", "-1", "2", "10", "100", "-7"]),
        "float" | "Real" | "Number" | "SupportsFloat" => first(&["2.5", "4.0", "0.5", "10.0"], &["0.0", "1.0", "-1.5", "100.0", "0.1"]),
        "complex" => owned(&["(1+2j)", "0j"]),
        "str" | "AnyStr" | "Text" => first(
            &["'hello world'", "'abc'", "'x'"],
            &["''", "'a'", "'Hello, World'", "'  padded  '", "'123'", "'naïve ☃'", "'a,b,c'", "'level'", "' '"],
        ),
        "bool" => owned(if seed.is_multiple_of(2) { &["True", "False"] } else { &["False", "True"] }),
        "bytes" | "bytearray" | "ByteString" => owned(&["b'abc'", "b''", "b'\\x00\\xff'"]),
        "None" | "NoneType" => owned(&["None"]),
        "object" | "Any" | "T" | "Hashable" | "_T" => owned(&["3", "'text'", "[3, 1, 2]", "None"]),
        "Decimal" => owned(&["Decimal('2.50')", "Decimal('0')", "Decimal('-1.1')"]),
        "Fraction" => owned(&["Fraction(3, 4)", "Fraction(0, 1)"]),
        "date" => owned(&["date(2024, 2, 29)", "date(1999, 12, 31)"]),
        "datetime" => owned(&["datetime(2024, 2, 29, 12, 30)", "datetime(1999, 12, 31, 23, 59, 59)"]),
        "timedelta" => owned(&["timedelta(days=1, seconds=30)", "timedelta(0)"]),
        "PurePath" | "PurePosixPath" => owned(&["PurePath('a/b.txt')"]),
        _ => return None,
    })
}

/// Empty, one, several, repeated; numbers with signs and order.
fn lists(kind: &str, inner: &[String], open: &str, close: &str) -> Vec<String> {
    let wrap = |items: &[&str]| format!("{open}{}{close}", items.join(", ")).replace(",,", ",");
    let texts: Vec<&str> = inner.iter().map(String::as_str).collect();
    let mut values = match kind.trim() {
        "int" => vec![
            wrap(&["3", "1", "2"]),
            wrap(&[]),
            wrap(&["5"]),
            wrap(&["2", "2", "4"]),
            wrap(&["-1", "0", "4"]),
            wrap(&["1", "2", "3", "4"]),
        ],
        "float" => vec![wrap(&["1.5", "2.5", "4.0"]), wrap(&[]), wrap(&["2.5"]), wrap(&["-1.0", "0.0", "3.5"])],
        "str" => vec![wrap(&["'b'", "'a'", "'c'"]), wrap(&[]), wrap(&["'one'"]), wrap(&["'a'", "'a'", "'B'"]), wrap(&["''", "' x '"])],
        _ => {
            let several: Vec<&str> = texts.iter().take(3).copied().collect();
            let reversed: Vec<&str> = several.iter().rev().copied().collect();
            let twice: Vec<&str> = texts.iter().take(1).chain(texts.iter().take(1)).copied().collect();
            let one: Vec<&str> = texts.iter().take(1).copied().collect();
            if texts.is_empty() { vec![wrap(&[])] } else { vec![wrap(&several), wrap(&[]), wrap(&one), wrap(&reversed), wrap(&twice)] }
        }
    };
    values.dedup();
    values
}

fn dicts(keys: &[String], values: &[String]) -> Vec<String> {
    let entry = |at: usize, shift: usize| Some(format!("{}: {}", keys.get(at)?, values.get((at + shift).checked_rem(values.len())?)?));
    let of = |count: usize, shift: usize| format!("{{{}}}", (0..count).filter_map(|at| entry(at, shift)).collect::<Vec<_>>().join(", "));
    vec![of(2, 0), of(0, 0), of(1, 0), of(2, 1)].into_iter().fold(Vec::new(), push_new)
}

fn callables(arguments: &[String]) -> Vec<String> {
    let owned = |values: &[&str]| values.iter().map(|text| (*text).to_owned()).collect();
    match arguments.get(1).map(String::as_str) {
        Some("bool") => owned(&["lambda value: bool(value)", "lambda value: False"]),
        Some("str") => owned(&["str"]),
        _ if arguments.first().is_some_and(|first| first.contains(',')) => owned(&["lambda a, b: a + b", "max"]),
        _ => owned(&["lambda value: value", "str"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::MemoryFiles;
    use std::sync::Arc;

    fn values(annotation: &str) -> Vec<String> {
        let text = "from dataclasses import dataclass\nfrom enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\n@dataclass\nclass Point:\n    x: int\n    color: Color\n    tags: list[str] = ()\nclass Cart:\n    def __init__(self, owner: str, limit=10): pass\n";
        let path = RelPath::new("m.py").unwrap();
        let project = Project::read(&MemoryFiles([(path.clone(), Arc::from(text))].into()), "");
        Values { project: &project, from: &path }.of(annotation, 0, 0)
    }

    #[test]
    fn annotations_become_values() {
        assert_eq!(values("Optional[int]").get(..2).unwrap(), ["3", "None"]);
        assert_eq!(values("int | str").get(..2).unwrap(), ["3", "'hello world'"]);
        assert_eq!(values("list[int]").get(..2).unwrap(), ["[3, 1, 2]", "[]"]);
        assert_eq!(values("tuple[int, str]")[0], "(3, 'abc')");
        assert_eq!(values("tuple[int, ...]").get(..3).unwrap(), ["(3, 1, 2,)", "()", "(5,)"]);
        assert_eq!(values("dict[str, int]")[0], "{'a': 3, 'b': 0}");
        assert_eq!(values("Color"), ["Color.RED", "Color.BLUE"]);
        assert_eq!(values("Point").get(..2).unwrap(), ["Point(x=3, color=Color.RED)", "Point(x=3, color=Color.RED, tags=['b', 'a', 'c'])"]);
        assert_eq!(values("Cart")[0], "Cart(owner='hello world')");
        assert_eq!(values("list[Color]")[0], "[Color.RED, Color.BLUE]");
        assert_eq!(values("Unknown"), Vec::<String>::new());
    }
}
