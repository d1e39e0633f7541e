//! Small text work: adding to a text without disturbing its line ends and last line, splitting lists, joining paths.

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

/// Splits at a separator outside brackets and quotes.
pub(super) fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut depth, mut quote, mut last) = (Vec::new(), 0_usize, None, 0);
    for (at, char) in text.char_indices() {
        match (char, quote) {
            (char, Some(open)) => quote = (char != open).then_some(open),
            ('"' | '\'', None) => quote = Some(char),
            ('[' | '(' | '{' | '<', None) => depth += 1,
            (']' | ')' | '}' | '>', None) => depth = depth.saturating_sub(1),
            (char, None) if char == separator && depth == 0 => {
                parts.push(text.get(last..at).unwrap_or_default().trim().to_owned());
                last = at + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(last..).unwrap_or_default().trim().to_owned());
    parts.retain(|part| !part.is_empty());
    parts
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
