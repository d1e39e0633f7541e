//! The command line as scripts use it: JSON, exit codes, patches that git takes, undo, branches, demos.

use serde_json::Value;

use crate::support::project::{AVERAGE, Project};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON object ({error}): {text}"))
}

#[test]
fn fix_prints_a_patch_that_git_applies_and_leaves_the_files_alone() {
    let project = Project::new(AVERAGE);
    let before = project.read("stats/core.py");
    let (code, out, err) = project.run(&["fix"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(project.read("stats/core.py"), before);
    project.write("fix.patch", &out);
    #[allow(clippy::disallowed_methods)]
    let applied = std::process::Command::new("git").args(["apply", "fix.patch"]).current_dir(project.root()).status().unwrap();
    assert!(applied.success());
    assert!(project.read("stats/core.py").contains("len(numbers)"));
    assert_eq!(project.run(&["fix", "--quiet"]).0, 0, "nothing is left to fix");
}

#[test]
fn the_json_result_fits_its_schema_and_tells_the_evidence() {
    let project = Project::new(AVERAGE);
    let (code, out, _) = project.run(&["fix", "--json", "--apply"]);
    let result = json(&out);
    assert_eq!((code, &result["status"]), (0, &Value::from("verified")), "{out}");
    let schema: Value = serde_json::from_str(include_str!("../../server/schema/result.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&result).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let turned: Vec<&str> = result["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|item| item["red_to_green"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    assert!(turned.iter().any(|test| test.contains("test_describe")), "{out}");
    assert_eq!(result["files"], serde_json::json!([{"path": "stats/core.py", "change": "modify"}]));
    assert!(result["usage"]["candidates"].as_u64().unwrap() > 0);
    assert_eq!(result["model"]["provider"], "builtin");
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_types() {
    let made = schemars::schema_for!(lamplighter::agent::RunResult).to_value();
    let kept: Value = serde_json::from_str(include_str!("../../server/schema/result.json")).unwrap();
    assert_eq!(made, kept, "write this to server/schema/result.json:\n{}", serde_json::to_string_pretty(&made).unwrap());
}

#[test]
fn runs_are_listed_shown_and_undone() {
    let project = Project::new(AVERAGE);
    let before = project.read("stats/core.py");
    let run = json(&project.run(&["fix", "--json", "--apply"]).1)["run"].as_str().unwrap().to_owned();
    let listed = json(&project.run(&["runs", "list", "--json"]).1);
    assert_eq!(listed[0]["run"], run.as_str());
    let (code, shown, _) = project.run(&["runs", "show", &run]);
    assert!(code == 0 && shown.contains("len(numbers)") && shown.contains("red → green"), "{shown}");
    assert_eq!(project.run(&["runs", "undo", &run]).0, 0);
    assert_eq!(project.read("stats/core.py"), before);
    assert_eq!(project.run(&["runs", "show", "nonsense"]).0, 2);
}

#[test]
fn a_branch_gets_the_commit_and_the_files_stay() {
    let project = Project::new(AVERAGE);
    let git = |arguments: &[&str]| {
        #[allow(clippy::disallowed_methods)]
        let output = std::process::Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(arguments)
            .current_dir(project.root())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "begin"]);
    let (code, _, err) = project.run(&["fix", "--branch", "fix/average"]);
    assert_eq!(code, 0, "{err}");
    assert!(project.read("stats/core.py").contains("len(number)\n"));
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert!(git(&["show", "fix/average:stats/core.py"]).contains("len(numbers)"));
    git(&["fsck", "--strict", "--no-dangling"]);
    assert_eq!(git(&["diff", "--name-only", "main", "fix/average"]), "stats/core.py\n");
    assert_eq!(project.run(&["fix", "--branch", "fix/average", "--quiet"]).0, 2, "the branch exists already");
}

#[test]
fn tests_are_added_for_the_symbol_on_a_line() {
    let project = Project::new(&AVERAGE.replace("len(number)", "len(numbers)"));
    let (code, out, err) = project.run(&["tests", "stats/core.py:10", "--json", "--apply"]);
    assert_eq!(code, 0, "{out}\n{err}");
    let result = json(&out);
    assert!(result["goal"].as_str().unwrap().contains("spread"), "{out}");
    assert!(result["patch"].as_str().unwrap().contains("spread("), "{out}");
}

#[test]
fn usage_errors_exit_with_2_and_say_what_to_do() {
    let project = Project::new(AVERAGE);
    for (arguments, word) in [
        (&["fix", "missing.py"][..], "missing.py"),
        (&["fix", "stats/core.py:999"], "999"),
        (&["fix", "--workspace", "/nowhere/at/all"], "/nowhere"),
        (&["do", " "], "goal"),
        (&["tests"], "PATH"),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, out, err) = project.run(arguments);
        assert!(code == 2 && err.contains(word) && out.is_empty(), "{arguments:?}: {code}\n{out}\n{err}");
    }
}

#[test]
fn a_goal_in_words_needs_a_model_and_says_so() {
    let project = Project::new(&AVERAGE.replace("len(number)", "len(numbers)"));
    let (code, out, _) = project.run(&["do", "translate everything to French", "--json"]);
    assert_eq!((code, &json(&out)["status"]), (1, &Value::from("failed")));
    assert!(json(&out)["reason"].as_str().unwrap().contains("OPENAI_API_KEY"), "{out}");
}

#[test]
fn over_budget_exits_with_3() {
    let project = Project::new(AVERAGE);
    let (code, out, _) = project.run(&["fix", "--json", "--max-steps", "1"]);
    assert_eq!((code, &json(&out)["status"]), (3, &Value::from("over_budget")), "{out}");
}

#[test]
fn no_single_call_outlasts_the_time_a_run_has() {
    let project = Project::new(
        &AVERAGE.replace("        self.assertEqual(describe", "        __import__(\"time\").sleep(600)\n        self.assertEqual(describe"),
    );
    let (code, out, _) = project.run(&["fix", "--json", "--max-seconds", "3"]);
    assert_eq!((code, &json(&out)["status"]), (3, &Value::from("over_budget")), "{out}");
    assert!(json(&out)["reason"].as_str().unwrap().contains("took more than 3 s"), "{out}");
}

#[test]
fn events_are_json_lines_on_standard_error() {
    let project = Project::new(AVERAGE);
    let (_, out, err) = project.run(&["fix", "--json", "--events"]);
    let run = json(&out)["run"].clone();
    let events: Vec<Value> = err.lines().map(json).collect();
    assert_eq!((&events[0]["event"], &events[0]["run"]), (&Value::from("started"), &run));
    assert_eq!(events.last().unwrap()["event"], "ended");
}

#[test]
fn doctor_tells_the_tier_and_the_suites() {
    let project = Project::new(AVERAGE);
    let (code, out, err) = project.run(&["doctor", "--json"]);
    assert_eq!(code, 0, "{out}{err}");
    let report = json(&out);
    assert!(report["tier"] == "A" || report["tier"] == "B", "{out}");
    let texts: Vec<&str> = report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["text"].as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("Unittest")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("builtin")), "{texts:?}");
}

#[test]
fn both_demos_are_repaired() {
    let project = Project::new(AVERAGE);
    for language in ["python", "rust"] {
        let (code, out, err) = project.run(&["demo", language, "--json"]);
        assert_eq!((code, &json(&out)["status"]), (0, &Value::from("verified")), "{language}: {out}\n{err}");
    }
}

/// A defect that a test and a documentation example both show.
const DOCUMENTED: &str = "
//- Cargo.toml
[package]
name = \"larger\"
version = \"0.1.0\"
edition = \"2021\"
//- src/lib.rs
/// The larger one.
///
/// ```
/// assert_eq!(larger::larger(1, 2), 2);
/// ```
pub fn larger(left: i32, right: i32) -> i32 {
    if left < right { left } else { right }
}

#[test]
fn the_second_may_be_larger() {
    assert_eq!(larger(3, 7), 7);
}
";

#[test]
fn failing_documentation_examples_do_not_stop_a_repair_and_are_proven_too() {
    let project = Project::new(DOCUMENTED);
    let (code, out, err) = project.run(&["fix", "--json", "--apply"]);
    assert_eq!((code, &json(&out)["status"]), (0, &Value::from("verified")), "{out}\n{err}");
    assert!(out.contains("larger::doc$"), "the example is among what turned green: {out}");
}
