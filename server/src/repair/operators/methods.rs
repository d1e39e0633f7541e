//! The wrong method, function, field or variant: a sibling of the same family, of the same type, or used on the same receiver.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::{Out, Site, arguments, is_call, similarity};
use crate::repair::kinds::Kind;
use crate::repair::scope::Member;

/// Functions and methods that are taken for each other, per language; the first of a group is no better than the others.
const PYTHON: &[&[&str]] = &[
    &["append", "extend", "insert", "add", "appendleft"],
    &["startswith", "endswith"],
    &["lstrip", "rstrip", "strip"],
    &["removeprefix", "removesuffix"],
    &["min", "max"],
    &["any", "all"],
    &["find", "rfind"],
    &["index", "rindex", "find", "count"],
    &["split", "rsplit"],
    &["partition", "rpartition"],
    &["lower", "upper", "title", "capitalize", "casefold", "swapcase"],
    &["islower", "isupper", "istitle"],
    &["isdigit", "isalpha", "isalnum", "isnumeric", "isdecimal", "isidentifier", "isspace"],
    &["keys", "values", "items"],
    &["get", "pop", "setdefault"],
    &["pop", "popleft", "popitem", "remove"],
    &["remove", "discard", "pop"],
    &["add", "update", "discard"],
    &["union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset"],
    &["ljust", "rjust", "center", "zfill"],
    &["floor", "ceil", "trunc", "round"],
    &["sorted", "reversed", "list"],
    &["sort", "reverse"],
    &["sum", "max", "min", "len"],
    &["int", "float", "round", "str"],
    &["list", "tuple", "set", "frozenset"],
    &["isinstance", "issubclass"],
    &["map", "filter"],
    &["sin", "cos", "tan"],
    &["match", "search", "fullmatch", "findall", "finditer"],
    &["group", "groups"],
    &["start", "end", "span"],
    &["bisect_left", "bisect_right", "bisect"],
    &["insort_left", "insort_right", "insort"],
    &["heappush", "heappop", "heappushpop", "heapreplace"],
    &["encode", "decode"],
    &["dumps", "dump", "loads", "load"],
    &["getattr", "hasattr"],
    &["permutations", "combinations", "combinations_with_replacement", "product"],
    &["takewhile", "dropwhile"],
    &["islice", "chain", "cycle", "repeat"],
    &["zip", "zip_longest", "enumerate"],
    &["staticmethod", "classmethod", "property"],
    &["ord", "chr"],
    &["nlargest", "nsmallest"],
    &["log", "log2", "log10", "exp", "sqrt"],
    &["quotient", "remainder"],
    &["read", "readline", "readlines"],
    &["ValueError", "TypeError", "KeyError", "IndexError"],
    &["iter", "next"],
    &["id", "hash"],
    &["repr", "str"],
    &["year", "month", "day"],
    &["hour", "minute", "second"],
];

const RUST: &[&[&str]] = &[
    &["first", "last"],
    &["first_mut", "last_mut"],
    &["min", "max"],
    &["min_by_key", "max_by_key"],
    &["min_by", "max_by"],
    &["iter", "into_iter", "iter_mut", "drain"],
    &["saturating_add", "wrapping_add", "saturating_sub", "wrapping_sub", "saturating_mul", "wrapping_mul"],
    &["checked_add", "checked_sub", "checked_mul", "checked_div", "checked_rem"],
    &["push", "insert", "extend", "append"],
    &["push", "push_str"],
    &["push_back", "push_front"],
    &["pop_back", "pop_front"],
    &["front", "back"],
    &["insert", "remove", "contains", "get"],
    &["is_some", "is_none"],
    &["is_ok", "is_err"],
    &["Some", "Ok", "Err"],
    &["unwrap_or", "unwrap_or_else", "unwrap_or_default", "map_or", "is_some_and", "is_none_or"],
    &["or", "and", "xor"],
    &["or_else", "and_then", "map"],
    &["ok", "err"],
    &["floor", "ceil", "round", "trunc"],
    &["trim", "trim_start", "trim_end"],
    &["trim_start_matches", "trim_end_matches", "trim_matches"],
    &["strip_prefix", "strip_suffix"],
    &["starts_with", "ends_with", "contains"],
    &["any", "all"],
    &["find", "rfind", "position", "rposition"],
    &["split", "rsplit", "split_terminator", "split_inclusive"],
    &["splitn", "rsplitn"],
    &["split_once", "rsplit_once"],
    &["chars", "bytes", "char_indices"],
    &["take", "skip", "step_by"],
    &["take_while", "skip_while", "filter", "map_while"],
    &["map", "filter_map", "flat_map"],
    &["sum", "product", "count"],
    &["next", "next_back", "last", "nth"],
    &["peek", "next"],
    &["keys", "values"],
    &["to_lowercase", "to_uppercase"],
    &["to_ascii_lowercase", "to_ascii_uppercase", "make_ascii_lowercase", "make_ascii_uppercase"],
    &["is_lowercase", "is_uppercase"],
    &["is_ascii_lowercase", "is_ascii_uppercase"],
    &["is_alphabetic", "is_alphanumeric", "is_numeric", "is_whitespace"],
    &["is_ascii_alphabetic", "is_ascii_alphanumeric", "is_ascii_digit", "is_ascii_punctuation", "is_ascii_hexdigit", "is_ascii_whitespace"],
    &["sort", "sort_unstable", "reverse"],
    &["abs", "signum"],
    &["sin", "cos", "tan"],
    &["leading_zeros", "trailing_zeros", "count_ones", "count_zeros"],
    &["rotate_left", "rotate_right"],
    &["len", "capacity", "count"],
    &["to_le_bytes", "to_be_bytes", "to_ne_bytes"],
    &["from_le_bytes", "from_be_bytes", "from_ne_bytes"],
    &["truncate", "resize", "clear"],
    &["Less", "Greater", "Equal"],
    &["MIN", "MAX"],
    &["INFINITY", "NEG_INFINITY", "NAN", "MAX", "MIN"],
    &["or_insert", "or_insert_with", "or_default"],
    &["lt", "le", "gt", "ge", "eq", "ne"],
    &["div_euclid", "rem_euclid"],
    &["start", "end"],
    &["write", "writeln"],
    &["dedup", "dedup_by_key"],
    &["add", "sub", "mul", "div"],
    &["from", "try_from"],
    &["as_millis", "as_secs", "as_micros", "as_nanos"],
];

/// Proposals for the name of a method, function, field, variant or path end.
pub fn propose(site: &Site<'_>, out: &mut Out<'_>) {
    if site.node.child_count() > 0 || !site.kind().ends_with("identifier") {
        return;
    }
    let Some(parent) = site.node.parent() else { return };
    let is = |field: &str| parent.child_by_field_name(field) == Some(site.node);
    let name = site.text(site.node);
    let member = match parent.kind() {
        "attribute" => is("attribute"),
        "field_expression" => is("field"),
        "scoped_identifier" => is("name"),
        "token_tree" => site.node.prev_sibling().is_some_and(|prev| matches!(prev.kind(), "." | "::")),
        _ => false,
    };
    if member || (is_call(parent) && is("function")) || parent.kind() == "decorator" || is_call_argument(parent) || is_pattern_path(parent)
    {
        let mut mates: BTreeMap<&str, f32> = BTreeMap::new();
        for family in if site.python() { PYTHON } else { RUST }.iter().filter(|family| family.contains(&name)) {
            let share = if family.len() <= 3 { 0.95 } else { 0.7 };
            for mate in family.iter().filter(|mate| **mate != name) {
                let slot = mates.entry(mate).or_default();
                *slot = slot.max(share * (0.7 + 0.3 * similarity(name, mate)));
            }
        }
        let in_macro = parent.kind() == "token_tree" || is_call_argument(parent);
        mates.into_iter().for_each(|(mate, weight)| out.swap(site.node, mate, if in_macro { weight * 0.6 } else { weight }));
    }
    if member {
        same_type(site, parent, name, out);
        same_receiver(site, parent, name, out);
    }
}

/// A function handed over by name: `key=min`.
fn is_call_argument(parent: Node<'_>) -> bool {
    matches!(parent.kind(), "argument_list" | "arguments" | "keyword_argument")
}

fn is_pattern_path(parent: Node<'_>) -> bool {
    parent.kind() == "tuple_struct_pattern"
}

/// Members of the type the receiver has (its own type for `self`, the written type or class name otherwise).
fn same_type(site: &Site<'_>, parent: Node<'_>, name: &str, out: &mut Out<'_>) {
    let receiver = parent.child_by_field_name("object").or(parent.child_by_field_name("value")).or(parent.child_by_field_name("path"));
    let text = receiver.map(|receiver| site.unit.source.of(receiver)).unwrap_or_default();
    let own = || site.function().and_then(|function| function.owner.clone());
    let owner = match text {
        "self" | "cls" | "Self" => own(),
        "" => site
            .node
            .prev_sibling()
            .and_then(|dot| dot.prev_sibling())
            .filter(|before| site.unit.source.of(*before) == "self")
            .and_then(|_| own()),
        _ => site
            .unit
            .scope
            .lookup(text, site.node.start_byte())
            .and_then(|binding| binding.type_name.clone())
            .or_else(|| Some(text.rsplit(['.', ':']).next().unwrap_or(text).to_owned())),
    };
    let call = parent.parent().filter(|call| is_call(*call) && call.child_by_field_name("function") == Some(parent));
    let arity = call.map(|call| arguments(call).len());
    let mut known: Vec<&Member> = owner.as_deref().map(|owner| site.project.members_of(owner)).unwrap_or_default().iter().collect();
    let sure = known.iter().any(|member| member.name == name);
    if !sure {
        let owners = site.project.owners_of(name).iter().take(6);
        known = owners.flat_map(|owner| site.project.members_of(owner)).collect();
    }
    let current = known.iter().find(|member| member.name == name).copied();
    let mut scored: BTreeMap<&str, f32> = BTreeMap::new();
    for other in known.iter().filter(|other| other.name != name && !other.name.starts_with("__") && other.name != "new") {
        let same_sort = match (current.map(|member| (member.params.is_some(), member.variant)), arity) {
            (Some(sort), _) if sort != (other.params.is_some(), other.variant) => 0.12,
            (_, Some(count)) if other.params.as_ref().is_some_and(|params| params.len() != count) => 0.35,
            (None, Some(_)) if other.params.is_none() => 0.1,
            _ => 1.0,
        };
        let kind = current.map_or(0.6, |member| {
            if member.kind == Kind::Unknown && other.kind == Kind::Unknown { 0.8 } else { member.kind.fit(other.kind) }
        });
        let slot = scored.entry(&other.name).or_default();
        *slot = slot.max(same_sort * kind * (0.45 + 0.55 * similarity(name, &other.name)) * if sure { 1.0 } else { 0.5 });
    }
    let mut ranked: Vec<(&str, f32)> = scored.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    for (rank, (other, weight)) in ranked.into_iter().take(14).enumerate() {
        out.swap(site.node, other, weight / (1.0 + 0.08 * rank as f32));
    }
}

/// What else this file asks of a receiver with the same text.
fn same_receiver(site: &Site<'_>, parent: Node<'_>, name: &str, out: &mut Out<'_>) {
    let Some(receiver) = parent.child_by_field_name("object").or(parent.child_by_field_name("value")) else { return };
    let text = site.unit.source.of(receiver);
    if text == "self" || text.len() > 40 {
        return;
    }
    let Some(counts) = site.unit.pool().receivers.get(text) else { return };
    let counts = counts.iter().filter(|(other, _)| other.as_str() != name).map(|(other, count)| (other.as_str(), *count));
    let mut ranked: Vec<(&str, u32)> = counts.collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    for (rank, (other, _)) in ranked.into_iter().take(8).enumerate() {
        out.swap(site.node, other, (0.2 + 0.3 * similarity(name, other)) / (1.0 + 0.15 * rank as f32));
    }
}
