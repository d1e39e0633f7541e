//! Three-way merge: a proven text and what the user typed meanwhile, both from the same base.
//!
//! Stricter than version control: changes must stand apart by at least one untouched line, else it is a conflict and
//! nothing is delivered. Whatever comes out is proven again. The idea of merging by the regions that both sides leave
//! alone is that of Khanna, Kunal and Pierce, "A Formal Investigation of Diff3" (2007).

use std::ops::Range;

use super::changes::changed;
use super::lines::lines;

/// Both sides changed the same place or places next to each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("both sides changed the same lines ({} place{})", .at.len(), if .at.len() == 1 { "" } else { "s" })]
pub struct MergeConflict {
    /// Where, as byte ranges of the base, each covering what both sides replace there; sorted.
    pub at: Vec<Range<usize>>,
}

/// A region of the base and what one side puts there.
#[derive(Debug, PartialEq, Eq)]
struct Region<'a> {
    base: Range<usize>,
    text: &'a str,
}

/// The base with the changes of both sides. A change both made alike is taken once; line ends and a byte-order mark are
/// part of the text and kept as each side has them.
///
/// # Errors
/// [`MergeConflict`] where differing changes overlap or touch.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<String, MergeConflict> {
    let base_lines = lines(base);
    let ours = regions(&base_lines, ours);
    let theirs = regions(&base_lines, theirs);
    let at = conflicts(&ours, &theirs);
    if !at.is_empty() {
        return Err(MergeConflict { at });
    }
    let mut all: Vec<Region<'_>> = ours.into_iter().chain(theirs).collect();
    all.sort_by_key(|region| (region.base.start, region.base.end));
    all.dedup();
    let (mut merged, mut done) = (String::with_capacity(base.len() + 64), 0);
    for region in all {
        merged.push_str(&base[done..region.base.start]);
        merged.push_str(region.text);
        done = region.base.end;
    }
    merged.push_str(&base[done..]);
    Ok(merged)
}

fn regions<'a>(base: &[&str], side: &'a str) -> Vec<Region<'a>> {
    changed(base, &lines(side)).into_iter().map(|(base, text)| Region { base, text: &side[text] }).collect()
}

/// Every place where a region of one side touches a different region of the other.
fn conflicts(ours: &[Region<'_>], theirs: &[Region<'_>]) -> Vec<Range<usize>> {
    let mut at: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    for a in ours {
        while theirs.get(first).is_some_and(|b| b.base.end < a.base.start) {
            first += 1;
        }
        for b in theirs[first..].iter().take_while(|b| b.base.start <= a.base.end).filter(|b| *b != a) {
            let both = a.base.start.min(b.base.start)..a.base.end.max(b.base.end);
            match at.last_mut() {
                Some(last) if last.end >= both.start => last.end = last.end.max(both.end),
                _ => at.push(both),
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(base: &str, ours: &str, theirs: &str) -> Vec<(usize, usize)> {
        merge(base, ours, theirs).unwrap_err().at.iter().map(|at| (at.start, at.end)).collect()
    }

    #[test]
    fn changes_apart_merge_and_changes_together_do_not() {
        let base = "\u{feff}one\r\ntwo\r\nthree\r\nfour";
        assert_eq!(merge(base, &base.replace("one", "1"), &base.replace("four", "4")).unwrap(), "\u{feff}1\r\ntwo\r\nthree\r\n4");
        assert_eq!(places(base, &base.replace("one", "1"), &base.replace("two", "2")), [(0, 13)], "adjacent lines");
        assert_eq!(places(base, &base.replace("two", "2"), &base.replace("two", "II")), [(8, 13)]);
        assert_eq!(merge(base, &base.replace("two", "2"), &base.replace("two", "2")).unwrap(), base.replace("two", "2"), "the same change");
        assert_eq!(places("a\n", "x\na\n", "y\na\n"), [(0, 0)], "two insertions at one place");
    }

    #[test]
    fn a_conflict_says_how_many_places() {
        let error = merge("a\nb\nc\n", "1\nb\n3\n", "I\nb\nIII\n").unwrap_err();
        assert_eq!(error.to_string(), "both sides changed the same lines (2 places)");
    }

    type LineEdit = (Range<usize>, Vec<String>);

    /// A base of distinct lines and two edits of it: line ranges and new lines that occur nowhere in the base.
    fn edits() -> impl Strategy<Value = (Vec<String>, [LineEdit; 2])> {
        let ends = prop::sample::select(vec!["\n", "\r\n", "\r"]);
        (prop::collection::vec(ends, 1..14), prop::bool::ANY).prop_flat_map(|(ends, cut)| {
            let count = ends.len();
            let mut base: Vec<String> = ends.iter().enumerate().map(|(at, end)| format!("line {at}{end}")).collect();
            if let (true, Some(last)) = (cut, base.last_mut()) {
                last.truncate(last.trim_end().len());
            }
            let edit = move |name: &'static str| {
                (0..=count, 0..=count, 0..3usize)
                    .prop_map(move |(a, b, new)| (a.min(b)..a.max(b), (0..new).map(|at| format!("{name} {at}\n")).collect::<Vec<_>>()))
            };
            (Just(base), [edit("ours").boxed(), edit("theirs").boxed()])
        })
    }

    fn edited(base: &[String], edits: &[&LineEdit]) -> String {
        let mut lines = base.to_vec();
        let mut sorted = edits.to_vec();
        sorted.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        for (range, new) in sorted {
            lines.splice(range.clone(), new.iter().cloned());
        }
        lines.concat()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn disjoint_edits_merge_in_either_order((base, [a, b]) in edits()) {
            let text = base.concat();
            let (ours, theirs) = (edited(&base, &[&a]), edited(&base, &[&b]));
            let merged = merge(&text, &ours, &theirs);
            prop_assert_eq!(&merged, &merge(&text, &theirs, &ours), "the order of the sides matters");
            let apart = a.0.end < b.0.start || b.0.end < a.0.start;
            let nothing = ours == text || theirs == text;
            if apart && base.concat().ends_with(['\n', '\r']) {
                prop_assert_eq!(merged.as_ref(), Ok(&edited(&base, &[&a, &b])));
            } else if !apart && !nothing && ours != theirs {
                prop_assert!(merged.is_err(), "touching edits merged: {:?}", merged);
            }
        }

        #[test]
        fn one_sided_and_equal_changes_are_taken_as_they_are((base, [a, _]) in edits()) {
            let (text, side) = (base.concat(), edited(&base, &[&a]));
            prop_assert_eq!(merge(&text, &text, &side), Ok(side.clone()));
            prop_assert_eq!(merge(&text, &side, &text), Ok(side.clone()));
            prop_assert_eq!(merge(&text, &side, &side), Ok(side.clone()));
        }
    }
}
