//! What pytest and unittest share on our side: the job written for the harness, and the reading of its report.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::proof::{Bench, Frame, Suite, TestCase, TestId, TestReport, TestStatus};
use crate::sandbox::{Command, Copy, Exit, Outcome, SandboxError};
use crate::text::{Files, RelPath};

use super::{Exchange, blank, cut_short, denials, tail, workspace_path};

pub(crate) const SHARED: (&str, &str) = ("lamplighter_report.py", include_str!("../harness/lamplighter_report.py"));

/// What the harness is told. Paths are relative to the suite's folder.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    /// Where to write the report.
    report: String,
    /// Folders to import from.
    paths: Vec<String>,
    /// The wanted tests; `None` for all.
    pub(super) ids: Option<Vec<String>>,
    /// The test files to load.
    pub(super) files: Vec<String>,
}

/// One line of the report.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Record {
    Start {
        seq: usize,
    },
    Collected {
        seq: usize,
        ids: Vec<String>,
    },
    Begin {
        seq: usize,
        id: String,
    },
    Case {
        seq: usize,
        #[serde(flatten)]
        case: RawCase,
    },
    End {
        seq: usize,
        exit: i32,
    },
}

#[derive(Debug, Deserialize)]
struct RawCase {
    id: String,
    status: TestStatus,
    message: String,
    error: Option<String>,
    frames: Vec<RawFrame>,
    path: Option<String>,
    seconds: f64,
}

#[derive(Debug, Deserialize)]
struct RawFrame {
    path: String,
    line: u32,
    function: Option<String>,
}

impl Job {
    /// A job for `suite`: its import folders, no selection yet.
    pub(super) fn new(copy: &Copy, suite: &Suite) -> Self {
        Self { report: String::new(), paths: import_folders(copy, suite), ids: None, files: Vec::new() }
    }
}

/// Folders below the suite's that its code is imported from, besides the suite's own: `src` where that is the layout.
pub(crate) fn import_folders(copy: &Copy, suite: &Suite) -> Vec<String> {
    let package = RelPath::new(suite.below("src/__init__.py")).ok().and_then(|path| Files::read(copy, &path)).is_some();
    let below = suite.below("src/");
    let layout = !package && copy.files().iter().any(|path| path.as_str().starts_with(&below) && path.extension() == Some("py"));
    if layout { vec!["src".to_owned()] } else { Vec::new() }
}

/// Runs `command` with `job` and the harness files, and reads what came of it.
pub(super) async fn run(
    bench: &Bench<'_>,
    suite: &Suite,
    runner: &str,
    harness: (&str, &str),
    mut job: Job,
    arguments: &[String],
) -> Result<TestReport, SandboxError> {
    let exchange = Exchange::new(bench.copy, &[SHARED, harness])?;
    job.report = exchange.outbox().join("report.jsonl").to_string_lossy().into_owned();
    exchange.put("job.json", &serde_json::to_string(&job).unwrap_or_default())?;
    let inbox = exchange.inbox().to_string_lossy().into_owned();
    let outbox = exchange.outbox().to_string_lossy().into_owned();
    let script = |argument: &String| argument.replace("{inbox}", &inbox).replace("{outbox}", &outbox);
    let mut command: Command = suite.toolchain.command(arguments.iter().map(script).collect::<Vec<_>>());
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    command.env.insert("LAMPLIGHTER_JOB".to_owned(), format!("{inbox}/job.json"));
    command.env.insert("PYTHONPATH".to_owned(), inbox.clone());
    exchange.mount(&mut command);
    let shown: Vec<String> = command.argv.iter().map(|argument| argument.replace(&format!("{inbox}/"), "")).collect();
    let outcome = bench.run(command).await?;
    let mut report = blank(suite, runner, &shown);
    report.seconds = outcome.elapsed.as_secs_f64();
    report.tail = tail(&outcome);
    let account = Account::read(bench.copy, &exchange.take("report.jsonl").unwrap_or_default());
    account.settle(&outcome, bench, &mut report);
    Ok(report)
}

/// The harness's own account of the run.
#[derive(Debug, Default)]
struct Account {
    cases: Vec<TestCase>,
    collected: Option<BTreeSet<String>>,
    running: Option<String>,
    end: Option<i32>,
    /// Records out of order, repeated or unreadable: somebody else wrote into the report.
    disturbed: bool,
    started: bool,
}

impl Account {
    fn read(copy: &Copy, text: &str) -> Self {
        let mut account = Self::default();
        for (number, line) in text.lines().enumerate() {
            let Ok(record) = serde_json::from_str::<Record>(line) else {
                account.disturbed = true;
                continue;
            };
            let (Record::Start { seq }
            | Record::Collected { seq, .. }
            | Record::Begin { seq, .. }
            | Record::Case { seq, .. }
            | Record::End { seq, .. }) = &record;
            account.disturbed |= *seq != number;
            match record {
                Record::Start { .. } => account.started = true,
                Record::Collected { ids, .. } => account.collected = Some(ids.into_iter().collect()),
                Record::Begin { id, .. } => account.running = Some(id),
                Record::Case { case, .. } => {
                    if account.running.as_ref() == Some(&case.id) {
                        account.running = None;
                    }
                    account.cases.push(case.place(copy));
                }
                Record::End { exit, .. } => account.end = Some(exit),
            }
        }
        account
    }

    /// Holds the account against the exit status; only where they agree is the report complete.
    fn settle(self, outcome: &Outcome, bench: &Bench<'_>, report: &mut TestReport) {
        report.notes.extend(denials(outcome));
        let red = self.cases.iter().any(|case| case.status.is_red());
        let name = report.runner.clone();
        let ended: BTreeSet<&str> = self.cases.iter().map(|case| case.id.0.as_str()).collect();
        let without = self.collected.iter().flatten().filter(|id| !ended.contains(id.as_str())).count();
        let problem = match (&outcome.exit, self.end) {
            (Exit::Code(_), _) if self.disturbed => {
                Some(format!("{name}'s report was written to by something else, so it is not believed"))
            }
            (Exit::Code(4), _) | (Exit::Code(_), None) if !self.started => {
                Some(format!("{name} did not start its tests; the output says why"))
            }
            (Exit::Code(code), None) => Some(match &self.running {
                Some(test) => format!("the process left with exit status {code} in the middle of `{test}`, so the run is not complete"),
                None => format!("the process left with exit status {code} before {name} came to its end, so the run is not complete"),
            }),
            (Exit::Code(code), Some(end)) if *code != end => {
                Some(format!("{name} reported exit status {end}, but the process left with {code}; neither is believed"))
            }
            (Exit::Code(0 | 5), Some(_)) if red => Some(format!("{name} left with success, but tests failed; it is not believed")),
            (Exit::Code(1), Some(_)) if !red => Some(format!("{name} left with failure, but no test failed; the output says why")),
            (Exit::Code(0 | 1 | 5), Some(_)) if without > 0 => {
                Some(format!("{without} collected tests gave no result; the output says why"))
            }
            (Exit::Code(0 | 1 | 5), Some(_)) => None,
            (Exit::Code(code), Some(_)) => Some(format!("{name} stopped with exit status {code}; the output says why")),
            (exit, _) => cut_short(exit, bench.limits, &self.running.as_ref().map_or(name.clone(), |test| format!("`{test}`"))),
        };
        report.complete = problem.is_none();
        report.notes.extend(problem);
        if report.complete && self.cases.is_empty() {
            report
                .notes
                .push(format!("{name} found no tests in {}", if report.folder.is_empty() { "the workspace" } else { &report.folder }));
        }
        report.cases = merged(self.cases);
    }
}

/// One case per id, the worst result kept.
fn merged(cases: Vec<TestCase>) -> Vec<TestCase> {
    let mut by_id: std::collections::BTreeMap<TestId, TestCase> = std::collections::BTreeMap::new();
    for case in cases {
        match by_id.get(&case.id) {
            Some(kept) if kept.status.is_red() || !case.status.is_red() => {}
            _ => drop(by_id.insert(case.id.clone(), case)),
        }
    }
    by_id.into_values().collect()
}

impl RawCase {
    fn place(self, copy: &Copy) -> TestCase {
        let at = |path: &str| workspace_path(copy, "", path);
        let frames =
            self.frames.into_iter().filter_map(|frame| Some(Frame { path: at(&frame.path)?, line: frame.line, function: frame.function }));
        TestCase {
            id: TestId(self.id),
            status: self.status,
            message: self.message,
            error: self.error,
            frames: frames.collect(),
            path: self.path.as_deref().and_then(at),
            seconds: self.seconds,
        }
    }
}
