//! Names of generated tests, as a person would write them: `test_average_of_empty_list_raises_zero_division_error`.

use super::inputs::Call;

/// The name of a test: what is called, what makes its input special, and what comes of it. `params` are the parameters' names.
pub(super) fn test_name(own: &str, params: &[&str], call: &Call, ending: &str, method: bool) -> String {
    let words: Vec<String> = call.arguments().map(argument).collect();
    let parameter = |at: usize| match call.kwargs.get(at.wrapping_sub(call.args.len())) {
        Some((name, _)) if at >= call.args.len() => name.as_str(),
        _ => params.get(at).copied().unwrap_or_default(),
    };
    let inputs = match (&words[..], call.varied) {
        ([], _) => String::new(),
        ([one], _) if method => format!("_with_{one}"),
        ([one], _) => format!("_of_{one}"),
        (_, Some(at)) => {
            let (name, what) = (parameter(at).trim_matches('_'), words.get(at).map(String::as_str).unwrap_or_default());
            if name == what { format!("_with_another_{name}") } else { format!("_with_{name}_{what}") }
        }
        ([first, second], None) => format!("_with_{first}_and_{second}"),
        _ => String::new(),
    };
    let full = format!("{own}{inputs}{ending}");
    if full.len() > 90 { format!("{own}{ending}") } else { full }
}

/// What an argument is, in two or three words joined by `_`; understands Python and Rust literals.
pub(super) fn argument(text: &str) -> String {
    let text = text.trim().trim_start_matches('&').trim_start_matches("mut ");
    let text = text.strip_suffix(".to_string()").or_else(|| text.strip_suffix(".into()")).unwrap_or(text);
    let text = text.strip_prefix("String::from(").and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    match text {
        "[]" | "vec![]" | "Vec::new()" | "list()" => return "empty_list".into(),
        "{}" | "dict()" => return "empty_dict".into(),
        "()" | "tuple()" => return "empty_tuple".into(),
        "set()" | "frozenset()" => return "empty_set".into(),
        "\"\"" | "''" | "String::new()" => return "empty_text".into(),
        "b''" | "b\"\"" => return "empty_bytes".into(),
        "None" | "True" | "False" | "true" | "false" => return text.to_lowercase(),
        _ => {}
    }
    if let Some(number) = number(text) {
        return number;
    }
    if text.starts_with("lambda ") || text.starts_with('|') {
        return "a_function".into();
    }
    if let Some(inner) = text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')) {
        return format!("some_{}", argument(inner));
    }
    if text.starts_with(['"', '\'']) {
        return quoted(text.trim_matches(['"', '\'']));
    }
    let (open, words) = match text.trim_start_matches("vec!").chars().next() {
        Some('[') => ('[', ["one_item", "several_items", "nested_lists"]),
        Some('(') => ('(', ["tuple", "tuple", "tuple"]),
        Some('{') if top_level(text, ':') > 0 => ('{', ["one_entry", "several_entries", "nested_dicts"]),
        Some('{') => ('{', ["set_of_one", "set", "set"]),
        _ => return slug(text.split(['(', '{']).next().unwrap_or_default()),
    };
    let inner = text.trim_start_matches("vec!").get(1..).unwrap_or_default();
    let numbers = inner.chars().all(|char| char.is_ascii_digit() || " ,.-])_".contains(char));
    let which = if inner.contains(open) && open == '[' { 2 } else { usize::from(top_level(text, ',') > 0) };
    match (which, open, numbers) {
        (1, '[', true) if inner.contains('-') => "mixed_numbers".into(),
        (1, '[', true) => "several_numbers".into(),
        (0, '[', true) => "one_number".into(),
        _ => words.get(which).copied().unwrap_or("value").into(),
    }
}

/// Separators directly inside the outermost bracket, one at the very end not counted.
fn top_level(text: &str, separator: char) -> usize {
    let (mut depth, mut count, mut quote) = (0_usize, 0, None);
    for char in text.trim_end_matches([']', ')', '}', ' ']).trim_end_matches(separator).chars() {
        match (char, quote) {
            (char, Some(open)) if char == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(char),
            ('[' | '(' | '{', None) => depth += 1,
            (']' | ')' | '}', None) => depth = depth.saturating_sub(1),
            (char, None) if char == separator && depth == 1 => count += 1,
            _ => {}
        }
    }
    count
}

fn number(text: &str) -> Option<String> {
    let bare = text.trim_start_matches('(').trim_end_matches(')');
    let bare = ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64"]
        .iter()
        .find_map(|suffix| bare.strip_suffix(suffix))
        .unwrap_or(bare)
        .replace('_', "");
    let value: f64 = bare.parse().ok().filter(|_| bare.starts_with(|char: char| char.is_ascii_digit() || char == '-'))?;
    let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let digits = bare.trim_start_matches('-').replace('.', "_point_").replace("_point_0", "");
    let size = digits.parse::<usize>().ok().and_then(|at| words.get(at)).map_or(digits, |word| (*word).to_owned());
    Some(if value < 0.0 { format!("minus_{size}") } else { size })
}

fn quoted(inner: &str) -> String {
    if inner.trim().is_empty() {
        return "blank_text".into();
    }
    if !inner.is_ascii() {
        return "unicode_text".into();
    }
    if inner.trim() != inner {
        return "padded_text".into();
    }
    let slug = slug(inner);
    if slug.is_empty() || slug.len() > 24 || slug.split('_').count() > 3 { "text".into() } else { slug }
}

/// Letters and digits in lower case, runs of others as one `_`; `CamelCase` becomes `camel_case`.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            if char.is_ascii_uppercase() && before.is_ascii_lowercase() {
                out.push('_');
            }
            out.push(char.to_ascii_lowercase());
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
        before = char;
    }
    out.trim_matches('_').to_owned()
}

/// `name`, or `name_2`, `name_3`… if it is taken; it is taken afterwards.
pub(super) fn unique(name: &str, taken: &mut std::collections::BTreeSet<String>) -> String {
    let (mut next, mut count) = (name.to_owned(), 1);
    while !taken.insert(next.clone()) {
        count += 1;
        next = format!("{name}_{count}");
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_read_like_words() {
        for (text, words) in [
            ("[]", "empty_list"),
            ("[1]", "one_number"),
            ("[1, 2]", "several_numbers"),
            ("[-1, 2]", "mixed_numbers"),
            ("['a', 'b']", "several_items"),
            ("vec![1, 2]", "several_numbers"),
            ("&[1, 2]", "several_numbers"),
            ("-1", "minus_one"),
            ("0.5", "0_point_5"),
            ("2.0", "two"),
            ("42u8", "42"),
            ("'Hello World'", "hello_world"),
            ("\"a b c d e f\"", "text"),
            ("'ü'", "unicode_text"),
            ("Some(3)", "some_three"),
            ("None", "none"),
            ("{'a': 1}", "one_entry"),
            ("{'a': 1, 'b': 2}", "several_entries"),
            ("Point(x=1, y=2)", "point"),
            ("Color.RED", "color_red"),
            ("\"x\".to_string()", "x"),
        ] {
            assert_eq!(argument(text), words, "{text}");
        }
    }

    #[test]
    fn names_stay_unique() {
        let mut taken = std::collections::BTreeSet::new();
        assert_eq!([unique("a", &mut taken), unique("a", &mut taken), unique("a", &mut taken)], ["a", "a_2", "a_3"]);
    }
}
