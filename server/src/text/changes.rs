//! The small edits between two texts: what an editor is asked to do, so that cursors, folds and marks elsewhere stay.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::lines::{lines, offsets, words};
use super::{Edit, RelPath};

/// Words of one changed block above which it is replaced in one piece.
const MAX_WORDS: usize = 4000;

/// A byte range of the old text and the byte range of the new text that takes its place.
type Pair = (Range<usize>, Range<usize>);

/// Edits of `path` that turn `old` into `new`, sorted, apart from each other. They leave bytes alone that both texts share:
/// no edit begins or ends with text that is already there. One exception: no edit starts or ends between `\r` and `\n`
/// of the old text, a place no line and column can name.
///
/// Lines are compared first, then the words of each changed block, both with Myers' algorithm (1986).
pub fn edits_between(path: &RelPath, old: &str, new: &str) -> Vec<Edit> {
    let mut pairs = Vec::new();
    let (old_lines, new_lines) = (lines(old), lines(new));
    for (before, after) in changed(&old_lines, &new_lines) {
        let (old_words, new_words) = (words(&old[before.clone()]), words(&new[after.clone()]));
        if old_words.len() + new_words.len() > MAX_WORDS {
            pairs.push((before, after));
            continue;
        }
        for (a, b) in changed(&old_words, &new_words) {
            pairs.push((before.start + a.start..before.start + a.end, after.start + b.start..after.start + b.end));
        }
    }
    let trimmed = pairs.into_iter().map(|pair| trim(old, new, pair)).collect();
    let whole = coalesce(trimmed).into_iter().map(|pair| around_line_ends(old, new, pair)).collect();
    let edit = |(before, after): Pair| Edit { path: path.clone(), span: before, text: new[after].to_owned() };
    coalesce(whole).into_iter().map(edit).collect()
}

/// Byte ranges of the pieces that differ.
pub(super) fn changed(old: &[&str], new: &[&str]) -> Vec<Pair> {
    let (old_at, new_at) = (offsets(old), offsets(new));
    let ops = capture_diff_slices(Algorithm::Myers, old, new);
    let differing = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
    let pairs = differing.map(|op| {
        let (a, b) = (op.old_range(), op.new_range());
        (old_at[a.start]..old_at[a.end], new_at[b.start]..new_at[b.end])
    });
    coalesce(pairs.collect())
}

/// Joins pairs with nothing between them in both texts.
fn coalesce(pairs: Vec<Pair>) -> Vec<Pair> {
    let mut joined: Vec<Pair> = Vec::new();
    for (before, after) in pairs {
        match joined.last_mut() {
            Some((a, b)) if a.end >= before.start && b.end >= after.start => {
                a.end = before.end;
                b.end = after.end;
            }
            _ => joined.push((before, after)),
        }
    }
    joined
}

/// Drops characters both sides begin or end with.
fn trim(old: &str, new: &str, (mut before, mut after): Pair) -> Pair {
    let (a, b) = (&old[before.clone()], &new[after.clone()]);
    let head: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (&a[head..], &b[head..]);
    let tail: usize = a.chars().rev().zip(b.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    before = before.start + head..before.end - tail;
    after = after.start + head..after.end - tail;
    (before, after)
}

/// Widens a pair so that it does not cut a `\r\n` of the old text. What is added is equal in both texts, because pairs
/// are surrounded by equal text.
fn around_line_ends(old: &str, new: &str, (mut before, mut after): Pair) -> Pair {
    let cuts = |at: usize| at > 0 && old.as_bytes()[at - 1] == b'\r' && old.as_bytes().get(at) == Some(&b'\n');
    if cuts(before.start) && new[..after.start].ends_with('\r') {
        before.start -= 1;
        after.start -= 1;
    }
    if cuts(before.end) && new[after.end..].starts_with('\n') {
        before.end += 1;
        after.end += 1;
    }
    (before, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{ContentChange, Document, Encoding, apply_edits};
    use proptest::prelude::*;

    fn between(old: &str, new: &str) -> Vec<(Range<usize>, String)> {
        let path = RelPath::new("f").unwrap();
        let edits = edits_between(&path, old, new);
        assert_eq!(apply_edits(old, &edits).as_deref(), Ok(new));
        edits.into_iter().map(|edit| (edit.span, edit.text)).collect()
    }

    #[test]
    fn only_the_difference_is_touched() {
        assert_eq!(between("total / len(number)\n", "total / len(numbers)\n"), [(18..18, "s".to_owned())]);
        assert_eq!(between("f(a, b)\r\nx", "g(a, c)\r\nx"), [(0..1, "g".to_owned()), (5..6, "c".to_owned())]);
        assert_eq!(between("same", "same"), []);
        assert_eq!(between("", "new\n"), [(0..0, "new\n".to_owned())]);
        assert_eq!(between("\u{feff}a\r\nb", "\u{feff}a\r\nB"), [(6..7, "B".to_owned())]);
    }

    #[test]
    fn no_edit_starts_or_ends_inside_a_line_end() {
        assert_eq!(between("a\r\nb\r\n", "a\nb\r\n"), [(1..3, "\n".to_owned())]);
        assert_eq!(between("a\r\nb", "a\rb"), [(1..3, "\r".to_owned())]);
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec!["a", "b", "ab", "a b", "é", "𝒳", " ", "(", "\n", "\n", "\r\n", "\r", "\u{feff}"]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn edits_survive_the_way_over_lines_and_columns(old in text(), new in text()) {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let shown = Document::new(&old);
                let mut document = shown.clone();
                for (span, text) in between(&old, &new).into_iter().rev() {
                    let place = |byte| shown.position(byte, encoding).unwrap();
                    let range = Some(place(span.start)..place(span.end));
                    document.apply(&ContentChange { range, text }, encoding).unwrap();
                }
                prop_assert_eq!(document.text(), new.as_str());
            }
        }

        #[test]
        fn edits_turn_the_old_text_into_the_new(old in text(), new in text()) {
            let edits = between(&old, &new);
            let mut done = None;
            for (span, text) in &edits {
                let Range { start, end } = *span;
                prop_assert!(done.is_none_or(|done| done < start), "edits touch: {edits:?}");
                done = Some(end);
                for at in [start, end] {
                    prop_assert!(!(old[..at].ends_with('\r') && old[at..].starts_with('\n')), "{span:?} cuts a line end");
                }
                let gone = &old[start..end];
                prop_assert!(gone != text);
                let same = |a: Option<char>, b: Option<char>| a.is_some() && a == b && a != Some('\r') && a != Some('\n');
                prop_assert!(!same(gone.chars().next(), text.chars().next()), "{span:?} begins with what is there: {gone:?} {text:?}");
                prop_assert!(!same(gone.chars().last(), text.chars().last()), "{span:?} ends with what is there: {gone:?} {text:?}");
            }
        }
    }
}
