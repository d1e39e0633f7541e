//! Guesses where no annotation helps: constants the code compares with, the default's type, what a parameter's name suggests.

/// The numbers and texts a function compares with, one less and one more, where the pool holds such values.
pub(super) fn near_constants(pool: &[String], constants: &[String]) -> Vec<String> {
    let numbers = pool.iter().any(|text| text.parse::<f64>().is_ok());
    let whole = pool.iter().filter(|text| text.parse::<f64>().is_ok()).all(|text| text.parse::<i64>().is_ok());
    let texts = pool.first().is_some_and(|text| text.starts_with('\''));
    let lists = pool.iter().any(|text| text == "[3, 1, 2]");
    let mut found = Vec::new();
    for constant in constants {
        if let (Ok(value), true) = (constant.parse::<i64>(), numbers) {
            let write = |value: i64| if whole { value.to_string() } else { format!("{value}.0") };
            found.extend([write(value), write(value - 1), write(value + 1)]);
        } else if let (Ok(value), true) = (constant.parse::<f64>(), numbers && !whole) {
            found.extend([constant.clone(), format!("{:?}", value - 0.5), format!("{:?}", value + 0.5)]);
        } else if let (Ok(count @ 2..=8), true) = (constant.parse::<usize>(), lists) {
            let list = |count: usize| format!("[{}]", (1..=count).map(|item| item.to_string()).collect::<Vec<_>>().join(", "));
            found.extend([list(count), list(count - 1), list(count + 1)]);
        } else if texts && constant.starts_with(['"', '\'']) {
            let inner = constant.trim_matches(['"', '\'']);
            found.extend(
                [constant.clone(), format!("'{inner}x'"), format!("'a{inner}b'")]
                    .into_iter()
                    .filter(|text| !inner.contains('\'') || text == constant),
            );
        }
    }
    found.retain(|text| !pool.contains(text));
    found.sort_by_key(|text| constants.iter().position(|constant| constant == text).unwrap_or(usize::MAX));
    found.dedup();
    found
}

pub(super) fn default_type(default: &str) -> Option<&'static str> {
    Some(match default {
        "True" | "False" => "bool",
        text if text.parse::<i64>().is_ok() => "int",
        text if text.parse::<f64>().is_ok() => "float",
        text if text.starts_with(['"', '\'']) => "str",
        "()" => "tuple[int, ...]",
        text if text.starts_with('[') => "list[int]",
        text if text.starts_with('{') => "dict[str, int]",
        _ => return None,
    })
}

/// What a parameter's name alone suggests.
pub(super) fn suggested(name: &str) -> Option<&'static str> {
    let known: &[(&str, &[&str])] = &[
        (
            "list[int]",
            &[
                "numbers",
                "values",
                "nums",
                "items",
                "elements",
                "xs",
                "ys",
                "lst",
                "list",
                "seq",
                "sequence",
                "array",
                "arr",
                "scores",
                "counts",
                "data",
                "iterable",
                "collection",
                "points",
                "samples",
                "sizes",
            ],
        ),
        ("list[float]", &["prices", "weights", "amounts", "ratios", "rates"]),
        ("list[str]", &["words", "names", "lines", "tags", "strings", "texts", "keys", "parts", "tokens", "labels"]),
        ("list[list[int]]", &["matrix", "grid", "rows", "table", "board", "lists", "nested"]),
        (
            "str",
            &[
                "text",
                "string",
                "s",
                "word",
                "line",
                "name",
                "title",
                "message",
                "msg",
                "prefix",
                "suffix",
                "sep",
                "separator",
                "pattern",
                "sentence",
                "char",
                "key",
                "label",
                "email",
                "url",
                "source",
                "content",
                "phrase",
                "first_name",
                "last_name",
                "username",
                "slug",
                "path",
            ],
        ),
        (
            "int",
            &[
                "n",
                "count",
                "index",
                "i",
                "j",
                "k",
                "size",
                "limit",
                "num",
                "number",
                "start",
                "end",
                "stop",
                "step",
                "width",
                "height",
                "length",
                "x",
                "y",
                "z",
                "a",
                "b",
                "c",
                "age",
                "year",
                "month",
                "day",
                "low",
                "high",
                "lo",
                "hi",
                "minimum",
                "maximum",
                "value",
                "quantity",
                "amount",
                "total",
                "max_length",
                "depth",
                "m",
                "seconds",
                "minutes",
                "hours",
            ],
        ),
        (
            "float",
            &[
                "ratio",
                "rate",
                "factor",
                "price",
                "weight",
                "percent",
                "percentage",
                "celsius",
                "fahrenheit",
                "temperature",
                "radius",
                "tax",
                "discount",
                "scale",
                "threshold",
                "distance",
                "speed",
            ],
        ),
        ("bool", &["flag", "strict", "verbose", "enabled", "reverse", "recursive", "inclusive", "ascending", "force"]),
        (
            "dict[str, int]",
            &["mapping", "dict", "config", "options", "settings", "stock", "inventory", "lookup", "params", "kwargs", "record", "env", "d"],
        ),
        ("Callable", &["func", "function", "fn", "callback", "f", "transform", "key_func", "mapper"]),
        ("Callable[[int], bool]", &["predicate", "pred", "condition"]),
    ];
    let exact = known.iter().find(|(_, names)| names.contains(&name)).map(|(kind, _)| *kind);
    let ending = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    exact.or_else(|| match name {
        _ if name.starts_with("is_") || name.starts_with("has_") || name.starts_with("allow_") => Some("bool"),
        _ if ending(&["_count", "_index", "_size", "_id", "_length", "_width", "_number"])
            || name.starts_with("max_")
            || name.starts_with("min_") =>
        {
            Some("int")
        }
        _ if ending(&["_name", "_text", "_str", "_key"]) => Some("str"),
        _ if ending(&["_list", "_items", "_numbers", "_values"]) => Some("list[int]"),
        _ if ending(&["_rate", "_ratio", "_price"]) => Some("float"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_tried_with_their_neighbours() {
        assert_eq!(near_constants(&["3".into()], &["18".into()]), ["18", "17", "19"]);
        assert_eq!(near_constants(&["'a'".into()], &["\"stop\"".into()]), ["\"stop\"", "'stopx'", "'astopb'"]);
    }
}
