//! `edit`: replace a piece of text. Matching is exact and unique first; looser only where it is still unique.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Arguments of `edit`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file, relative to the workspace root.
    path: String,
    /// The text to replace, exactly as it stands in the file, with enough lines around it to be unique.
    old: String,
    /// What stands there afterwards.
    new: String,
}

/// Edits a file.
pub struct EditTool;

#[async_trait]
impl Tool for EditTool {
    type Arguments = Arguments;
    const NAME: &'static str = "edit";
    const ABOUT: &'static str =
        "Replace a piece of text in a file. `old` must stand there exactly once; take it from what `read` showed, without line numbers.";
    const CHANGES: bool = true;

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        let text = scene.text(&path)?;
        let new = replace(&text, &arguments.old, &arguments.new).map_err(|why| ToolError::Tell(format!("{path}: {why}")))?;
        scene.doing(format!("editing {path}"));
        scene.copy.write(&path, new.as_bytes())?;
        Ok(format!("{path} changed").into())
    }
}

/// Replaces the one place where `old` stands in `text`.
fn replace(text: &str, old: &str, new: &str) -> Result<String, String> {
    if old.is_empty() {
        return Err("`old` is empty; to create a file use `write`".into());
    }
    let crlf = text.contains("\r\n");
    // Models write \n; the file's own line ends are kept.
    let native = |piece: &str| if crlf { piece.replace("\r\n", "\n").replace('\n', "\r\n") } else { piece.to_owned() };
    let (old, new) = (native(old), native(new));
    match text.matches(&old).count() {
        1 => return Ok(text.replacen(&old, &new, 1)),
        0 => {}
        many => return Err(format!("`old` stands there {many} times; add lines around it until it is unique")),
    }
    let wanted: Vec<&str> = old.lines().collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for same in [same_but_trailing_space as fn(&str, &str) -> bool, same_but_indent, same_but_punctuation] {
        let places: Vec<usize> = (0..=lines.len().saturating_sub(wanted.len()))
            .filter(|start| {
                lines.len() >= start + wanted.len()
                    && wanted.iter().zip(&lines[*start..]).all(|(wanted, line)| same(wanted, line.trim_end_matches(['\n', '\r'])))
            })
            .collect();
        if let [start] = places[..] {
            let shift = Shift::between(&wanted, &lines[start..start + wanted.len()])
                .ok_or("`old` matches only with uneven indentation; read the lines again and copy them exactly")?;
            let mut body = shift.apply(&new);
            let last = lines[start + wanted.len() - 1];
            let end = &last[last.trim_end_matches(['\n', '\r']).len()..];
            body.truncate(body.trim_end_matches(['\n', '\r']).len());
            let before: String = lines[..start].concat();
            let after: String = lines[start + wanted.len()..].concat();
            return Ok(format!("{before}{body}{end}{after}"));
        }
    }
    Err(match closest(&wanted, &lines) {
        Some(line) => format!("`old` does not stand there; the closest place is line {line}: read it and copy it exactly"),
        None => "`old` does not stand there; read the file and copy the text exactly".into(),
    })
}

fn same_but_trailing_space(left: &str, right: &str) -> bool {
    left.trim_end() == right.trim_end()
}

fn same_but_indent(left: &str, right: &str) -> bool {
    left.trim() == right.trim()
}

fn same_but_punctuation(left: &str, right: &str) -> bool {
    let plain = |line: &str| -> String {
        let straight = |character| match character {
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '–' | '—' | '‐' => '-',
            '\u{a0}' => ' ',
            other => other,
        };
        line.trim_end().chars().map(straight).collect()
    };
    plain(left) == plain(right)
}

/// A uniform change of indentation.
enum Shift {
    None,
    Add(String),
    Remove(usize),
}

impl Shift {
    fn between(wanted: &[&str], found: &[&str]) -> Option<Self> {
        let indent = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
        let mut shift = None;
        for (wanted, found) in wanted.iter().zip(found).filter(|(wanted, _)| !wanted.trim().is_empty()) {
            let (from, to) = (indent(wanted), indent(found.trim_end_matches(['\n', '\r'])));
            let this = if let Some(more) = to.strip_suffix(from.as_str()) {
                (true, more.to_owned())
            } else {
                (false, from.strip_suffix(to.as_str())?.to_owned())
            };
            if *shift.get_or_insert(this.clone()) != this {
                return None;
            }
        }
        Some(match shift {
            Some((true, more)) if !more.is_empty() => Self::Add(more),
            Some((false, less)) if !less.is_empty() => Self::Remove(less.len()),
            _ => Self::None,
        })
    }

    fn apply(&self, text: &str) -> String {
        let line = |line: &str| match self {
            Self::Add(more) if !line.trim().is_empty() => format!("{more}{line}"),
            Self::Remove(less) => line.get((*less).min(line.len() - line.trim_start().len())..).unwrap_or(line).to_owned(),
            _ => line.to_owned(),
        };
        text.split_inclusive('\n').map(line).collect()
    }
}

fn closest(wanted: &[&str], lines: &[&str]) -> Option<usize> {
    let first = wanted.iter().find(|line| !line.trim().is_empty())?.trim();
    let score = |line: &&str| strsim::normalized_levenshtein(first, line.trim());
    let (at, best) = lines.iter().enumerate().max_by(|left, right| score(left.1).total_cmp(&score(right.1)))?;
    (score(best) > 0.6).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn exact_and_unique() {
        assert_eq!(replace("a b a", "b", "c").as_deref(), Ok("a c a"));
        assert!(replace("a b a", "a", "c").is_err_and(|why| why.contains("2 times")));
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        assert_eq!(replace("x = 1\r\ny = 2\r\n", "x = 1\ny = 2", "x = 3\ny = 4").as_deref(), Ok("x = 3\r\ny = 4\r\n"));
    }

    #[test]
    fn a_uniform_indent_is_carried_over() {
        let text = "def f():\n        if x:\n            return 1\n";
        assert_eq!(
            replace(text, "if x:\n    return 1", "if y:\n    return 2").as_deref(),
            Ok("def f():\n        if y:\n            return 2\n")
        );
    }

    #[test]
    fn trailing_space_is_overlooked() {
        assert_eq!(replace("a = 1  \nb\n", "a = 1\nb", "a = 2\nb").as_deref(), Ok("a = 2\nb\n"));
    }

    #[test]
    fn a_miss_names_the_closest_line() {
        assert!(replace("alpha\nreturn total / count\n", "return totals / count", "x").is_err_and(|why| why.contains("line 2")));
    }
}
