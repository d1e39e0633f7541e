//! A language model behind the same loop: streaming tool calls over Chat Completions, with the deviations that servers show.

use serde_json::{Value, json};

use crate::support::endpoint::{Answer, Endpoint};
use crate::support::project::{AVERAGE, Project};

fn call(name: &str, arguments: Value) -> (String, Value) {
    (name.to_owned(), arguments)
}

fn says(calls: Vec<(String, Value)>) -> Answer {
    Answer::Says("Working on it.".into(), calls)
}

fn fix_it() -> Vec<Answer> {
    vec![
        says(vec![call("read", json!({"path": "stats/core.py"})), call("search", json!({"pattern": "len\\("}))]),
        says(vec![call("edit", json!({"path": "stats/core.py", "old": "len(number)", "new": "len(numbers)"})), call("test", json!({}))]),
        says(vec![call("finish", json!({"summary": "Divide by the number of numbers.", "root_cause": "The loop variable was used."}))]),
    ]
}

fn run(endpoint: &Endpoint, project: &Project, extra: &[&str]) -> (i32, Value, String) {
    let mut command = project.lamplighter();
    command.env("OPENAI_BASE_URL", endpoint.base_url()).env("OPENAI_API_KEY", "sk-canary-4711");
    let output = command.args(["fix", "--json", "--model", "scripted"]).args(extra).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    (
        output.status.code().unwrap(),
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}\n{err}")),
        format!("{out}{err}"),
    )
}

#[test]
fn a_model_reads_edits_tests_and_is_proven() {
    let project = Project::new(AVERAGE);
    let endpoint = Endpoint::start(fix_it());
    let (code, result, all) = run(&endpoint, &project, &["--apply"]);
    assert_eq!((code, &result["status"]), (0, &json!("verified")), "{all}");
    assert!(project.read("stats/core.py").contains("len(numbers)"));
    assert_eq!(result["usage"]["turns"], 3);
    assert_eq!(result["usage"]["input_tokens"], 300);
    assert_eq!(result["root_cause"], "The loop variable was used.");
    let asked = endpoint.asked();
    assert!(endpoint.headers()[0].to_lowercase().contains("authorization: bearer sk-canary-4711"));
    assert_eq!(asked[0]["stream"], true);
    let answers: Vec<&Value> = asked[1]["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "tool").collect();
    assert_eq!(answers.len(), 2, "{asked:#?}");
    assert!(answers[0]["content"].as_str().unwrap().contains("def average"));
    assert_eq!(answers[0]["tool_call_id"], asked[1]["messages"][2]["tool_calls"][0]["id"]);
    // The beginning of a conversation never changes, so that providers can cache it.
    assert_eq!(asked[0]["tools"], asked[2]["tools"]);
    let first = asked[0]["messages"].as_array().unwrap();
    assert_eq!(first[..], asked[2]["messages"].as_array().unwrap()[..first.len()]);
}

#[test]
fn the_key_is_in_no_output_and_no_file() {
    let project = Project::new(AVERAGE);
    let endpoint = Endpoint::start(vec![Answer::Status(401, vec![], r#"{"error":{"message":"bad key"}}"#.into())]);
    let (code, result, all) = run(&endpoint, &project, &[]);
    assert_eq!((code, &result["status"]), (1, &json!("failed")));
    assert!(result["reason"].as_str().unwrap().contains("bad key"), "{all}");
    assert!(!all.contains("sk-canary"), "{all}");
    for entry in walkdir::WalkDir::new(project.home()).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"sk-canary"), "the key is in {}", entry.path().display());
    }
}

#[test]
fn a_busy_server_is_asked_again_and_a_cut_stream_too() {
    let project = Project::new(AVERAGE);
    let mut answers = vec![
        Answer::Status(429, vec![("retry-after-ms".into(), "10".into())], "slow down".into()),
        Answer::Raw("data: {\"choices\":[{\"delta\":{\"content\":\"hal\"".into()),
    ];
    answers.extend(fix_it());
    let endpoint = Endpoint::start(answers);
    let (_, result, all) = run(&endpoint, &project, &[]);
    assert_eq!(result["status"], "verified", "{all}");
    assert_eq!(endpoint.asked().len(), 5);
}

#[test]
fn wrong_calls_are_told_to_the_model_and_it_goes_on() {
    let project = Project::new(AVERAGE);
    let mut answers = vec![says(vec![
        call("reed", json!({})),
        call("read", json!({"path": 7})),
        call("read", json!({"path": "../../etc/passwd"})),
        call("edit", json!({"path": "stats/core.py", "old": "nowhere", "new": ""})),
    ])];
    answers.extend(fix_it());
    let endpoint = Endpoint::start(answers);
    let (_, result, all) = run(&endpoint, &project, &[]);
    assert_eq!(result["status"], "verified", "{all}");
    let heard: Vec<String> = endpoint.asked()[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "tool")
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect();
    assert!(heard[0].contains("there is no tool `reed`"), "{heard:#?}");
    assert!(heard[1].contains("`path`"), "{heard:#?}");
    assert!(heard[2].contains("not a path inside the workspace"), "{heard:#?}");
    assert!(heard[3].contains("does not stand there"), "{heard:#?}");
}

#[test]
fn a_change_that_proves_nothing_comes_back_as_an_objection() {
    let project = Project::new(AVERAGE);
    let mut answers = vec![
        says(vec![call("edit", json!({"path": "stats/core.py", "old": "The arithmetic mean.", "new": "The mean."}))]),
        says(vec![call("finish", json!({"summary": "Done."}))]),
    ];
    answers.extend(fix_it());
    let endpoint = Endpoint::start(answers);
    let (_, result, all) = run(&endpoint, &project, &[]);
    assert_eq!(result["status"], "verified", "{all}");
    let objection = endpoint.asked()[2]["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
    assert!(objection.contains("The proof says no"), "{objection}");
}

#[test]
fn weakening_a_test_is_never_delivered() {
    let project = Project::new(AVERAGE);
    let before = project.read("tests/test_report.py");
    let cheat = || {
        says(vec![call(
            "edit",
            json!({"path": "tests/test_report.py", "old": "        self.assertEqual(describe([1, 2, 3]), \"2.0 ± 2.0\")", "new": "        pass"}),
        )])
    };
    let again = || says(vec![call("finish", json!({"summary": "All green."}))]);
    let endpoint = Endpoint::start(vec![cheat(), again(), again(), again()]);
    let (code, result, all) = run(&endpoint, &project, &["--apply"]);
    assert_eq!((code, &result["status"]), (1, &json!("failed")), "{all}");
    assert_eq!(project.read("tests/test_report.py"), before);
}

#[test]
fn the_same_call_for_ever_is_stopped() {
    let project = Project::new(AVERAGE);
    let endpoint = Endpoint::start(vec![says(vec![call("list", json!({}))]); 12]);
    let (_, result, all) = run(&endpoint, &project, &[]);
    assert_eq!(result["status"], "failed", "{all}");
    assert!(result["reason"].as_str().unwrap().contains("same arguments"), "{all}");
    assert!(endpoint.asked().len() <= 5);
}

#[test]
fn a_redirect_is_not_followed_with_the_key() {
    let project = Project::new(AVERAGE);
    let elsewhere = Endpoint::start(fix_it());
    let endpoint = Endpoint::start(vec![Answer::Status(307, vec![("location".into(), elsewhere.base_url())], String::new())]);
    let (_, result, all) = run(&endpoint, &project, &[]);
    assert_eq!(result["status"], "failed", "{all}");
    assert!(result["reason"].as_str().unwrap().contains("redirect"), "{all}");
    assert!(elsewhere.asked().is_empty());
}
