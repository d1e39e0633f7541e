//! Adding to a text without disturbing what stands there: line ends, the last line's end, and paths of new files.

/// `folder/name`, or `name` at the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The line end most of a text uses.
pub(super) fn line_end(text: &str) -> &'static str {
    let windows = text.matches("\r\n").count();
    if windows * 2 > text.matches('\n').count() { "\r\n" } else { "\n" }
}

/// `added` (written with `\n`) with the line ends of `text`.
pub(super) fn like(text: &str, added: &str) -> String {
    if line_end(text) == "\r\n" { added.replace('\n', "\r\n") } else { added.to_owned() }
}

/// What to write at the end of `text` so that `block` follows after `blank` empty lines and the file ends as it did: with or without a last line end.
pub(super) fn append(text: &str, block: &str, blank: usize) -> String {
    let ended = text.ends_with('\n') || text.is_empty();
    let present = text.len() - text.trim_end_matches(['\n', '\r']).len();
    let present = text.get(text.len() - present..).unwrap_or_default().matches('\n').count();
    let missing = if text.trim().is_empty() { 0 } else { (blank + 1).saturating_sub(present) };
    let block = block.trim_matches('\n');
    like(text, &format!("{}{block}{}", "\n".repeat(missing), if ended { "\n" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appending_keeps_line_ends_and_the_missing_last_one() {
        assert_eq!(append("a\n", "b\nc\n", 2), "\n\nb\nc\n");
        assert_eq!(append("a\n\n\n\n", "b", 2), "b\n");
        assert_eq!(append("a", "b", 1), "\n\nb");
        assert_eq!(append("a\r\nb\r\n", "c\nd", 1), "\r\nc\r\nd\r\n");
        assert_eq!(append("", "b", 2), "b\n");
    }
}
