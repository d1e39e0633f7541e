//! Names that must never be written, whatever they are called this time: a `.git` folder decides which programs the next
//! `git status` starts, and file systems disagree about which spellings mean it.

use crate::text::RelPath;

/// Why `path` is protected, or `None` where it is not: a component that is `.git`, or that some file system takes for it
/// (case, trailing dots and blanks, characters that are not shown, full-width letters, `git~1`, `.git:stream`, backslashes).
pub fn protected(path: &RelPath) -> Option<&'static str> {
    path.as_str().split(['/', '\\']).find_map(|component| {
        let plain = folded(component);
        if plain == ".git" {
            Some(if component == ".git" { "it belongs to git" } else { "its name can be taken for `.git`" })
        } else if is_short_name(&plain) {
            Some("its name is a short form of `.git` on Windows")
        } else {
            None
        }
    })
}

/// The component as the most forgiving file system reads it.
fn folded(component: &str) -> String {
    let without_stream = component.split(':').next().unwrap_or_default();
    let shown = without_stream.chars().filter(|character| !is_unseen(*character)).map(narrow).flat_map(char::to_lowercase);
    // U+017F and U+0131 and the like fold to ASCII letters on some systems.
    let text: String = shown.map(|character| if character == '\u{131}' { 'i' } else { character }).collect();
    text.trim_end_matches(['.', ' ']).to_owned()
}

/// Characters HFS+ leaves out when it compares names (as listed for `core.protectHFS` in git's documentation of the
/// problem), and other format characters.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || character.is_control()
}

/// Full-width forms and look-alike dots as their ASCII originals (Unicode block "Halfwidth and Fullwidth Forms").
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        '\u{2024}' | '\u{fe52}' | '\u{3002}' | '\u{ff61}' => '.',
        other => other,
    }
}

/// `git~1` and so on, which NTFS and FAT make of `.git`.
fn is_short_name(plain: &str) -> bool {
    plain
        .strip_prefix("git~")
        .or_else(|| plain.strip_prefix("gi7eba~"))
        .is_some_and(|number| !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_git_is_protected() {
        let spellings = [
            ".git/config",
            "sub/.git/hooks/pre-commit",
            ".GIT/config",
            ".Git",
            ".g\u{200c}it/config",
            "\u{feff}.git/x",
            ".\u{ff47}\u{ff49}\u{ff54}/config",
            "\u{ff0e}git/config",
            ".git./config",
            ".git /config",
            ".git . ./config",
            "git~1/config",
            "GIT~2",
            ".git::$INDEX_ALLOCATION/config",
            ".git:x",
            "sub\\.git\\config",
            ".g\u{131}t/config",
        ];
        for spelling in spellings {
            assert!(protected(&RelPath::new(spelling).unwrap()).is_some(), "{spelling:?}");
        }
        for fine in
            [".gitignore", ".gitattributes", ".github/workflows/ci.yml", "git/x", "src/git.rs", "digit~1", "git~", "a.git/x", "x/.gitkeep"]
        {
            assert_eq!(protected(&RelPath::new(fine).unwrap()), None, "{fine:?}");
        }
    }
}
