//! What failure messages say: names nobody knows, values compared, the sort of error — and which operators that favours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::case::Case;
use super::source::Lang;
use crate::text::RelPath;

/// Facts drawn from messages and diagnostics.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Names that could not be resolved: variables, attributes, imports, fields, methods, keys, keyword arguments.
    pub unknown: BTreeSet<String>,
    /// What a tool proposed in their place (`did you mean`).
    pub meant: BTreeMap<String, BTreeSet<String>>,
    /// Operator family → factor on its prior.
    pub boosts: BTreeMap<&'static str, f32>,
    /// Lines where an exception or panic left the code under test.
    pub raised: BTreeSet<(RelPath, u32)>,
    /// Identifiers and numbers that occur in messages.
    pub words: BTreeSet<String>,
    /// Expected minus actual, where both are numbers.
    pub deltas: Vec<f64>,
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("a valid pattern"));
    };
}

pattern!(
    UNKNOWN,
    r"(?x)
    name\ '(\w+)'\ is\ not\ defined | has\ no\ attribute\ '(\w+)' | cannot\ import\ name\ '(\w+)' | KeyError:\ '([^']*)' |
    unexpected\ keyword\ argument\ '(\w+)' | variable\ '(\w+)'\ (?:referenced|where) | undefined\ name\ '(\w+)' | No\ module\ named\ '([\w.]+)' |
    cannot\ find\ (?:value|function|type|macro|struct|trait|tuple\ struct|derive\ macro|attribute|module|crate)[^`]*`([^`]+)` |
    no\ (?:field|method|function\ or\ associated\ item|variant|associated\ item|method\ named|field\ named|variant\ or\ associated\ item)[^`]*`([^`]+)` |
    unresolved\ import\ `([^`]+)`"
);
pattern!(MEANT, r"(?:[Dd]id you mean:?|with a similar name(?: exists)?:?|perhaps you meant)[^`'\w]*[`']?(?:self\.)?(\w+)[`'?]?");
pattern!(LEFT_RIGHT, r"left:\s*(.+)\n\s*right:\s*(.+)");
pattern!(ASSERT_OP, r"(?m)assert (.+?) (?:==|is) (.+?)$");
pattern!(UNITTEST, r"AssertionError: (.+?) != (.+?)(?:\s:|\n|$)");
pattern!(WORD, r"[A-Za-z_]\w+");

impl Hints {
    /// Reads every message of the case.
    pub fn of(case: &Case<'_>) -> Self {
        let mut hints = Self::default();
        for test in case.failing {
            let message = format!("{}: {}", test.error.as_deref().unwrap_or_default(), test.message);
            hints.read(&message);
            hints.read_values(&test.message, test.path.as_ref().and_then(Lang::of));
            let inner = test.frames.iter().rev().find(|frame| Some(&frame.path) != test.path.as_ref() || test.frames.len() == 1);
            hints.raised.extend(inner.map(|frame| (frame.path.clone(), frame.line)));
        }
        for diagnostic in case.diagnostics {
            hints.read(&diagnostic.message);
            diagnostic.details.iter().for_each(|detail| hints.read(detail));
            hints.raised.insert((diagnostic.path.clone(), diagnostic.line));
        }
        hints
    }

    /// The factor for an operator family.
    pub fn boost(&self, family: &str) -> f32 {
        self.boosts.get(family).copied().unwrap_or(1.0)
    }

    fn favour(&mut self, families: &[&'static str], factor: f32) {
        for family in families {
            let slot = self.boosts.entry(family).or_insert(1.0);
            *slot = slot.max(factor);
        }
    }

    fn read(&mut self, message: &str) {
        let message: String = message.chars().take(6000).collect();
        let unknown: Vec<String> = UNKNOWN
            .captures_iter(&message)
            .filter_map(|found| found.iter().skip(1).flatten().next().map(|name| name.as_str().to_owned()))
            .collect();
        for meant in MEANT.captures_iter(&message) {
            for name in &unknown {
                self.meant.entry(name.clone()).or_default().insert(meant[1].to_owned());
            }
        }
        if !unknown.is_empty() {
            self.favour(&["names"], 6.0);
        }
        self.unknown.extend(unknown.into_iter().map(|name| name.rsplit([':', '.']).next().unwrap_or_default().to_owned()));
        self.words.extend(WORD.find_iter(&message).map(|word| word.as_str().to_owned()));
        let any = |needles: &[&str]| needles.iter().any(|needle| message.contains(needle));
        if any(&[
            "IndexError",
            "index out of range",
            "out of bounds",
            "out of range",
            "StopIteration",
            "range start index",
            "range end index",
        ]) {
            self.favour(&["bounds", "guards"], 2.5);
            self.favour(&["comparison", "constants"], 1.5);
        }
        if any(&["ZeroDivisionError", "division by zero", "divide by zero", "remainder with a divisor of zero"]) {
            self.favour(&["guards"], 5.0);
            self.favour(&["variables", "arithmetic"], 1.3);
        }
        if any(&["NoneType", "`None` value", "Option::unwrap"]) {
            self.favour(&["guards", "returns"], 3.0);
            self.favour(&["methods"], 1.4);
        }
        if any(&["max() arg is an empty", "min() arg is an empty", "empty sequence", "max() iterable argument is empty", "empty range"]) {
            self.favour(&["guards"], 5.0);
        }
        if any(&["with overflow"]) {
            self.favour(&["arithmetic", "comparison", "constants", "methods", "guards"], 1.6);
        }
        if any(&["missing 1 required", "takes ", "positional argument", "this function takes", "arguments to this"]) {
            self.favour(&["arguments"], 3.0);
        }
        if any(&["unsupported operand", "must be str, not", "can only concatenate", "not supported between", "mismatched types"]) {
            self.favour(&["wraps", "variables", "arguments", "arithmetic"], 1.6);
        }
        if any(&["RecursionError", "overflowed its stack", "timed out", "Timeout"]) {
            self.favour(&["comparison", "constants", "arithmetic", "guards"], 1.6);
        }
        if any(&["did not raise", "DID NOT RAISE", "not raised", "did not panic"]) {
            self.favour(&["guards", "logic", "comparison", "conditions"], 2.0);
        }
        if any(&["is not callable", "is not subscriptable", "is not iterable", "has no len()", "indices must be integers"]) {
            self.favour(&["variables", "methods"], 1.8);
        }
        if any(&["UnboundLocalError"]) {
            self.favour(&["variables", "statements"], 2.0);
        }
        if any(&["TypeError", "AttributeError"]) {
            self.favour(&["arguments", "methods", "variables", "guards"], 1.3);
        }
    }

    /// Compared values: which is expected and which actual is not known for sure, so only their relation is used.
    fn read_values(&mut self, message: &str, lang: Option<Lang>) {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pattern in [&*LEFT_RIGHT, &*ASSERT_OP, &*UNITTEST] {
            pairs.extend(pattern.captures_iter(message).take(2).map(|pair| (pair[1].trim().to_owned(), pair[2].trim().to_owned())));
        }
        for (left, right) in pairs {
            self.read_pair(&left, &right, lang);
        }
    }

    fn read_pair(&mut self, left: &str, right: &str, lang: Option<Lang>) {
        if let (Ok(a), Ok(b)) = (left.parse::<f64>(), right.parse::<f64>()) {
            self.deltas.push(b - a);
            if (a - b).abs() == 1.0 {
                self.favour(&["bounds", "constants", "comparison"], 1.5);
            } else if a == -b {
                self.favour(&["arithmetic", "constants", "arguments"], 1.5);
            }
            return;
        }
        let boolean = |text: &str| matches!(text, "True" | "False" | "true" | "false");
        if boolean(left) || boolean(right) {
            self.favour(&["comparison", "logic", "conditions"], 1.5);
        }
        if (left == "None") != (right == "None") && lang != Some(Lang::Rust) {
            self.favour(&["returns"], 4.0);
            self.favour(&["guards"], 1.5);
        }
        let list = |text: &str| text.starts_with(['[', '(']);
        if list(left) && list(right) {
            self.favour(&["bounds", "comparison"], 1.2);
        }
    }
}
