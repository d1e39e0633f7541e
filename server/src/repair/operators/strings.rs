//! Text literals: separators, letter case, format specifications, a forgotten `f`.

use super::{Out, Site};

/// Short texts that are taken for each other.
const SEPARATORS: &[&str] = &["", " ", ",", ", ", "-", "_", ".", ":", ": ", "/", ";", "\\n", "\\t", "|", "=", "+", "'", "#", "*", "0"];

/// Proposals for one string or character literal.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    match site.kind() {
        "string" => {
            let Some(open) = site.node.child(0).filter(|open| open.kind() == "string_start") else { return };
            let Some(close) = site.node.child(site.node.child_count().saturating_sub(1)).filter(|close| close.kind() == "string_end")
            else {
                return;
            };
            let (prefix, end) = (site.text(open), site.text(close));
            let inner = &site.unit.source.text[open.end_byte()..close.start_byte()];
            if prefix.len() > 4 || inner.contains('\n') || site.node.parent().is_some_and(|parent| parent.kind() == "expression_statement")
            {
                return;
            }
            forgotten_f(site, prefix, inner, out);
            variants(site, prefix, inner, end, out);
        }
        "string_literal" if text.starts_with('"') && text.len() >= 2 => variants(site, "\"", &text[1..text.len() - 1], "\"", out),
        "format_specifier" => digits(site, out),
        "char_literal" => {
            for other in SEPARATORS.iter().filter(|other| other.chars().count() == 1 || other.starts_with('\\')) {
                let new = format!("'{}'", if *other == "'" { "\\'" } else { other });
                out.swap(site.node, new, 0.2);
            }
        }
        _ => {}
    }
}

fn variants(site: &Site<'_>, prefix: &str, inner: &str, end: &str, out: &mut Out<'_>) {
    let mut offers: Vec<(String, f32)> = Vec::new();
    if inner.chars().count() <= 2 && !prefix.starts_with(['f', 'F']) {
        offers.extend(SEPARATORS.iter().map(|other| ((*other).to_owned(), if inner.trim() == other.trim() { 0.8 } else { 0.35 })));
    } else {
        offers.push((String::new(), 0.15));
    }
    for (trimmed, weight) in
        [(inner.trim().to_owned(), 0.4), (inner.trim_end().to_owned(), 0.2), (format!("{inner} "), 0.2), (format!(" {inner}"), 0.1)]
    {
        offers.push((trimmed, weight));
    }
    if inner.len() <= 40 && inner.chars().any(char::is_alphabetic) && !inner.contains('%') && !inner.contains('{') {
        offers.extend([(inner.to_lowercase(), 0.35), (inner.to_uppercase(), 0.35)]);
        let mut letters = inner.chars();
        if let Some(first) = letters.next() {
            offers.push((first.to_uppercase().collect::<String>() + letters.as_str(), 0.2));
        }
    }
    let mut ends = inner.char_indices();
    if let (true, Some((last, _))) = (inner.chars().count() > 1, ends.next_back()) {
        offers.push((inner[..last].to_owned(), 0.15));
    }
    for (from, to) in [
        ("%d", "%s"),
        ("%s", "%d"),
        ("%s", "%r"),
        ("{}", "{:?}"),
        ("{:?}", "{}"),
        (", ", ","),
        (",", ", "),
        ("-", "_"),
        ("_", "-"),
        (".2f", ".1f"),
        (".1f", ".2f"),
        (".2", ".1"),
        (".1", ".2"),
    ] {
        if inner.contains(from) && inner.len() > from.len() {
            offers.push((inner.replacen(from, to, 1), 0.25));
        }
    }
    let mut seen = vec![inner.to_owned()];
    for (new, weight) in offers {
        if !seen.contains(&new) {
            out.swap(site.node, format!("{prefix}{new}{end}"), weight);
            seen.push(new);
        }
    }
}

/// `"{name}"` with a name that exists and no `f` before it.
fn forgotten_f(site: &Site<'_>, prefix: &str, inner: &str, out: &mut Out<'_>) {
    let names = inner.split('{').skip(1).filter_map(|rest| rest.split(['}', ':', '.', '[']).next());
    let known = names.filter(|name| !name.is_empty() && site.unit.scope.lookup(name, site.node.start_byte()).is_some()).count();
    let formatted = site.node.parent().is_some_and(|parent| parent.kind() == "attribute");
    if known > 0 && !prefix.to_lowercase().contains('f') && !formatted {
        out.insert(site.node.start_byte(), "f", 2.0, "make it an f-string");
    }
}

fn digits(site: &Site<'_>, out: &mut Out<'_>) {
    let text = site.text(site.node);
    for (at, digit) in text.char_indices().filter_map(|(at, c)| c.to_digit(10).map(|digit| (at, digit))) {
        for new in [digit + 1, digit.wrapping_sub(1)].into_iter().filter(|new| *new < 10) {
            out.swap(site.node, format!("{}{new}{}", &text[..at], &text[at + 1..]), 0.6);
        }
    }
    for (from, to) in [("<", ">"), (">", "<"), ("^", "<"), ("f", "g"), ("d", "x")] {
        if text.contains(from) {
            out.swap(site.node, text.replacen(from, to, 1), 0.5);
        }
    }
}
