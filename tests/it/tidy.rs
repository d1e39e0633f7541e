//! House rules as tests: arrows between rooms, a word on why in every file, no stray printing.

use std::path::{Path, PathBuf};

/// Rooms from top to bottom; each may use only those below it (and itself).
const ROOMS: [&str; 13] =
    ["cli", "lsp", "actions", "delivery", "agent", "model", "repair", "proof", "sandbox", "journal", "session", "index", "text"];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    files.map(|entry| (entry.path().strip_prefix(&root).unwrap().to_owned(), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

fn room_of(path: &Path) -> Option<usize> {
    let first = path.components().next()?.as_os_str().to_str()?;
    ROOMS.iter().position(|room| first == *room || first == format!("{room}.rs"))
}

/// Rooms named after `crate::` anywhere in a line of code, `use crate::{a, b}` included.
fn rooms_used(line: &str) -> Vec<usize> {
    let code = line.split("//").next().unwrap_or_default();
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split(['}', ',']).map(|part| part.trim().split("::").next().unwrap_or_default()).collect(),
            None => vec![rest.split(|character: char| !(character.is_alphanumeric() || character == '_')).next().unwrap_or_default()],
        };
        used.extend(names.into_iter().filter_map(|name| ROOMS.iter().position(|room| *room == name)));
    }
    used
}

#[test]
fn arrows_between_rooms_run_down() {
    let (mut arrows, mut wrong) = (0, Vec::new());
    for (path, text) in sources() {
        let Some(here) = room_of(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            for there in rooms_used(line) {
                arrows += 1;
                if there < here {
                    wrong.push(format!("{}:{}: {} uses {}, which stands above it", path.display(), number + 1, ROOMS[here], ROOMS[there]));
                }
            }
        }
    }
    assert!(arrows > 100, "only {arrows} arrows were found; this test no longer sees the code");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_arrow_would_be_seen() {
    assert_eq!(rooms_used("use crate::{agent, text::Patch};"), [4, 12]);
    assert_eq!(rooms_used("let x = crate::lsp::serve();"), [1]);
    assert!(rooms_used("// crate::lsp").is_empty());
}

#[test]
fn every_file_says_why_it_exists() {
    let silent: Vec<String> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path.display().to_string()).collect();
    assert!(silent.is_empty(), "no opening words in {}", silent.join(", "));
}

#[test]
fn nothing_prints_past_the_terminal() {
    let mut found = Vec::new();
    // The sandbox's inner side is a process of its own: what it says goes to the outer side.
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.starts_with("sandbox")) {
        for (number, line) in text.lines().enumerate() {
            // Programs that are written to be run elsewhere spell it `std::println!`.
            let code = line.split("//").next().unwrap_or_default().replace("std::println!", "");
            if ["println!", "print!(", "eprintln!", "eprint!("].iter().any(|call| code.contains(call)) {
                found.push(format!(
                    "{}:{}: standard output belongs to the protocol; use tracing, or cli/terminal.rs",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_stay_readable() {
    const LONGEST: usize = 700;
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split along the rooms: {}", long.join(", "));
}
