//! Unified diffs against git itself: what we print must apply, byte for byte.

use std::path::Path;
use std::process::Command;

use lamplighter::text::{Change, FileChange, Patch, RelPath, unified};

fn file(path: &str, change: Change) -> FileChange {
    FileChange { path: RelPath::new(path).expect("a relative path"), change }
}

fn modify(path: &str, old: &str, new: &str) -> FileChange {
    file(path, Change::Modify { old: old.to_owned(), new: new.to_owned() })
}

/// Writes the old texts, lets git apply the diff, and compares every file with its new text.
fn check_git_applies(patch: &Patch) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in &patch.files {
        if let Some(old) = file.change.old() {
            let path = file.path.to_path(folder.path());
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, old).expect("the old text");
        }
    }
    let diff = unified(patch);
    git_apply(folder.path(), &diff);
    for file in &patch.files {
        let now = std::fs::read_to_string(file.path.to_path(folder.path())).ok();
        assert_eq!(now.as_deref(), file.change.new_text(), "{} after\n{diff}", file.path);
    }
}

#[allow(clippy::disallowed_methods)] // git judges the diff.
fn git_apply(folder: &Path, diff: &str) {
    std::fs::write(folder.join(".diff"), diff).expect("the diff");
    let mut git = Command::new("git");
    git.args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", ".diff"]).current_dir(folder);
    git.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder)).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = git.output().expect("git is installed");
    assert!(output.status.success(), "git: {}\n{diff}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn git_applies_every_kind_of_change() {
    let long: String = (0..40).map(|line| format!("line {line}\n")).collect();
    let files = vec![
        modify("a.txt", "one\ntwo\n", "one\n2\n"),
        modify("bom-crlf.txt", "\u{feff}one\r\ntwo\r\nthree", "\u{feff}one\r\n2\r\nthree"),
        modify("cr.txt", "one\rtwo\rthree", "one\r2\rthree\r"),
        file("deep/new file.txt", Change::Create { new: "no end".to_owned() }),
        file("empty.txt", Change::Create { new: String::new() }),
        modify("end-added.txt", "x", "x\n"),
        modify("end-gone.txt", "x\n", "x"),
        modify("far.txt", &long, &long.replace("line 3\n", "three\n").replace("line 30\n", "").replace("line 39\n", "line 39\nmore")),
        modify("filled.txt", "", "now\n"),
        file("gone.txt", Change::Delete { old: "bye\nbye".to_owned() }),
        file("gone-empty.txt", Change::Delete { old: String::new() }),
        modify("odd \"name\\ é.txt", "a\n", "b\n"),
        modify("tab\there.txt", "a\n", "b\n"),
        modify("with blank.txt", "a\n", "b\n"),
    ];
    let patch = Patch { files };
    check_git_applies(&patch);
    check_git_applies(&patch.inverse());
}

#[test]
fn random_changes_apply() {
    const PIECES: [&str; 8] = ["a\n", "b\n", "c\n", "a\r\n", "\n", "long line\n", "é", "\r"];
    let mut rng = fastrand::Rng::with_seed(7);
    for round in 0..20 {
        let text = |rng: &mut fastrand::Rng| (0..rng.usize(0..30)).map(|_| PIECES[rng.usize(0..PIECES.len())]).collect::<String>();
        let files = (0..20).map(|name| modify(&format!("{round}/{name}"), &text(&mut rng), &text(&mut rng)));
        check_git_applies(&Patch { files: files.collect() });
    }
}

#[test]
fn a_diff_looks_as_git_writes_it() {
    let patch = Patch {
        files: vec![modify(
            "src/stats.py",
            "def mean(numbers):\n    return sum(numbers) / len(number)",
            "def mean(numbers):\n    return sum(numbers) / len(numbers)\n",
        )],
    };
    let expected = "diff --git a/src/stats.py b/src/stats.py\n--- a/src/stats.py\n+++ b/src/stats.py\n@@ -1,2 +1,2 @@\n def mean(numbers):\n-    return sum(numbers) / len(number)\n\\ No newline at end of file\n+    return sum(numbers) / len(numbers)\n";
    assert_eq!(unified(&patch), expected);
    assert_eq!(unified(&Patch::default()), "");
}
