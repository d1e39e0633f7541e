//! Literals: off by one, sign, truth value, the empty string, and literals that stand nearby.

use std::collections::BTreeMap;

use super::{Out, Site, similarity};
use crate::repair::kinds::Kind;
use crate::repair::scope::Role;

/// Proposals for one literal.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    match site.kind() {
        "integer" | "integer_literal" => integer(site, out),
        "float" | "float_literal" => float(site, out),
        "true" | "false" | "boolean_literal" => {
            let new = match site.text(site.node) {
                "True" => "False",
                "False" => "True",
                "true" => "false",
                _ => "true",
            };
            out.swap(site.node, new, 1.1);
        }
        "none" => {
            for (new, weight) in [("True", 0.1), ("False", 0.12), ("0", 0.12), ("\"\"", 0.1), ("[]", 0.12), ("{}", 0.08), ("1", 0.08)] {
                out.swap(site.node, new, weight);
            }
        }
        "string" | "string_literal" | "char_literal" => near_strings(site, out),
        _ => {}
    }
}

fn integer(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    let Some(number) = Number::parse(text) else { return };
    let signed =
        site.node.parent().is_some_and(|parent| matches!(parent.kind(), "unary_operator" | "unary_expression" | "negative_literal"));
    let in_pattern = site.node.parent().is_some_and(|parent| parent.kind() == "field_expression");
    let value = number.value;
    let mut offers: Vec<(i128, f32)> = vec![(value + 1, 1.0), (value - 1, 1.0), (0, 0.35), (1, 0.35), (2, 0.15), (-1, 0.2)];
    for delta in site.hints.deltas.iter().filter(|delta| delta.fract() == 0.0 && delta.abs() < 1e12) {
        offers.extend([(value + *delta as i128, 0.5), (value - *delta as i128, 0.4)]);
    }
    if value > 1 {
        offers.extend([(value * 2, 0.12), (value / 2, 0.12), (value * 10, 0.2), (value / 10, 0.2), (value + 2, 0.15), (value - 2, 0.15)]);
    }
    if !signed {
        offers.push((-value, 0.25));
    }
    for (rank, near) in nearby(site, &["integer", "integer_literal"]).into_iter().filter_map(|text| Number::parse(&text)).enumerate() {
        offers.push((near.value, 0.3 / (1.0 + 0.3 * rank as f32)));
    }
    let mut best: BTreeMap<i128, f32> = BTreeMap::new();
    for (new, weight) in offers {
        let unfit = new == value || (new < 0 && (signed || in_pattern)) || (new < 0 && number.radix != 10);
        if !unfit {
            let slot = best.entry(new).or_default();
            *slot = slot.max(weight);
        }
    }
    for (new, weight) in best {
        out.swap(site.node, number.write(new), weight);
    }
    for binding in site.names().into_iter().filter(|name| name.role == Role::Global && matches!(name.kind, Kind::Int | Kind::Float)) {
        out.swap(site.node, binding.name.clone(), 0.1);
    }
}

fn float(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let bare = digits.trim_end_matches("f64").trim_end_matches("f32");
    let suffix = &digits[bare.len()..];
    let Ok(value) = bare.parse::<f64>() else { return };
    let mut offers: Vec<(f64, f32)> =
        vec![(value + 1.0, 0.7), (value - 1.0, 0.7), (0.0, 0.3), (1.0, 0.3), (value * 10.0, 0.25), (value / 10.0, 0.25), (-value, 0.25)];
    offers.extend([(value / 2.0, 0.1), (value * 2.0, 0.1), (value * 100.0, 0.1), (value / 100.0, 0.1), (1.0 - value, 0.15)]);
    for (rank, near) in nearby(site, &["float", "float_literal"]).into_iter().filter_map(|text| text.parse::<f64>().ok()).enumerate() {
        offers.push((near, 0.4 / (1.0 + 0.3 * rank as f32)));
    }
    let mut seen = vec![value];
    for (new, weight) in offers {
        if !seen.contains(&new) {
            seen.push(new);
            out.swap(site.node, format!("{new:?}{suffix}"), weight);
        }
    }
}

/// Other strings of the file: nearest in form first.
fn near_strings(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    if text.starts_with("\"\"\"") || text.starts_with("'''") || text.len() > 80 {
        return;
    }
    let mut others = nearby(site, &[site.kind()]);
    others.retain(|other| other != text && other.len() < 80 && !other.contains('\n'));
    let mut scored: Vec<(f32, String)> =
        others.into_iter().enumerate().map(|(rank, other)| (similarity(text, &other) + 0.2 / (1.0 + rank as f32), other)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (score, other) in scored.into_iter().take(8) {
        out.swap(site.node, other, 0.5 * score * score);
    }
}

/// Texts of literals of these kinds, those of the same function first, each once, in order of distance.
fn nearby(site: &Site<'_>, kinds: &[&str]) -> Vec<String> {
    let here = site.node.start_byte();
    let function = site.function().map(|function| function.span.clone());
    let mut found = site.unit.pool().nearest(kinds, here);
    found.retain(|piece| piece.start != here);
    found.sort_by_key(|piece| !function.as_ref().is_some_and(|span| span.contains(&piece.start)));
    let mut texts: Vec<String> = Vec::new();
    for piece in found {
        if texts.len() >= 12 {
            break;
        }
        if !texts.contains(&piece.text) {
            texts.push(piece.text.clone());
        }
    }
    texts
}

/// An integer literal with its way of being written.
struct Number {
    value: i128,
    radix: u32,
    suffix: String,
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let (radix, digits) = match plain.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => (16, &plain[2..]),
            Some("0o") => (8, &plain[2..]),
            Some("0b") => (2, &plain[2..]),
            _ => (10, plain.as_str()),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let value = i128::from_str_radix(&digits[..end], radix).ok().filter(|value| value.abs() < i128::from(i64::MAX) * 4)?;
        Some(Self { value, radix, suffix: digits[end..].to_owned() })
    }

    fn write(&self, value: i128) -> String {
        let digits = match self.radix {
            16 => format!("0x{value:x}"),
            8 => format!("0o{value:o}"),
            2 => format!("0b{value:b}"),
            _ => value.to_string(),
        };
        format!("{digits}{}", self.suffix)
    }
}
