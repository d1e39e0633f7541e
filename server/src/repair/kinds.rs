//! A sketch of types: just enough to prefer a list where a list stood. Never used to exclude, only to rank.

use tree_sitter::Node;

use super::source::{Lang, Source, base_type};

/// What sort of value something seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// No idea.
    Unknown,
    /// An integer (indices, counts).
    Int,
    /// A float.
    Float,
    /// A truth value.
    Bool,
    /// Text or bytes.
    Str,
    /// A list, tuple, vector, slice, iterator.
    List,
    /// A mapping or set.
    Dict,
    /// `None`, `Option`.
    Optional,
    /// A function or class.
    Callable,
    /// A module.
    Module,
    /// Some named type.
    Object,
}

impl Kind {
    /// How well `other` could stand in for this, from 0 to 1.
    pub fn fit(self, other: Self) -> f32 {
        use Kind::*;
        match (self, other) {
            (a, b) if a == b && a != Unknown => 1.0,
            (Int, Float) | (Float, Int) => 0.7,
            (_, Module | Callable) => 0.06,
            (Unknown, _) | (_, Unknown) => 0.6,
            (Bool, Int) | (Int, Bool) | (List, Dict) | (Dict, List) | (List, Str) | (Str, List) | (Optional, _) | (_, Optional) => 0.3,
            (Object, _) | (_, Object) => 0.3,
            _ => 0.15,
        }
    }

    /// From a type as written in an annotation.
    pub fn of_annotation(written: &str) -> Self {
        let written = written.trim().trim_start_matches("->").trim();
        let bare = written.trim_start_matches(['&', '*']).trim_start_matches("mut ").trim();
        if bare.starts_with('[') || bare.starts_with('(') || written.starts_with("impl Iterator") {
            return Self::List;
        }
        match base_type(written) {
            "int" | "usize" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128" => Self::Int,
            "float" | "f32" | "f64" | "complex" | "Decimal" => Self::Float,
            "bool" => Self::Bool,
            "str" | "String" | "bytes" | "char" | "OsStr" | "Cow" | "Path" | "PathBuf" => Self::Str,
            "list" | "List" | "tuple" | "Tuple" | "Sequence" | "Iterable" | "Iterator" | "Vec" | "VecDeque" | "Generator" => Self::List,
            "dict" | "Dict" | "Mapping" | "set" | "Set" | "frozenset" | "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" => Self::Dict,
            "Optional" | "Option" | "None" => Self::Optional,
            "Callable" | "type" | "Fn" | "FnMut" | "FnOnce" => Self::Callable,
            "" | "Any" | "object" | "T" | "Self" | "Union" => Self::Unknown,
            _ => Self::Object,
        }
    }

    /// From what a name suggests to a reader.
    pub fn of_name(name: &str) -> Self {
        let lower = name.trim_start_matches('_').to_ascii_lowercase();
        let last = lower.rsplit('_').next().unwrap_or_default();
        if ["is_", "has_", "can_", "should_", "was_", "use_"].iter().any(|prefix| lower.starts_with(prefix)) {
            return Self::Bool;
        }
        match last {
            "i" | "j" | "k" | "n" | "m" | "idx" | "index" | "count" | "len" | "length" | "size" | "width" | "height" | "num" | "pos"
            | "start" | "end" | "stop" | "step" | "lo" | "hi" | "mid" | "low" | "high" | "left" | "right" | "offset" | "depth"
            | "level" | "year" | "month" | "day" | "hour" | "minute" | "second" => Self::Int,
            "total" | "sum" | "avg" | "mean" | "ratio" | "rate" | "price" | "amount" | "x" | "y" | "z" => Self::Float,
            "name" | "text" | "s" | "string" | "str" | "word" | "line" | "msg" | "message" | "prefix" | "suffix" | "sep" | "char"
            | "ch" | "c" | "path" | "title" | "label" | "pattern" | "delimiter" => Self::Str,
            "list" | "items" | "seq" | "iterable" | "values" | "args" | "stack" | "queue" | "rows" | "result" if last != "result" => {
                Self::List
            }
            "dict" | "map" | "mapping" | "cache" | "table" | "kwargs" | "lookup" | "seen" | "visited" => Self::Dict,
            "flag" | "found" | "done" | "ok" | "valid" | "strict" => Self::Bool,
            "func" | "fn" | "callback" | "f" | "key" if last != "key" => Self::Callable,
            word if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => Self::List,
            _ => Self::Unknown,
        }
    }

    /// From an expression, as far as its form tells.
    pub fn of_expression(node: Node<'_>, source: &Source) -> Self {
        match node.kind() {
            "integer" | "integer_literal" => Self::Int,
            "float" | "float_literal" => Self::Float,
            "true" | "false" | "boolean_literal" | "comparison_operator" | "not_operator" | "boolean_operator" => Self::Bool,
            "string" | "string_literal" | "concatenated_string" | "char_literal" | "raw_string_literal" => Self::Str,
            "list"
            | "tuple"
            | "list_comprehension"
            | "generator_expression"
            | "array_expression"
            | "tuple_expression"
            | "expression_list" => Self::List,
            "dictionary" | "set" | "dictionary_comprehension" | "set_comprehension" => Self::Dict,
            "none" => Self::Optional,
            "lambda" | "closure_expression" => Self::Callable,
            "binary_operator" | "binary_expression" => Self::of_binary(node, source),
            "type_cast_expression" => node.child_by_field_name("type").map_or(Self::Unknown, |kind| Self::of_annotation(source.of(kind))),
            "parenthesized_expression" | "reference_expression" | "unary_operator" | "unary_expression" | "try_expression" => node
                .named_child(node.named_child_count().saturating_sub(1) as u32)
                .map_or(Self::Unknown, |inner| Self::of_expression(inner, source)),
            "macro_invocation" => match node.child_by_field_name("macro").map(|name| source.of(name)) {
                Some("vec") => Self::List,
                Some("format" | "concat") => Self::Str,
                Some("matches") => Self::Bool,
                _ => Self::Unknown,
            },
            "call" | "call_expression" => Self::of_call(node, source),
            "identifier" => Self::of_name(source.of(node)),
            "attribute" | "field_expression" => {
                let member = node.child_by_field_name(if source.lang == Lang::Python { "attribute" } else { "field" });
                member.map_or(Self::Unknown, |member| Self::of_name(source.of(member)))
            }
            _ => Self::Unknown,
        }
    }

    fn of_binary(node: Node<'_>, source: &Source) -> Self {
        let operator = node.child_by_field_name("operator").map(|operator| operator.kind()).unwrap_or_default();
        if matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||") {
            return Self::Bool;
        }
        let side = |name| node.child_by_field_name(name).map_or(Self::Unknown, |side| Self::of_expression(side, source));
        match (side("left"), side("right")) {
            (Self::Str, _) | (_, Self::Str) => Self::Str,
            _ if source.lang == Lang::Python && operator == "/" => Self::Float,
            (Self::Float, _) | (_, Self::Float) => Self::Float,
            (Self::List, _) | (_, Self::List) => Self::List,
            (Self::Unknown, other) | (other, _) => other,
        }
    }

    fn of_call(node: Node<'_>, source: &Source) -> Self {
        let Some(function) = node.child_by_field_name("function") else { return Self::Unknown };
        let text = source.of(function);
        let last = text.rsplit(['.', ':']).next().unwrap_or(text);
        match last {
            "len" | "int" | "ord" | "index" | "count" | "find" | "rfind" | "capacity" if text != "find" => Self::Int,
            "float" | "sqrt" | "mean" | "log" | "sin" | "cos" | "powi" | "powf" => Self::Float,
            "str" | "join" | "strip" | "lower" | "upper" | "replace" | "format" | "repr" | "chr" | "to_string" | "to_owned" | "trim"
            | "to_lowercase" | "to_uppercase" => Self::Str,
            "list" | "sorted" | "split" | "range" | "tuple" | "reversed" | "enumerate" | "zip" | "map" | "filter" | "keys" | "values"
            | "items" | "collect" | "iter" | "splitlines" | "to_vec" => Self::List,
            "dict" | "set" | "defaultdict" | "Counter" | "OrderedDict" => Self::Dict,
            "isinstance" | "any" | "all" | "startswith" | "endswith" | "bool" | "hasattr" | "is_empty" | "contains" | "starts_with"
            | "ends_with" | "is_some" | "is_none" => Self::Bool,
            "get" => Self::Unknown,
            name => name.chars().next().filter(|first| first.is_uppercase()).map_or(Self::Unknown, |_| Self::Object),
        }
    }
}
