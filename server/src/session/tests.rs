//! The session against small projects in temporary folders.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Session, SessionError, Settings, for_menu};
use crate::text::{ContentChange, Encoding, Position, PositionError, RelPath};

struct Project {
    folder: tempfile::TempDir,
    session: Session,
}

/// Makes files (`name: text`) in a temporary folder, and a session without folders.
fn project(files: &[(&str, &str)]) -> Project {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Project { folder, session: Session::new(Settings::default(), Encoding::Utf16) }
}

impl Project {
    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name).components().collect()
    }

    fn open(&mut self, name: &str, text: &str) {
        let path = self.path(name);
        self.session.open(&path, 1, text);
    }

    fn change(&mut self, name: &str, version: i32, changes: &[ContentChange]) -> Result<(), SessionError> {
        let path = self.path(name);
        self.session.change(&path, version, changes)
    }

    fn root_of(&self, name: &str) -> Option<PathBuf> {
        self.session.folder_of(&self.path(name)).map(|folder| folder.real().to_owned())
    }
}

fn typed(line: u32, from: u32, to: u32, text: &str) -> ContentChange {
    ContentChange { range: Some(Position::new(line, from)..Position::new(line, to)), text: text.to_owned() }
}

fn whole(text: &str) -> ContentChange {
    ContentChange { range: None, text: text.to_owned() }
}

#[test]
fn changes_arrive_in_order_and_snapshots_stay_as_they_were() {
    let mut project = project(&[("a/m.py", "old")]);
    project.session.add_folder(&project.path("a"));
    project.open("a/m.py", "one\r\n");
    project.change("a/m.py", 5, &[typed(0, 3, 3, "!"), typed(0, 0, 1, "O")]).unwrap();
    let before = project.session.snapshot(&project.path("a/m.py")).unwrap();
    project.change("a/m.py", 9, &[whole("two")]).unwrap();
    let after = project.session.snapshot(&project.path("a")).unwrap();
    let path = RelPath::new("m.py").unwrap();
    let text = |snapshot: &super::Snapshot| (snapshot.overlays[&path].text.to_string(), snapshot.overlays[&path].version);
    assert_eq!((text(&before), text(&after)), (("One!\r\n".to_owned(), 5), ("two".to_owned(), 9)));
    assert_eq!(after.root, project.path("a"));
    assert!(project.session.close(&project.path("a/m.py")) && !project.session.close(&project.path("a/m.py")));
    assert!(project.session.snapshot(&project.path("a")).unwrap().overlays.is_empty());
    assert_eq!(project.change("a/m.py", 1, &[]), Err(SessionError::NotOpen { path: project.path("a/m.py") }));
}

#[test]
fn out_of_sync_until_the_whole_text_arrives() {
    let mut project = project(&[("pyproject.toml", "")]);
    project.open("m.py", "one\n");
    let source = PositionError::NoSuchLine { line: 7, lines: 2 };
    let out = SessionError::OutOfSync { path: project.path("m.py"), source };
    assert_eq!(project.change("m.py", 2, &[typed(7, 0, 0, "x"), typed(0, 0, 0, "y")]), Err(out.clone()));
    assert_eq!(project.change("m.py", 3, &[typed(0, 0, 0, "z")]), Err(out));
    let path = project.path("m.py");
    assert_eq!(project.session.snapshot(&path).unwrap_err(), SessionError::Unknown { paths: vec![path.clone()] });
    assert!(project.session.syntax(&path).is_none() && !project.session.document(&path).unwrap().in_sync());
    project.change("m.py", 4, &[typed(0, 0, 0, "lost"), whole("new\n"), typed(0, 3, 3, "!")]).unwrap();
    assert_eq!(&*project.session.document(&path).unwrap().text(), "new!\n");
    project.open("m.py", "again");
    assert_eq!(project.session.snapshot(&path).unwrap().overlays.len(), 1);
}

#[test]
fn the_nearest_folder_wins() {
    let mut project = project(&[("a/b/m.py", ""), ("a/m.py", "")]);
    project.session.add_folder(&project.path("a"));
    project.session.add_folder(&project.path("a/b"));
    project.session.add_folder(&project.path("a"));
    assert_eq!(project.root_of("a/b/m.py"), Some(project.path("a/b")));
    assert_eq!(project.root_of("a/m.py"), Some(project.path("a")));
    assert_eq!(project.root_of("c.py"), None);
    project.open("a/b/m.py", "x");
    let outer = project.session.snapshot(&project.path("a/m.py")).unwrap();
    assert!(outer.overlays.contains_key(&RelPath::new("b/m.py").unwrap()), "a folder within a folder is part of it");
    project.session.remove_folder(&project.path("a/b"));
    assert_eq!(project.root_of("a/b/m.py"), Some(project.path("a")));
}

#[test]
fn a_document_outside_all_folders_has_its_own_project() {
    let mut project = project(&[("lib/Cargo.toml", "[package]"), ("lib/src/lib.rs", ""), ("alone/m.py", "")]);
    project.open("lib/src/lib.rs", "");
    project.open("alone/m.py", "");
    assert_eq!(project.root_of("lib/src/lib.rs"), Some(project.path("lib")));
    assert_eq!(project.root_of("alone/m.py"), Some(project.path("alone")), "a lone file has the folder it lies in");
    assert!(project.session.folders().iter().all(super::Folder::is_implied));
    project.session.close(&project.path("lib/src/lib.rs"));
    assert_eq!(project.root_of("lib/src/lib.rs"), None, "gone with its last document");
    project.session.add_folder(&project.path(""));
    assert_eq!(project.root_of("alone/m.py"), Some(project.path("")), "a folder that is named counts more than one implied");
    project.session.remove_folder(&project.path(""));
    assert_eq!(project.root_of("alone/m.py"), Some(project.path("alone")));
    let lost = std::env::temp_dir().join("lamplighter-no-such-file.py");
    project.session.open(&lost, 1, "");
    assert_eq!(project.session.snapshot(&lost).unwrap_err(), SessionError::NoFolder { path: lost });
}

#[cfg(unix)]
#[test]
fn links_lead_to_the_same_file() {
    let mut project = project(&[("real/pyproject.toml", ""), ("real/m.py", "")]);
    std::os::unix::fs::symlink(project.path("real"), project.path("link")).unwrap();
    project.session.add_folder(&project.path("link"));
    project.open("link/m.py", "typed");
    let snapshot = project.session.snapshot(&project.path("link/m.py")).unwrap();
    let path = RelPath::new("m.py").unwrap();
    assert_eq!((&snapshot.root, &*snapshot.overlays[&path].text), (&project.path("real"), "typed"));
    let open = project.session.document_of(&snapshot.root, &path).unwrap();
    assert_eq!(open.path(), project.path("link/m.py"), "the editor is told the path it knows");
}

#[test]
fn workspace_and_editor_only_leave_files_out() {
    let mut project = project(&[("lamplighter.toml", "exclude = ['*.csv']\n[model]\nbase_url = 'http://evil'")]);
    let warnings: Vec<String> =
        project.session.add_folder(project.folder.path()).settings().warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["lamplighter.toml: `model` is ignored: only your own configuration file may set it"]);
    let said = serde_json::json!({"exclude": ["docs/**"], "server": {"path": "x"}, "sandbox": {"tier": "c"}});
    assert_eq!(project.session.configure(&said).len(), 1);
    assert_eq!(*project.session.snapshot(&project.path("m.py")).unwrap().excludes, ["*.csv", "docs/**"]);
    fs::write(project.path("lamplighter.toml"), "exclude = ['*.bin']").unwrap();
    project.session.reload_folder(&project.path(""));
    assert_eq!(*project.session.snapshot(&project.path("m.py")).unwrap().excludes, ["*.bin", "docs/**"]);
}

#[test]
fn the_syntax_follows_typing() {
    let mut project = project(&[("pyproject.toml", "")]);
    project.open("m.py", "def f():\n    pass\n");
    let path = project.path("m.py");
    let symbol = |session: &Session, byte| for_menu(session.syntax(&path).unwrap()).symbol_at(byte).map(|item| item.name);
    assert_eq!(symbol(&project.session, 4).as_deref(), Some("f"), "parsed on the first menu");
    let mut parsed = project.session.syntax(&path).unwrap();
    project.change("m.py", 2, &[typed(0, 4, 5, "mean")]).unwrap();
    parsed.refresh();
    assert!(project.session.adopt(&path, &mut parsed), "parsed in the background, one edit behind");
    assert_eq!(symbol(&project.session, 4).as_deref(), Some("mean"));
    project.change("m.py", 3, &[whole("class A: pass\n")]).unwrap();
    assert_eq!(symbol(&project.session, 6).as_deref(), Some("A"));
    project.open("notes.txt", "def f(): pass");
    assert!(project.session.syntax(&project.path("notes.txt")).is_none());
    assert!(project.session.syntax(Path::new("/nowhere.py")).is_none());
}

#[test]
fn long_texts_are_parsed_in_the_background_and_the_menu_does_not_wait() {
    let mut project = project(&[("pyproject.toml", "")]);
    let long: String = (0..5000).map(|at| format!("def f_{at}():\n    pass\n")).collect();
    project.open("m.py", &long);
    let path = project.path("m.py");
    assert!(!for_menu(project.session.syntax(&path).unwrap()).is_stale(), "the first time there is nothing to answer from");
    let mut parsed = project.session.syntax(&path).unwrap();
    parsed.refresh();
    assert!(project.session.adopt(&path, &mut parsed));
    project.change("m.py", 2, &[typed(0, 0, 0, "import os\n"), typed(1, 5, 5, "_")]).unwrap();
    let menu = for_menu(project.session.syntax(&path).unwrap());
    assert!(menu.is_stale());
    assert_eq!(menu.symbol_at(14).map(|item| item.name).as_deref(), Some("f__0"));
    project.change("m.py", 3, &[typed(0, 0, 0, &"x = 1\n".repeat(200))]).unwrap();
    assert!(!for_menu(project.session.syntax(&path).unwrap()).is_stale(), "too much has changed");
}
