//! The unified diff of a patch, as `git apply` reads it: what the command line prints and reports show.
//!
//! Lines end at `\n` alone here, as git has it: a `\r` is part of its line, so CRLF files come out unchanged.

use std::fmt::Write;
use std::ops::Range;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::{Change, FileChange, Patch};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// A patch as a unified diff with `a/` and `b/` headers; empty for an empty patch.
pub fn unified(patch: &Patch) -> String {
    patch.files.iter().map(unified_file).collect()
}

/// One file's part of [`unified`]; empty where the text stays the same.
pub fn unified_file(file: &FileChange) -> String {
    let (before, after) = (quoted("a/", file.path.as_str()), quoted("b/", file.path.as_str()));
    let mut out = format!("diff --git {before} {after}\n");
    let (from, to) = match &file.change {
        Change::Modify { old, new } if old == new => return String::new(),
        Change::Modify { .. } => (before, after),
        Change::Create { .. } => {
            out.push_str("new file mode 100644\n");
            ("/dev/null".to_owned(), after)
        }
        Change::Delete { .. } => {
            out.push_str("deleted file mode 100644\n");
            (before, "/dev/null".to_owned())
        }
    };
    let body = hunks(file.change.old().unwrap_or_default(), file.change.new_text().unwrap_or_default());
    if body.is_empty() {
        // An empty file that comes or goes: git wants to see its (well-known) object name instead of a hunk.
        out.push_str(if file.change.old().is_none() { "index 0000000..e69de29\n" } else { "index e69de29..0000000\n" });
        return out;
    }
    // Git ends a name that contains a blank with a tab, else it reads the rest of the line as a date.
    let end = |name: &str| if name.contains(' ') && !name.starts_with('"') { "\t" } else { "" };
    let _ = write!(out, "--- {from}{}\n+++ {to}{}\n", end(&from), end(&to));
    out + &body
}

fn hunks(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut out = String::new();
    for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (from, to) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let _ = writeln!(out, "@@ -{} +{} @@", line_range(&from), line_range(&to));
        for op in &group {
            write_op(&mut out, op, &old, &new);
        }
    }
    out
}

fn write_op(out: &mut String, op: &DiffOp, old: &[&str], new: &[&str]) {
    if op.tag() == DiffTag::Equal {
        old[op.old_range()].iter().for_each(|line| write_line(out, ' ', line));
    } else {
        old[op.old_range()].iter().for_each(|line| write_line(out, '-', line));
        new[op.new_range()].iter().for_each(|line| write_line(out, '+', line));
    }
}

fn write_line(out: &mut String, mark: char, line: &str) {
    out.push(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

/// First line (one-based) and count; of nothing, the line before it.
fn line_range(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// The name as git writes it: in quotes with escapes where it holds quotes, backslashes or control characters.
fn quoted(prefix: &str, path: &str) -> String {
    if !path.chars().any(|char| char == '"' || char == '\\' || char.is_ascii_control()) {
        return format!("{prefix}{path}");
    }
    let mut out = format!("\"{prefix}");
    for char in path.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            char if char.is_ascii_control() => {
                let _ = write!(out, "\\{:03o}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out + "\""
}
