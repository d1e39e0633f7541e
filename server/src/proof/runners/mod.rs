//! Runners: start a suite's tests inside the walls and turn what happened into a [`TestReport`].
//!
//! Every runner keeps two accounts, the exit status and a structured report of its own, and calls a run complete only
//! where both agree and every selected test has a result: text that looks like success counts for nothing.
//! To add a runner: one file here, one arm in [`test`].

mod cargo;
mod cargo_build;
mod doctests;
mod exchange;
pub(super) mod libtest;
mod nextest;
mod pytest;
mod python;
mod unittest;

pub use cargo_build::{Build, Package, TestBinary, build};

use crate::sandbox::{Copy, Exit, Limits, Outcome, SandboxError};
use crate::text::RelPath;

use super::{Bench, Suite, SuiteKind, TestId, TestReport};

pub(super) use cargo_build::{add_diagnostic, cargo_failure, read as read_build, workspace_flag};
pub(crate) use exchange::Exchange;
pub(super) use python::{SHARED, import_folders};

/// Which tests of a suite to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// These; one that is not found makes the report incomplete.
    Ids(Vec<TestId>),
    /// Those in these files (paths from the workspace root).
    Files(Vec<RelPath>),
}

/// Runs the selected tests of `suite`. An `Err` means nothing was run; whatever a run brought about is in the report.
pub async fn test(bench: &Bench<'_>, suite: &Suite, selection: &Selection) -> Result<TestReport, SandboxError> {
    let mut report = match suite.kind {
        SuiteKind::Pytest => pytest::run(bench, suite, selection).await?,
        SuiteKind::Unittest => unittest::run(bench, suite, selection).await?,
        SuiteKind::Cargo => cargo::run(bench, suite, selection).await?,
    };
    report.whole = *selection == Selection::All;
    report.cases.sort_by(|a, b| a.id.cmp(&b.id));
    if let Selection::Ids(wanted) = selection {
        note_absent(&mut report, wanted);
    }
    Ok(report)
}

/// A selected test without a result: not complete, and said which.
fn note_absent(report: &mut TestReport, wanted: &[TestId]) {
    let covers = |case: &TestId, id: &TestId| {
        case == id || case.0.strip_prefix(&id.0).is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
    };
    let absent: Vec<&str> =
        wanted.iter().filter(|id| !report.cases.iter().any(|case| covers(&case.id, id))).map(|id| id.0.as_str()).collect();
    if let Some(first) = absent.first() {
        report.complete = false;
        let more = if absent.len() > 1 { format!(" and {} more", absent.len() - 1) } else { String::new() };
        report.notes.push(format!("`{first}`{more} gave no result: it was not found or did not come to its end; see the output"));
    }
}

/// An empty report of a run that was started with `command`.
fn blank(suite: &Suite, runner: &str, command: &[String]) -> TestReport {
    TestReport {
        runner: runner.to_owned(),
        folder: suite.folder.clone(),
        command: command.to_vec(),
        whole: false,
        complete: false,
        notes: Vec::new(),
        cases: Vec::new(),
        diagnostics: Vec::new(),
        seconds: 0.0,
        tail: String::new(),
    }
}

/// Why a command did not come to its own end, in words; `None` where it exited by itself.
pub(super) fn cut_short(exit: &Exit, limits: &Limits, what: &str) -> Option<String> {
    match exit {
        Exit::Code(_) => None,
        Exit::Timeout => Some(format!(
            "{what} ran past {:.0} s and was stopped, so its outcome is unknown; select fewer tests or raise the time limit",
            limits.wall.as_secs_f64()
        )),
        Exit::Signal(signal) => Some(format!("{what} was ended by signal {signal}, so its outcome is unknown; see the output")),
        Exit::Limit(which) => {
            Some(format!("{what} was stopped at the {which} limit, so its outcome is unknown; raise the limit if it needs more"))
        }
        Exit::Cancelled => Some(format!("{what} was cancelled")),
    }
}

/// What the walls refused, as notes.
pub(super) fn denials(outcome: &Outcome) -> impl Iterator<Item = String> + '_ {
    outcome.denials.iter().map(|denial| format!("sandbox denied: {} ({})", denial.what, denial.detail))
}

/// The last few KiB of both outputs.
pub(super) fn tail(outcome: &Outcome) -> String {
    let (out, err) = (outcome.stdout.text(), outcome.stderr.text());
    let (out, err) = (last_part(&out), last_part(&err));
    if out.is_empty() || err.is_empty() { format!("{out}{err}") } else { format!("{out}\n{err}") }
}

/// The last 4 KiB of a text, from a character boundary on.
pub(super) fn last_part(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.len().saturating_sub(4096);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    text.get(start..).unwrap_or_default()
}

/// A path a tool printed, as a workspace path: absolute ones below the workspace's own path or the copy's, others from `folder`.
pub(super) fn workspace_path(copy: &Copy, folder: &str, path: &str) -> Option<RelPath> {
    let path = std::path::Path::new(path.strip_prefix("./").unwrap_or(path));
    if path.is_absolute() {
        return RelPath::below(copy.root(), path).or_else(|| RelPath::below(copy.work(), path));
    }
    RelPath::below(copy.root(), &copy.root().join(folder).join(path))
}
