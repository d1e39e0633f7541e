//! The two languages of Rust's test harness: its JSON events, which we ask for, and its text, which doc tests and look-alikes speak.
//!
//! libtest keeps JSON behind `-Z unstable-options`; `RUSTC_BOOTSTRAP=1` in the test process's environment (not the
//! compiler's) opens it on stable toolchains. Events are searched for inside lines, because a test may write to the real
//! standard output without a line end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::proof::TestStatus;

/// One test's result as the harness gave it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::proof) struct Outcome {
    pub(in crate::proof) name: String,
    pub(in crate::proof) status: TestStatus,
    /// Captured output or the reason of a skip.
    pub(in crate::proof) output: String,
    pub(in crate::proof) seconds: f64,
}

/// Everything one process said.
#[derive(Debug, Default)]
pub(in crate::proof) struct Account {
    pub(in crate::proof) outcomes: Vec<Outcome>,
    /// Tests that were begun and gave no result.
    pub(in crate::proof) unfinished: BTreeSet<String>,
    /// Whether the harness wrote its closing line, and its numbers agree with the results above.
    pub(in crate::proof) closed: bool,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    event: String,
    name: Option<String>,
    stdout: Option<String>,
    message: Option<String>,
    reason: Option<String>,
    exec_time: Option<f64>,
    passed: Option<usize>,
    failed: Option<usize>,
    ignored: Option<usize>,
}

/// Reads JSON events out of a test process's standard output.
pub(in crate::proof) fn read_events(text: &str) -> Account {
    let mut account = Account::default();
    for line in text.lines() {
        let Some(event) = line.find("{ \"type\":").or_else(|| line.find("{\"type\":")).and_then(|at| line.get(at..)).and_then(event) else {
            continue;
        };
        if event.kind == "suite" && event.event != "started" {
            let told = [event.passed, event.failed, event.ignored].map(Option::unwrap_or_default);
            account.closed = told == account.counts();
        } else if event.kind == "test" {
            account.add(event);
        }
    }
    account
}

fn event(text: &str) -> Option<Event> {
    serde_json::Deserializer::from_str(text).into_iter::<Event>().next()?.ok()
}

impl Account {
    fn add(&mut self, event: Event) {
        let Some(name) = event.name else {
            return;
        };
        let status = match event.event.as_str() {
            "started" => {
                self.unfinished.insert(name);
                return;
            }
            "ok" => TestStatus::Passed,
            "ignored" => TestStatus::Skipped,
            "failed" => TestStatus::Failed,
            _ => return,
        };
        self.unfinished.remove(&name);
        let output = [event.stdout, event.message, event.reason].into_iter().flatten().collect::<Vec<_>>().join("\n");
        self.outcomes.push(Outcome { name, status, output, seconds: event.exec_time.unwrap_or_default() });
    }

    /// Passed, failed, ignored.
    pub(super) fn counts(&self) -> [usize; 3] {
        let of = |status: TestStatus| self.outcomes.iter().filter(|outcome| outcome.status == status).count();
        [of(TestStatus::Passed), of(TestStatus::Failed), of(TestStatus::Skipped)]
    }

    /// Whether the closing line was there and the exit status says the same: 0 without a failure, 101 with one.
    pub(in crate::proof) fn agrees_with(&self, code: i32) -> bool {
        let red = self.outcomes.iter().any(|outcome| outcome.status.is_red());
        self.closed && self.unfinished.is_empty() && code == if red { 101 } else { 0 }
    }
}

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:, (.*))?\r?$").expect("a valid pattern")
});
static RESULT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;").expect("a valid pattern"));
static SECTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^---- (.+?)(?: stdout)? ----\r?$").expect("a valid pattern"));

/// Reads libtest's text output, as `rustdoc --test` and harnesses modelled on libtest write it.
pub(super) fn read_text(text: &str) -> Account {
    let sections = sections(text);
    let mut account = Account::default();
    for found in LINE.captures_iter(text) {
        let part = |at: usize| found.get(at).map(|part| part.as_str().trim().to_owned()).unwrap_or_default();
        let name = part(1);
        // rustdoc marks a test it only compiles: `f (line 3) - compile`.
        let status = match part(2).as_str() {
            "ok" => TestStatus::Passed,
            "FAILED" => TestStatus::Failed,
            _ => TestStatus::Skipped,
        };
        let output = sections.get(&name).cloned().unwrap_or_else(|| part(3));
        account.outcomes.push(Outcome { name, status, output, seconds: 0.0 });
    }
    let mut told = [0; 3];
    for found in RESULT.captures_iter(text) {
        for (sum, at) in told.iter_mut().zip(1..) {
            *sum += found.get(at).and_then(|part| part.as_str().parse::<usize>().ok()).unwrap_or_default();
        }
        account.closed = true;
    }
    account.closed &= told == account.counts();
    account
}

/// The captured output of each failed test, from the `failures:` part.
fn sections(text: &str) -> BTreeMap<String, String> {
    let heads: Vec<_> = SECTION.captures_iter(text).filter_map(|found| Some((found.get(0)?, found.get(1)?.as_str().to_owned()))).collect();
    let mut sections = BTreeMap::new();
    for (at, (head, name)) in heads.iter().enumerate() {
        let end = heads.get(at + 1).map_or(text.len(), |(next, _)| next.start());
        let body = text.get(head.end()..end).unwrap_or_default();
        let body = body.split("\nfailures:\n").next().unwrap_or_default();
        sections.insert(name.clone(), body.trim().to_owned());
    }
    sections
}

/// A panic as the default hook prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proof) struct Panic {
    /// The message, all its lines.
    pub(in crate::proof) message: String,
    /// File as printed, and line.
    pub(in crate::proof) place: Option<(String, u32)>,
}

static PANIC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^thread '[^\n]*?' (?:\(\d+\) )?panicked at (?:'(?s:(.*?))', )?([^\n]+?):(\d+):\d+:?\r?$").expect("a valid pattern")
});

/// The first panic in a test's output.
pub(in crate::proof) fn panic(output: &str) -> Option<Panic> {
    let found = PANIC.captures(output)?;
    let place = Some((found.get(2)?.as_str().to_owned(), found.get(3)?.as_str().parse().ok()?));
    let quoted = found.get(1).map(|message| message.as_str().to_owned());
    let rest = output.get(found.get(0)?.end()..).unwrap_or_default();
    let ends = ["\nstack backtrace:", "\nnote: run with `RUST_BACKTRACE", "\nthread '"];
    let end = ends.iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
    let message = quoted.unwrap_or_else(|| rest.get(..end).unwrap_or_default().trim().to_owned());
    Some(Panic { message, place })
}

static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^ +\d+: (?:0x[0-9a-f]+ - )?([^\n]+?)\r?\n +at ([^\n]+?):(\d+)(?::\d+)?\r?$").expect("a valid pattern")
});

/// The frames of a printed backtrace, innermost first: function, file as printed, line.
pub(super) fn backtrace(output: &str) -> Vec<(String, String, u32)> {
    let frames = FRAME.captures_iter(output).filter_map(|found| {
        let part = |at: usize| found.get(at).map(|part| part.as_str());
        Some((part(1)?.to_owned(), part(2)?.to_owned(), part(3)?.parse().ok()?))
    });
    frames.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_behind_what_a_test_wrote_to_the_real_standard_output() {
        let text = "{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 2 }\n{ \"type\": \"test\", \"event\": \"started\", \"name\": \"a\" }\n\
                    test a ... ok{ \"type\": \"test\", \"name\": \"a\", \"event\": \"failed\", \"stdout\": \"x\\n\" }\n\
                    { \"type\": \"test\", \"name\": \"b\", \"event\": \"ok\", \"exec_time\": 0.5 }\n\
                    { \"type\": \"suite\", \"event\": \"failed\", \"passed\": 1, \"failed\": 1, \"ignored\": 0, \"measured\": 0, \"filtered_out\": 0 }\n";
        let account = read_events(text);
        assert_eq!(account.counts(), [1, 1, 0]);
        assert!(account.agrees_with(101) && !account.agrees_with(0));
    }

    #[test]
    fn a_process_that_leaves_early_agrees_with_nothing() {
        let account = read_events("{ \"type\": \"test\", \"event\": \"started\", \"name\": \"a\" }\ntest a ... ok\n");
        assert!(!account.agrees_with(0) && !account.agrees_with(101));
        assert!(account.unfinished.contains("a"));
    }

    #[test]
    fn panics_of_old_and_new_toolchains() {
        let new = "\nthread 'tests::a' (3) panicked at src/lib.rs:5:118:\nassertion `left == right` failed: oh\n  left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1` …\n";
        let found = panic(new).expect("a panic");
        assert_eq!(found.place, Some(("src/lib.rs".to_owned(), 5)));
        assert_eq!(found.message, "assertion `left == right` failed: oh\n  left: 1\n right: 2");
        let old = "thread 'main' panicked at 'index out of bounds: 3', src/main.rs:9:2\nnote: run with …";
        assert_eq!(panic(old), Some(Panic { message: "index out of bounds: 3".to_owned(), place: Some(("src/main.rs".to_owned(), 9)) }));
    }

    #[test]
    fn text_of_doc_tests_with_their_failures() {
        let text = "\nrunning 2 tests\ntest src/lib.rs - f (line 1) ... ok\ntest src/lib.rs - g (line 9) ... FAILED\n\nfailures:\n\n\
                    ---- src/lib.rs - g (line 9) stdout ----\nTest executable failed.\n\nfailures:\n    src/lib.rs - g (line 9)\n\n\
                    test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        let account = read_text(text);
        assert!(account.agrees_with(101), "{account:?}");
        assert_eq!(
            account.outcomes.iter().find(|outcome| outcome.status.is_red()).map(|outcome| outcome.output.as_str()),
            Some("Test executable failed.")
        );
    }
}
