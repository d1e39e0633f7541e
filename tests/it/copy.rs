//! The private copy: what goes into it, that the second time is by difference, that nothing leads out of it, and that
//! build tools are never told an old time for a new content.

#![allow(clippy::disallowed_methods)] // git and mkfifo prepare and judge.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lamplighter::sandbox::{Bounds, Copy, CopyError, Sandbox, prune};
use lamplighter::session::{Overlay, Snapshot};
use lamplighter::text::{Change, RelPath};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::walls::{cargo, walls};

struct Bed {
    workspace: TempDir,
    cache: TempDir,
}

impl Bed {
    fn new(files: &[(&str, &str)]) -> Self {
        let bed = Self { workspace: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| bed.write(path, text));
        bed
    }

    fn root(&self) -> &Path {
        self.workspace.path()
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn open(&self) -> Copy {
        self.open_with(&[])
    }

    fn open_with(&self, overlays: &[(&str, &str)]) -> Copy {
        let overlay = |text: &str| Overlay { text: text.into(), version: 1 };
        let overlays: BTreeMap<RelPath, Overlay> = overlays.iter().map(|(path, text)| (rel(path), overlay(text))).collect();
        let snapshot = Snapshot { overlays: Arc::new(overlays), ..Snapshot::of_disk(self.root().canonicalize().unwrap()) };
        Copy::open(self.cache.path(), &snapshot).unwrap()
    }
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn names(copy: &Copy) -> Vec<String> {
    copy.files().iter().map(|path| path.as_str().to_owned()).collect()
}

fn text(copy: &Copy, path: &str) -> Option<String> {
    copy.read(&rel(path)).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

fn inode_and_time(copy: &Copy, path: &str) -> (u64, i64, i64) {
    let data = copy.work().join(path).metadata().unwrap();
    (data.ino(), data.mtime(), data.mtime_nsec())
}

#[test]
fn what_git_ignores_stays_out_and_what_it_tracks_comes_in() {
    let bed = Bed::new(&[
        (".gitignore", "*.log\n/build/\n!keep.log\n"),
        ("a.rs", "a"),
        ("x.log", "no"),
        ("keep.log", "yes"),
        ("forced.log", "tracked"),
        ("build/out", "no"),
        ("sub/build/in", "yes"),
        ("sub/.gitignore", "secret*\n"),
        ("sub/secret.txt", "no"),
        ("sub/open.txt", "yes"),
        ("excluded.txt", "no"),
        ("cache/CACHEDIR.TAG", "Signature"),
        ("cache/big", "no"),
        ("pkg/__pycache__/m.pyc", "no"),
        (".hidden/x", "yes"),
    ]);
    let git = |arguments: &[&str]| {
        let status = std::process::Command::new("git").args(arguments).current_dir(bed.root()).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-f", "forced.log", "a.rs"]);
    fs::write(bed.root().join(".git/info/exclude"), "excluded.txt\n").unwrap();
    let copy = bed.open();
    let wanted = [".gitignore", ".hidden/x", "a.rs", "forced.log", "keep.log", "sub/.gitignore", "sub/build/in", "sub/open.txt"];
    assert_eq!(names(&copy), wanted);
    assert!(!copy.work().join(".git").exists());
    // The independent judge: git itself.
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(bed.root())
        .output()
        .unwrap();
    let mut listed: Vec<String> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    listed.retain(|path| !path.starts_with("cache/") && !path.contains("__pycache__"));
    listed.sort();
    assert_eq!(names(&copy), listed);
}

#[test]
fn a_folder_inside_a_repository_obeys_the_lists_above_it() {
    let bed = Bed::new(&[(".gitignore", "*.tmp\n/app/gen/\n"), ("app/a.py", ""), ("app/b.tmp", ""), ("app/gen/c.py", "")]);
    let status = std::process::Command::new("git").args(["init", "-q"]).current_dir(bed.root()).status().unwrap();
    assert!(status.success());
    let snapshot = Snapshot::of_disk(bed.root().canonicalize().unwrap().join("app"));
    assert_eq!(names(&Copy::open(bed.cache.path(), &snapshot).unwrap()), ["a.py"]);
}

#[test]
fn excluded_globs_stay_out() {
    let bed = Bed::new(&[("a.py", ""), ("data/big.bin", ""), ("data/small.py", "")]);
    let snapshot = Snapshot { excludes: Arc::new(vec!["data/*.bin".into()]), ..Snapshot::of_disk(bed.root()) };
    assert_eq!(names(&Copy::open(bed.cache.path(), &snapshot).unwrap()), ["a.py", "data/small.py"]);
}

#[test]
fn the_second_opening_writes_only_what_differs_and_keeps_build_folders() {
    let bed = Bed::new(&[(".gitignore", "target/\n"), ("same.rs", "same"), ("changes.rs", "old"), ("goes.rs", "gone")]);
    let copy = bed.open();
    fs::create_dir(copy.work().join("target")).unwrap();
    fs::write(copy.work().join("target/artefact"), "warm").unwrap();
    copy.write(&rel("added.rs"), b"by the run").unwrap();
    copy.write(&rel("same.rs"), b"by the run").unwrap();
    copy.remove(&rel("changes.rs")).unwrap();
    drop(copy);
    let copy = bed.open();
    assert_eq!((text(&copy, "same.rs").as_deref(), text(&copy, "changes.rs").as_deref()), (Some("same"), Some("old")));
    assert_eq!(text(&copy, "added.rs"), None);
    let before = inode_and_time(&copy, "same.rs");
    let slot = copy.slot().to_owned();
    drop(copy);
    bed.write("changes.rs", "new");
    fs::remove_file(bed.root().join("goes.rs")).unwrap();
    let copy = bed.open();
    assert_eq!(copy.slot(), slot, "the free slot is used again");
    assert_eq!(inode_and_time(&copy, "same.rs"), before, "an equal file is not written again");
    assert_eq!(text(&copy, "changes.rs").as_deref(), Some("new"));
    assert_eq!(names(&copy), [".gitignore", "changes.rs", "same.rs"]);
    assert_eq!(fs::read_to_string(copy.work().join("target/artefact")).unwrap(), "warm");
    assert!(copy.patch().unwrap().is_empty());
}

#[test]
fn an_edit_that_keeps_size_and_modification_time_is_still_seen() {
    let bed = Bed::new(&[("a.rs", "one")]);
    let time = bed.root().join("a.rs").metadata().unwrap().modified().unwrap();
    // Past the clock's grain, so that the first opening trusts its stamp.
    std::thread::sleep(Duration::from_millis(40));
    drop(bed.open());
    bed.write("a.rs", "two");
    fs::File::options().write(true).open(bed.root().join("a.rs")).unwrap().set_modified(time).unwrap();
    assert_eq!(text(&bed.open(), "a.rs").as_deref(), Some("two"));
}

#[test]
fn a_slot_whose_manifest_was_lost_is_brought_up_to_date_all_the_same() {
    let bed = Bed::new(&[("a.rs", "one"), ("b.rs", "two")]);
    let copy = bed.open();
    copy.write(&rel("a.rs"), b"half-way").unwrap();
    fs::remove_file(copy.slot().join("manifest.json")).unwrap();
    fs::write(copy.slot().join("base/b.rs"), "torn").unwrap();
    let before = inode_and_time(&copy, "b.rs");
    drop(copy);
    let copy = bed.open();
    assert_eq!(text(&copy, "a.rs").as_deref(), Some("one"));
    assert_eq!(copy.original(&rel("b.rs")), Some(b"two".as_slice()));
    assert_eq!(inode_and_time(&copy, "b.rs"), before);
}

#[test]
fn runs_at_the_same_time_have_copies_of_their_own() {
    let bed = Bed::new(&[("a.rs", "one")]);
    let (first, second) = (bed.open(), bed.open());
    assert_ne!(first.work(), second.work());
    first.write(&rel("a.rs"), b"mine").unwrap();
    assert_eq!(text(&second, "a.rs").as_deref(), Some("one"));
    let freed = first.slot().to_owned();
    drop(first);
    assert_eq!(bed.open().slot(), freed);
}

#[test]
fn unsaved_text_lies_over_the_disk() {
    let bed = Bed::new(&[("a.py", "saved"), (".gitignore", "open.log\n")]);
    let copy = bed.open_with(&[("a.py", "unsaved"), ("new.py", "never saved"), ("open.log", "ignored but open"), (".git/config", "no")]);
    assert_eq!(text(&copy, "a.py").as_deref(), Some("unsaved"));
    assert_eq!(copy.original(&rel("a.py")), Some(b"unsaved".as_slice()));
    assert_eq!(names(&copy), [".gitignore", "a.py", "new.py", "open.log"]);
    drop(copy);
    let copy = bed.open();
    assert_eq!((text(&copy, "a.py").as_deref(), names(&copy)), (Some("saved"), vec![".gitignore".to_owned(), "a.py".to_owned()]));
}

#[test]
fn bytes_are_kept_as_they_are() {
    let odd: &[(&str, &[u8])] =
        &[("crlf.py", b"a = 1\r\nb = 2"), ("bom.py", b"\xef\xbb\xbfa\r\n"), ("cr.txt", b"a\rb"), ("bin", b"\x00\xff\xfe"), ("empty", b"")];
    let bed = Bed::new(&[]);
    odd.iter().for_each(|(path, bytes)| bed.write(path, bytes));
    let copy = bed.open();
    for (path, bytes) in odd {
        assert_eq!(copy.read(&rel(path)).unwrap().as_deref(), Some(*bytes), "{path}");
        assert_eq!(fs::read(copy.work().join(path)).unwrap(), *bytes, "{path}");
    }
}

#[test]
fn executable_bits_come_along_and_come_back() {
    let bed = Bed::new(&[("run.sh", "#!/bin/sh\n"), ("a.txt", "")]);
    fs::set_permissions(bed.root().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let executable = |copy: &Copy, path: &str| copy.work().join(path).metadata().unwrap().permissions().mode() & 0o111 != 0;
    let copy = bed.open();
    assert!(executable(&copy, "run.sh") && !executable(&copy, "a.txt"));
    copy.write(&rel("run.sh"), b"#!/bin/sh\necho\n").unwrap();
    assert!(executable(&copy, "run.sh"), "a write keeps the bit");
    fs::set_permissions(copy.work().join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    copy.reset().unwrap();
    assert!(executable(&copy, "run.sh"));
}

#[test]
fn links_that_lead_inside_are_kept_and_others_left_out() {
    let bed = Bed::new(&[("real/a.py", "a")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    symlink("real/a.py", bed.root().join("inner.py")).unwrap();
    symlink("real", bed.root().join("folder")).unwrap();
    symlink(outside.path().join("secret"), bed.root().join("absolute")).unwrap();
    symlink("../../../../../../etc/passwd", bed.root().join("real/up")).unwrap();
    symlink(outside.path(), bed.root().join("out")).unwrap();
    let copy = bed.open();
    assert_eq!(fs::read_link(copy.work().join("inner.py")).unwrap(), Path::new("real/a.py"));
    assert_eq!(fs::read_to_string(copy.work().join("folder/a.py")).unwrap(), "a");
    for left_out in ["absolute", "real/up", "out"] {
        assert!(copy.work().join(left_out).symlink_metadata().is_err(), "{left_out}");
        assert!(copy.notes().iter().any(|note| note.starts_with(left_out)), "{left_out}");
    }
    assert!(copy.patch().unwrap().is_empty());
}

#[test]
fn nothing_is_read_written_or_removed_through_a_link() {
    let bed = Bed::new(&[("dir/a.py", "a"), ("b.py", "b")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a.py"), "untouched").unwrap();
    let copy = bed.open();
    // What a hostile command can do to the copy between two calls.
    fs::remove_dir_all(copy.work().join("dir")).unwrap();
    symlink(outside.path(), copy.work().join("dir")).unwrap();
    fs::remove_file(copy.work().join("b.py")).unwrap();
    symlink(outside.path().join("a.py"), copy.work().join("b.py")).unwrap();
    for path in ["dir/a.py", "b.py"] {
        let path = rel(path);
        assert!(matches!(copy.read(&path), Err(CopyError::NotPlain(_))), "read {path}");
        assert!(matches!(copy.write(&path, b"x"), Err(CopyError::NotPlain(_))), "write {path}");
    }
    assert!(matches!(copy.write(&rel("dir/new.py"), b"x"), Err(CopyError::NotPlain(_))));
    assert!(matches!(copy.remove(&rel("b.py")), Err(CopyError::NotPlain(_))));
    copy.reset().unwrap();
    assert_eq!((text(&copy, "dir/a.py").as_deref(), text(&copy, "b.py").as_deref()), (Some("a"), Some("b")));
    assert_eq!(fs::read_to_string(outside.path().join("a.py")).unwrap(), "untouched");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_hard_link_to_the_outside_is_replaced_and_not_written_through() {
    let bed = Bed::new(&[("a.py", "a")]);
    let copy = bed.open();
    let outside = bed.cache.path().join("outside");
    fs::write(&outside, "untouched").unwrap();
    fs::remove_file(copy.work().join("a.py")).unwrap();
    fs::hard_link(&outside, copy.work().join("a.py")).unwrap();
    copy.write(&rel("a.py"), b"new").unwrap();
    assert_eq!((fs::read_to_string(&outside).unwrap().as_str(), text(&copy, "a.py").as_deref()), ("untouched", Some("new")));
}

#[test]
fn git_is_protected_under_any_spelling() {
    let bed = Bed::new(&[("a.py", "a")]);
    let copy = bed.open();
    for path in [".git/hooks/pre-commit", ".GIT/config", ".g\u{200b}it/config", ".\u{ff47}it/x", "git~1/x", ".git./x", ".git:y/x"] {
        let refused = copy.write(&rel(path), b"x");
        assert!(matches!(refused, Err(CopyError::Protected { .. })), "{path:?}: {refused:?}");
        assert!(matches!(copy.remove(&rel(path)), Err(CopyError::Protected { .. })), "{path:?}");
    }
    // What a command plants itself is neither delivered nor kept.
    fs::create_dir_all(copy.work().join("sub/.git/hooks")).unwrap();
    fs::write(copy.work().join("sub/.git/hooks/pre-commit"), "x").unwrap();
    fs::create_dir_all(copy.work().join(".Git")).unwrap();
    fs::write(copy.work().join(".Git/config"), "x").unwrap();
    assert!(copy.patch().unwrap().is_empty());
    drop(copy);
    let copy = bed.open();
    assert!(!copy.work().join("sub/.git").exists() && !copy.work().join(".Git").exists());
}

#[test]
fn a_pipe_in_the_tree_is_left_out_and_nothing_waits_for_it() {
    let bed = Bed::new(&[("a.py", "a")]);
    let made = std::process::Command::new("mkfifo").arg(bed.root().join("pipe")).status().unwrap();
    assert!(made.success());
    let copy = bed.open();
    assert_eq!(names(&copy), ["a.py"]);
    assert!(copy.notes().iter().any(|note| note.contains("pipe")));
    let made = std::process::Command::new("mkfifo").arg(copy.work().join("later")).status().unwrap();
    assert!(made.success());
    assert!(copy.patch().unwrap().is_empty());
    assert!(matches!(copy.read(&rel("later")), Err(CopyError::NotPlain(_))));
}

#[test]
fn the_patch_holds_what_was_edited_and_not_what_tools_left() {
    let bed = Bed::new(&[(".gitignore", "ignored\n"), ("Cargo.lock", "lock"), ("a.py", "a\r\n"), ("b.py", "b"), ("c.py", "c")]);
    let copy = bed.open();
    copy.write(&rel("a.py"), b"A\r\n").unwrap();
    copy.remove(&rel("b.py")).unwrap();
    copy.write(&rel("new/d.py"), b"d").unwrap();
    let by_command = |path: &str, text: &str| {
        let file = copy.work().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    by_command("c.py", "C");
    by_command("made.py", "m");
    for dropping in ["Cargo.lock", "sub/Cargo.lock", "ignored", "target/x", "__pycache__/a.pyc", ".pytest_cache/v", ".coverage", "e.pyc"] {
        by_command(dropping, "left by a tool");
    }
    let patch = copy.patch().unwrap();
    let shown: Vec<(&str, Option<&str>, Option<&str>)> =
        patch.files.iter().map(|file| (file.path.as_str(), file.change.old(), file.change.new_text())).collect();
    let wanted = [
        ("a.py", Some("a\r\n"), Some("A\r\n")),
        ("b.py", Some("b"), None),
        ("c.py", Some("c"), Some("C")),
        ("made.py", None, Some("m")),
        ("new/d.py", None, Some("d")),
    ];
    assert_eq!(shown, wanted);
    copy.write(&rel("Cargo.lock"), b"on purpose").unwrap();
    let patch = copy.patch().unwrap();
    assert!(patch.files.iter().any(|file| file.path.as_str() == "Cargo.lock" && matches!(file.change, Change::Modify { .. })));
    copy.restore(&[rel("c.py"), rel("made.py")]).unwrap();
    assert_eq!((text(&copy, "c.py").as_deref(), text(&copy, "made.py")), (Some("c"), None));
    copy.reset().unwrap();
    assert!(copy.patch().unwrap().is_empty());
    assert_eq!(names(&copy), [".gitignore", "Cargo.lock", "a.py", "b.py", "c.py"]);
    assert!(copy.work().join("target/x").exists(), "build folders stay");
}

#[test]
fn what_was_captured_stays_when_the_disk_changes() {
    let bed = Bed::new(&[("a.py", "captured")]);
    let copy = bed.open();
    bed.write("a.py", "typed since");
    copy.write(&rel("a.py"), b"fixed").unwrap();
    assert_eq!(copy.original(&rel("a.py")), Some(b"captured".as_slice()));
    assert_eq!(copy.patch().unwrap().files[0].change.old(), Some("captured"));
    copy.reset().unwrap();
    assert_eq!(text(&copy, "a.py").as_deref(), Some("captured"));
}

#[test]
fn bounds_are_kept_and_said() {
    let bed = Bed::new(&[("a.py", "aaaa"), ("large.bin", "0123456789")]);
    let open = |bounds: Bounds| Copy::open_within(bed.cache.path(), &Snapshot::of_disk(bed.root()), &bounds);
    let copy = open(Bounds { file_bytes: 5, ..Bounds::default() }).unwrap();
    assert_eq!(names(&copy), ["a.py"]);
    assert!(copy.notes().iter().any(|note| note.starts_with("large.bin")));
    drop(copy);
    let all = open(Bounds { total_bytes: 12, ..Bounds::default() }).unwrap_err();
    assert!(matches!(all, CopyError::TooLarge { .. }), "{all}");
    let many = open(Bounds { files: 1, ..Bounds::default() }).unwrap_err();
    assert!(many.to_string().contains("open a smaller folder"), "{many}");
    assert_eq!(names(&open(Bounds::default()).unwrap()), ["a.py", "large.bin"]);
}

#[test]
fn old_copies_go_and_used_ones_stay() {
    let (one, two) = (Bed::new(&[("a", "1234")]), Bed::new(&[("b", "1234")]));
    let open = |bed: &Bed| Copy::open(one.cache.path(), &Snapshot::of_disk(bed.root())).unwrap();
    let used = open(&one);
    let slot = open(&two).slot().to_owned();
    let week = Duration::from_secs(7 * 86_400);
    assert_eq!(prune(one.cache.path(), u64::MAX, week).unwrap().copies, 0);
    let pruned = prune(one.cache.path(), 0, week).unwrap();
    assert_eq!(pruned.copies, 1);
    assert!(pruned.bytes >= 8 && !slot.exists() && used.work().join("a").exists());
    assert_eq!(text(&open(&two), "b").as_deref(), Some("1234"));
    assert_eq!(prune(&one.cache.path().join("missing"), 0, week).unwrap().copies, 0);
}

/// The rule that times never run backwards, judged by cargo: a build, a run's edit and build, then the file put back. Had
/// the old content its old time, cargo would run the edited program again.
#[tokio::test]
async fn cargo_sees_that_a_file_was_put_back() {
    let bed = Bed::new(&[
        ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", "fn main() { println!(\"original\"); }\n"),
    ]);
    let walls = walls().await;
    let run = async |copy: &Copy| {
        let command = cargo(["run", "-q", "--offline"]);
        let outcome = walls.run(copy, command, &CancellationToken::new()).await.unwrap();
        assert!(outcome.exit.ok(), "{:?}: {}", outcome.exit, outcome.stderr.text());
        outcome.stdout.text().into_owned()
    };
    let copy = bed.open();
    assert_eq!(run(&copy).await, "original\n");
    copy.write(&rel("src/main.rs"), b"fn main() { println!(\"edited\"); }\n").unwrap();
    assert_eq!(run(&copy).await, "edited\n");
    copy.reset().unwrap();
    assert_eq!(run(&copy).await, "original\n");
    copy.write(&rel("src/main.rs"), b"fn main() { println!(\"edited\"); }\n").unwrap();
    assert_eq!(run(&copy).await, "edited\n");
    drop(copy);
    let copy = bed.open();
    assert_eq!(run(&copy).await, "original\n");
    assert!(copy.patch().unwrap().is_empty(), "Cargo.lock and target/ are cargo's own");
}
