//! From the lightbulb to a proven edit in the buffer, with the built-in engine, the real sandbox and real tests.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::editor::{Editor, Manners};
use crate::support::project::{AVERAGE, Project};

/// Two functions far enough apart that changes of them can be merged.
const APART: &str = "
//- slow/__init__.py
//- slow/core.py
def double(value):
    # the first comment
    return value + 2


def half(value):
    # the second comment
    return value / 2
//- tests/__init__.py
//- tests/test_core.py
import unittest

from slow.core import double


class Core(unittest.TestCase):
    def test_double(self):
        self.assertEqual(double(5), 10)
";

#[test]
fn the_classic_bug_is_fixed_and_an_unsaved_change_elsewhere_is_kept() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    editor.type_over("stats/core.py", "    return max(numbers)", "    # typed, not saved\n    return max(numbers)");
    let run = editor.choose("stats/core.py", "average", "Plan & fix average");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("verified"), "{end}");
    let text = editor.text("stats/core.py");
    assert!(text.contains("total / len(numbers)") && text.contains("# typed, not saved"), "{text}");
    assert!(project.read("stats/core.py").contains("len(number)\n"), "the file on the disk is the user's to save");
    let runs = editor.execute("lamplighter.runs", json!({})).unwrap();
    assert_eq!(runs[0]["status"], "verified");
    let menu = editor.menu("stats/core.py", "average");
    assert!(menu.iter().any(|entry| entry["title"].as_str().unwrap().starts_with("Undo last run")), "{menu:#?}");
}

#[test]
fn progress_begins_reports_and_ends_with_percentages_that_never_go_back() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Plan & fix average");
    editor.wait_for_end(&run);
    let values: Vec<_> =
        editor.seen.iter().filter(|message| message["method"] == "$/progress").map(|message| message["params"]["value"].clone()).collect();
    assert_eq!(values.first().unwrap()["kind"], "begin");
    assert_eq!(values.first().unwrap()["title"], "Plan & fix average");
    assert_eq!(values.first().unwrap()["cancellable"], true);
    let percentages: Vec<u64> = values.iter().filter_map(|value| value["percentage"].as_u64()).collect();
    assert!(percentages.is_sorted() && percentages.last().unwrap() > &50, "{percentages:?}");
    assert!(values.iter().any(|value| value["message"].as_str().is_some_and(|message| message.contains("proving"))), "{values:#?}");
}

#[test]
fn what_is_typed_elsewhere_meanwhile_is_merged_and_proven_again() {
    let project = Project::new(APART);
    let mut editor = Editor::open(&project);
    editor.open_file("slow/core.py");
    let run = editor.choose("slow/core.py", "double", "Plan & fix double");
    editor.type_over("slow/core.py", "    # the second comment", "    # the second comment, and more");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("verified"), "{end}");
    let text = editor.text("slow/core.py");
    assert!(text.contains("and more") && !text.contains("value + 2"), "{text}");
    let proofs = editor
        .seen
        .iter()
        .filter(|message| message["params"]["value"]["message"].as_str().is_some_and(|text| text.contains("merging")))
        .count();
    assert!(proofs > 0, "the merge was not proven again");
}

#[test]
fn what_is_typed_in_the_same_place_wins_and_nothing_is_touched() {
    let project = Project::new(APART);
    let mut editor = Editor::open(&project);
    editor.open_file("slow/core.py");
    let run = editor.choose("slow/core.py", "double", "Plan & fix double");
    editor.type_over("slow/core.py", "return value + 2", "return value + 2  # hm");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("stale"), "{end}");
    assert!(editor.text("slow/core.py").contains("return value + 2  # hm"));
    assert!(!editor.seen.iter().any(|message| message["method"] == "workspace/applyEdit"), "an edit was sent");
}

#[test]
fn undo_takes_the_run_back_and_keeps_later_typing() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Plan & fix average");
    editor.wait_for_end(&run);
    editor.type_over("stats/core.py", "    return max(numbers)", "    # later\n    return max(numbers)");
    editor.execute("lamplighter.undo", json!({"run": run})).unwrap();
    editor.wait_for("the word that it was taken back", |message| {
        message["params"]["message"].as_str().is_some_and(|text| text.contains("taken back"))
    });
    let text = editor.text("stats/core.py");
    assert!(text.contains("len(number)\n") && text.contains("# later"), "{text}");
}

#[test]
fn an_editor_that_lies_about_applying_is_found_out() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::with(&project, Manners { lies: true, ..Manners::default() });
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Plan & fix average");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("stale") && end.contains("its text is another"), "{end}");
}

#[test]
fn cancel_is_quiet_within_a_second_and_touches_nothing() {
    let project = Project::new(&APART.replace("        self.assert", "        __import__(\"time\").sleep(60)\n        self.assert"));
    let mut editor = Editor::open(&project);
    editor.open_file("slow/core.py");
    for by_progress in [true, false] {
        let run = editor.choose("slow/core.py", "double", "Plan & fix double");
        let token = format!("lamplighter/{run}");
        editor.wait_for("tests to run", |message| {
            message["params"]["token"] == token.as_str()
                && message["params"]["value"]["message"].as_str().is_some_and(|text| text.contains("as they are"))
        });
        std::thread::sleep(Duration::from_millis(500));
        let cancelled = Instant::now();
        if by_progress {
            editor.notify("window/workDoneProgress/cancel", json!({"token": token}));
        } else {
            assert_eq!(editor.execute("lamplighter.cancel", json!({"run": run})).unwrap(), json!({"cancelled": 1}));
        }
        let end = editor.wait_for_end(&run);
        assert!(end.starts_with("cancelled"), "{end}");
        assert!(cancelled.elapsed() < Duration::from_secs(10), "it went on for {:?}", cancelled.elapsed());
    }
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", editor.server_id())).unwrap();
        if children.trim().is_empty() {
            break;
        }
        assert!(Instant::now() < until, "processes are left: {children}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn tests_are_added_as_a_new_file_and_shown_as_an_edit() {
    let project = Project::new(&AVERAGE.replace("len(number)", "len(numbers)"));
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Add tests for average");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("verified"), "{end}");
    let added: Vec<&String> =
        editor.buffers.iter().filter(|(uri, _)| !uri.ends_with("stats/core.py")).map(|(_, buffer)| &buffer.text).collect();
    assert_eq!(added.len(), 1, "{:?}", editor.buffers.keys());
    assert!(added[0].contains("average(") && added[0].contains("def test_"), "{}", added[0]);
}

#[test]
fn a_new_file_is_as_proven_where_the_editor_opens_it_as_one_empty_line() {
    let project = Project::new(&AVERAGE.replace("len(number)", "len(numbers)"));
    let mut editor = Editor::with(&project, Manners { new_is_a_line: true, ..Manners::default() });
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Add tests for average");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("verified"), "{end}");
    let added = editor.buffers.iter().find(|(uri, _)| !uri.ends_with("stats/core.py")).map(|(_, buffer)| buffer.text.clone()).unwrap();
    assert!(added.ends_with('\n') && !added.ends_with("\n\n"), "{added:?}");
}

#[test]
fn a_change_that_arrives_otherwise_is_not_called_untouched() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::with(&project, Manners { adds: "#", ..Manners::default() });
    editor.open_file("stats/core.py");
    let run = editor.choose("stats/core.py", "average", "Plan & fix average");
    let end = editor.wait_for_end(&run);
    assert!(end.starts_with("failed") && end.contains("these files keep their change: stats/core.py"), "{end}");
}

#[test]
fn a_file_with_crlf_bom_and_no_final_newline_keeps_every_other_byte() {
    let core = "\u{feff}# Größe\r\ndef average(numbers):\r\n    total = sum(numbers)\r\n    for number in numbers:\r\n        pass\r\n    return total / len(number)\r\n\r\nLAST = 1";
    let project = Project::new(AVERAGE);
    project.write("stats/core.py", &format!("{core}\r\n\r\n\r\ndef spread(numbers):\r\n    return max(numbers) - min(numbers)"));
    let before = project.read("stats/core.py");
    let (code, out, err) = project.run(&["fix", "--apply", "--json"]);
    assert_eq!(code, 0, "{out}\n{err}");
    assert_eq!(project.read("stats/core.py"), before.replace("len(number)", "len(numbers)"));
}

#[test]
fn several_runs_go_on_at_once() {
    let project = Project::new(AVERAGE);
    let mut editor = Editor::open(&project);
    editor.open_file("stats/core.py");
    let first = editor.choose("stats/core.py", "average", "Plan & fix average");
    let second = editor.choose("stats/core.py", "spread", "Add tests for spread");
    assert_ne!(first, second);
    let ends = [editor.wait_for_end(&first), editor.wait_for_end(&second)];
    assert!(ends.iter().all(|end| end.starts_with("verified")), "{ends:?}");
    assert!(editor.text("stats/core.py").contains("len(numbers)"));
}
