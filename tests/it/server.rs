//! The language server as an editor meets it: hello, menu, commands, goodbye.

use serde_json::{Value, json};

use crate::support::editor::{Editor, Manners};
use crate::support::project::{AVERAGE, Project};

fn titles(menu: &[Value]) -> Vec<&str> {
    menu.iter().filter_map(|entry| entry["title"].as_str()).collect()
}

#[test]
fn utf_8_is_taken_where_offered_and_utf_16_where_not() {
    let project = Project::new(AVERAGE);
    for (offered, taken) in [(json!(["utf-8", "utf-16"]), "utf-8"), (json!(["utf-16"]), "utf-16"), (json!(["utf-32", "utf-16"]), "utf-16")]
    {
        let mut manners = Manners::default();
        manners.capabilities["general"]["positionEncodings"] = offered;
        let editor = Editor::with(&project, manners);
        assert_eq!(editor.capabilities["positionEncoding"], taken);
        assert!(editor.capabilities["codeActionProvider"].get("resolveProvider").is_none(), "resolving blocks some editors");
    }
}

#[test]
fn the_menu_offers_what_applies() {
    let project = Project::new(&format!("{AVERAGE}//- notes.py\n# TODO: handle empty lists\n#   and None\nx = 1\n"));
    let mut editor = Editor::open(&project);
    for file in ["stats/core.py", "tests/test_report.py", "notes.py"] {
        editor.open_file(file);
    }
    let menu = editor.menu("stats/core.py", "average");
    assert_eq!(titles(&menu), ["Plan & fix average", "Plan & fix this file", "Add tests for average", "Add tests for this file"]);
    assert!(menu.iter().all(|entry| entry["command"]["command"].is_string()), "every entry carries its command: {menu:#?}");
    let menu = editor.menu("tests/test_report.py", "test_describe");
    assert_eq!(titles(&menu), ["Fix failing test test_describe", "Plan & fix this file", "Add tests for this file"]);
    let menu = editor.menu("notes.py", "handle");
    assert_eq!(titles(&menu)[..1], ["Plan & fix this file"]);
    assert!(titles(&menu).contains(&"Do this: handle empty lists and None"), "{:?}", titles(&menu));
    assert!(titles(&menu).contains(&"Plan this: handle empty lists and None"));
}

#[test]
fn a_diagnostic_of_any_server_is_offered_and_filters_are_kept() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    let range = json!({"start": {"line": 5, "character": 23}, "end": {"line": 5, "character": 29}});
    let foreign = json!([{"range": range, "message": "Argument of type\n\"int\" has no len", "source": "elsewhere", "severity": 1}]);
    let menu = editor.menu_with("stats/core.py", "len(number)", foreign.clone());
    assert_eq!(titles(&menu)[0], "Plan & fix: Argument of type \"int\" has no len");
    assert_eq!(menu[0]["diagnostics"], foreign);
    let uri = editor.uri("stats/core.py");
    let only = json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": [], "only": ["refactor"]}});
    let menu = editor.request("textDocument/codeAction", only).unwrap();
    assert_eq!(titles(menu.as_array().unwrap()), ["Add tests for average"]);
}

#[test]
fn unknown_and_ill_formed_commands_get_an_error_that_helps() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    let error = editor.execute("lamplighter.nonsense", Value::Null).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("lamplighter.fix"), "{error}");
    let error = editor.execute("lamplighter.do", json!({})).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("goal"), "{error}");
    let error = editor.execute("lamplighter.fix", json!({"range": 7})).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("does not fit"), "{error}");
    assert!(editor.execute("lamplighter.undo", json!({})).unwrap_err()["message"].as_str().unwrap().contains("no run"));
    assert_eq!(editor.execute("lamplighter.runs", json!({})).unwrap(), json!([]));
}

#[test]
fn a_proper_end_exits_with_0_and_a_hang_up_ends_it_too() {
    let project = Project::new(AVERAGE);
    assert_eq!(Editor::open(&project).close().code(), Some(0));
    assert!(Editor::open(&project).hang_up().code().is_some());
}

#[test]
fn nothing_is_started_and_nothing_written_before_a_command() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    editor.menu("stats/core.py", "average");
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", editor.server_id())).unwrap();
    assert_eq!(children.trim(), "", "the menu started processes");
    for folder in ["state", "cache", "config"] {
        assert!(!project.home().join(folder).exists(), "the menu wrote to {folder}");
    }
}

#[test]
fn changes_before_an_open_and_out_of_range_do_no_harm() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    let uri = editor.uri("stats/core.py");
    let far = json!({"range": {"start": {"line": 900, "character": 0}, "end": {"line": 901, "character": 0}}, "text": "x"});
    editor.notify("textDocument/didChange", json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [far]}));
    editor.open_file("stats/core.py");
    editor.notify("textDocument/didChange", json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [far]}));
    editor.notify("$/cancelRequest", json!({"id": 4711}));
    editor.notify("window/workDoneProgress/cancel", json!({"token": "nobody's"}));
    editor.open_file("stats/core.py");
    assert!(titles(&editor.menu("stats/core.py", "average")).contains(&"Plan & fix average"));
}
