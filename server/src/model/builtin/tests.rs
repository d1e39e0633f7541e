//! Adding tests: generate them by running the code, put them where they belong, finish.

use serde::Deserialize;
use serde_json::json;

use super::calls::{edits, finish, plan, reply};
use crate::model::{Reply, ToolResult};
use crate::text::{Edit, RelPath};

const STEPS: [(&str, f64); 3] = [
    ("find out what the code does, and keep what kills mutants", 15.0),
    ("write the tests in the project's style", 1.0),
    ("run everything", 5.0),
];

/// A task for tests, under way.
pub(super) struct Testing {
    name: String,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    edits: Vec<Edit>,
    tests: Vec<String>,
    mutants: Mutants,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct Mutants {
    total: usize,
    killed: usize,
}

impl Testing {
    pub(super) fn begin(path: RelPath, symbol: Option<String>) -> (Self, Reply) {
        let name = symbol.clone().unwrap_or_else(|| path.to_string());
        let calls = vec![plan(&STEPS, 0), ("generate_tests", json!({"path": path, "symbol": symbol}))];
        let first = reply(&format!("Finding out what {name} does by running it."), calls);
        (Self { name, summary: None }, first)
    }

    pub(super) fn go_on(&mut self, results: &[ToolResult]) -> Reply {
        if let Some(summary) = &self.summary {
            return match results.iter().find(|result| result.failed) {
                Some(failed) => finish(&format!("the tests could not be written: {}", failed.text), "", true),
                None => finish(summary, "", false),
            };
        }
        let Some(result) = results.last().filter(|result| !result.failed) else {
            let why = results.last().map_or("no answer", |result| result.text.as_str());
            return finish(&format!("no tests were made for {}: {why}", self.name), "", true);
        };
        let made: Made = match serde_json::from_value(result.data.clone()) {
            Ok(made) => made,
            Err(error) => return finish(&format!("the generated tests could not be read: {error}"), "", true),
        };
        self.summary = Some(format!(
            "Added {} tests for {}; they kill {} of {} mutants of it.",
            made.tests.len(),
            self.name,
            made.mutants.killed,
            made.mutants.total
        ));
        let mut calls = vec![("apply_edits", json!({"edits": edits(&made.edits)}))];
        calls.extend(made.notes.iter().map(|note| ("note", json!({"text": note, "assumption": true}))));
        calls.push(plan(&STEPS, 2));
        reply("", calls)
    }
}
