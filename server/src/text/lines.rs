//! Cutting a text into pieces whose concatenation is the text: what diffs and merges compare.

/// The lines of a text, each with its end: `\n`, `\r\n` or a lone `\r`, as editors count them.
pub fn lines(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut pieces, mut start) = (Vec::new(), 0);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            pieces.push(&text[start..=at]);
            start = at + 1;
        }
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// The words of a text: runs of letters, digits and `_`; runs of blanks; `\r\n`; any other character alone.
pub(super) fn words(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let run = |belongs: fn(char) -> bool| rest.find(|char| !belongs(char)).unwrap_or(rest.len());
        let len = if is_word(first) {
            run(is_word)
        } else if is_blank(first) {
            run(is_blank)
        } else if rest.starts_with("\r\n") {
            2
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(len);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn is_blank(char: char) -> bool {
    char == ' ' || char == '\t'
}

/// Byte offset of every piece, and of the end.
pub(super) fn offsets(pieces: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let mut offsets = vec![0];
    for piece in pieces {
        at += piece.len();
        offsets.push(at);
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_keep_their_ends_and_add_up() {
        assert_eq!(lines("a\r\nb\rc\n\nd\u{2028}e"), ["a\r\n", "b\r", "c\n", "\n", "d\u{2028}e"]);
        assert_eq!(lines(""), [""; 0]);
        assert_eq!(words("len(x_1)\r\n\t é"), ["len", "(", "x_1", ")", "\r\n", "\t ", "é"]);
    }
}
