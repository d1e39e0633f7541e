//! Merge conflict markers, as git, Mercurial and jj's git style leave them in a file.

use std::ops::Range;

use super::Document;

/// One conflict of a text. All ranges are bytes; the sides are whole lines and may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// All of it, from the first marker line to the end of the last, line end included.
    pub span: Range<usize>,
    /// What stands under `<<<<<<<`.
    pub ours: Range<usize>,
    /// What stands under `|||||||`, where the base is shown.
    pub base: Option<Range<usize>>,
    /// What stands under `=======`.
    pub theirs: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ours,
    Base,
    Theirs,
    End,
}

impl Document {
    /// The conflict whose lines hold `byte`. Markers out of order are no conflict.
    pub fn conflict_at(&self, byte: usize) -> Option<Conflict> {
        if !self.has_opener() {
            return None;
        }
        let line = self.line_of(byte);
        let opens = |at: &usize| match self.mark(*at) {
            Some(Mark::Ours) => Some(true),
            Some(Mark::End) if *at < line => Some(false),
            _ => None,
        };
        let first = (0..=line).rev().find(|at| opens(at).is_some()).filter(|at| opens(at) == Some(true))?;
        let conflict = self.conflict_from(first)?;
        (line <= self.line_of(conflict.span.end - 1)).then_some(conflict)
    }

    /// Every conflict, in order.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> = Vec::new();
        for line in (0..self.lines()).filter(|line| self.mark(*line) == Some(Mark::Ours)) {
            let after = conflicts.last().is_none_or(|last| last.span.end <= self.rope().line_to_byte(line));
            conflicts.extend(self.conflict_from(line).filter(|_| after));
        }
        conflicts
    }

    /// Whether seven `<` stand together anywhere: nearly always no, and quickly known.
    fn has_opener(&self) -> bool {
        let mut run = 0;
        self.rope().chunks().any(|chunk| {
            // A run can go on from one chunk into the next.
            let joined = run > 0 && chunk.bytes().take_while(|byte| *byte == b'<').count() + run >= 7;
            run =
                chunk.bytes().rev().take_while(|byte| *byte == b'<').count() + if chunk.bytes().all(|byte| byte == b'<') { run } else { 0 };
            joined || chunk.contains("<<<<<<<")
        })
    }

    fn conflict_from(&self, first: usize) -> Option<Conflict> {
        let start = |line: usize| self.rope().line_to_byte(line);
        let (mut base, mut middle) = (None, None);
        for line in first + 1..self.lines() {
            match (self.mark(line), base, middle) {
                (None, ..) => {}
                (Some(Mark::Base), None, None) => base = Some(line),
                (Some(Mark::Theirs), _, None) => middle = Some(line),
                (Some(Mark::End), _, Some(middle)) => {
                    return Some(Conflict {
                        span: start(first)..start(line + 1),
                        ours: start(first + 1)..start(base.unwrap_or(middle)),
                        base: base.map(|base| start(base + 1)..start(middle)),
                        theirs: start(middle + 1)..start(line),
                    });
                }
                // A second `=======` belongs to the text: headings are underlined like that.
                (Some(Mark::Theirs), _, Some(_)) => {}
                _ => return None,
            }
        }
        None
    }

    /// The marker a line consists of: seven signs, then a blank and a label or nothing.
    fn mark(&self, line: usize) -> Option<Mark> {
        let rope = self.rope();
        let start = rope.line_to_byte(line);
        let first = rope.get_byte(start)?;
        let mark = match first {
            b'<' => Mark::Ours,
            b'|' => Mark::Base,
            b'=' => Mark::Theirs,
            b'>' => Mark::End,
            _ => return None,
        };
        let mut bytes = rope.byte_slice(start..rope.line_to_byte(line + 1)).bytes().skip_while(|byte| *byte == first);
        let seven = (start..start + 7).all(|at| rope.get_byte(at) == Some(first)) && rope.get_byte(start + 7) != Some(first);
        (seven && matches!(bytes.next(), None | Some(b' ' | b'\r' | b'\n'))).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "a\n<<<<<<< HEAD\nours\n||||||| base\nold\n=======\n=======\ntheirs\r\n>>>>>>> topic\r\nb\n<<<<<<<\n=======\n>>>>>>>";

    #[test]
    fn a_conflict_is_found_from_any_of_its_lines() {
        let document = Document::new(TEXT);
        let first = document.conflict_at(TEXT.find("ours").unwrap()).unwrap();
        let text = |span: &Range<usize>| &TEXT[span.clone()];
        assert_eq!((text(&first.ours), text(&first.theirs)), ("ours\n", "=======\ntheirs\r\n"));
        assert_eq!(first.base.as_ref().map(text), Some("old\n"));
        assert!(text(&first.span).starts_with("<<<<<<< HEAD") && text(&first.span).ends_with("topic\r\n"));
        for place in ["<<<<<<< HEAD", "old", "theirs", ">>>>>>> topic"] {
            assert_eq!(document.conflict_at(TEXT.find(place).unwrap()).as_ref(), Some(&first), "{place}");
        }
        assert_eq!(document.conflict_at(0), None);
        assert_eq!(document.conflict_at(TEXT.find("b\n").unwrap()), None, "between two conflicts");
        let last = document.conflict_at(TEXT.len()).unwrap();
        assert_eq!((last.span.end, last.ours.len(), last.base.clone()), (TEXT.len(), 0, None));
        assert_eq!(document.conflicts(), [first, last]);
    }

    #[test]
    fn markers_are_found_wherever_the_rope_is_cut() {
        for before in 0..3000 {
            let text = format!("{}\n<<<<<<< a\n=======\n>>>>>>> b\n", "x".repeat(before));
            assert!(Document::new(&text).conflict_at(before + 3).is_some(), "{before}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "<<<<<<< HEAD\nours\n",
            "<<<<<<< a\n>>>>>>> b\n=======\n",
            "Title\n=======\n",
            "<<<<<<<< a\n=======\n>>>>>>> b\n",
            "  <<<<<<< a\n",
        ] {
            assert_eq!(Document::new(text).conflict_at(0), None, "{text}");
            assert_eq!(Document::new(text).conflicts(), [], "{text}");
        }
    }
}
