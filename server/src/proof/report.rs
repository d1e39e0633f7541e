//! What runners report: tests with their traces, diagnostics with their suggested fixes, candidates with their trials.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::{Edit, RelPath};

/// A test's name as its own runner takes it back (pytest node id, `module.Class.method`, `binary::path::test`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TestId(pub String);

impl TestId {
    /// Whether this is the test function `name`, in whichever module or class.
    pub fn names(&self, name: &str) -> bool {
        self.0.split(|character: char| !(character.is_alphanumeric() || character == '_')).any(|part| part == name)
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStatus {
    /// Passed (an expected failure counts as passed).
    Passed,
    /// An assertion or the code under test failed.
    Failed,
    /// It could not be collected, set up or torn down.
    Errored,
    /// Skipped or ignored by its own mark.
    Skipped,
}

impl TestStatus {
    /// Failed or errored.
    pub fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }
}

/// One line of a stack trace inside the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The file.
    pub path: RelPath,
    /// Line, from 1.
    pub line: u32,
    /// The function, where the trace names it.
    pub function: Option<String>,
}

/// One test's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestCase {
    /// Its name.
    pub id: TestId,
    /// How it ended.
    pub status: TestStatus,
    /// The failure message with compared values, or the skip reason.
    pub message: String,
    /// Name of the exception or `panic`, where there is one.
    pub error: Option<String>,
    /// Workspace frames of the trace, outermost (the test) first.
    pub frames: Vec<Frame>,
    /// The file that holds the test, where known.
    pub path: Option<RelPath>,
    /// Seconds it took.
    pub seconds: f64,
}

/// One run of one suite (`pytest`, `unittest`, `cargo test`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// The runner's name.
    pub runner: String,
    /// Folder below the workspace root the suite belongs to; `""` for the root. With the runner's name it identifies the suite.
    pub folder: String,
    /// The command line.
    pub command: Vec<String>,
    /// Whether all tests of the suite were asked for.
    pub whole: bool,
    /// Whether every selected test came to an end: no time-out, crash, build failure or missing runner.
    pub complete: bool,
    /// Why not complete, or what the user should know: each says what happened, why and what to do.
    pub notes: Vec<String>,
    /// Results, sorted by id.
    pub cases: Vec<TestCase>,
    /// Compiler errors that kept the tests from running.
    pub diagnostics: Vec<Diagnostic>,
    /// Wall seconds.
    pub seconds: f64,
    /// The last few KiB of output, for people and models.
    pub tail: String,
}

/// One run of one static check (`cargo check`, `clippy`, `pyflakes`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The checker's name.
    pub checker: String,
    /// Folder below the workspace root that was checked; `""` for the root.
    pub folder: String,
    /// The command line.
    pub command: Vec<String>,
    /// Whether it came to its end.
    pub complete: bool,
    /// Why not, or what the user should know.
    pub notes: Vec<String>,
    /// What it found.
    pub diagnostics: Vec<Diagnostic>,
    /// Wall seconds.
    pub seconds: f64,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Does not build or cannot work.
    Error,
    /// A warning or lint.
    Warning,
    /// A note or hint.
    Note,
}

/// A finding of a checker or compiler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The file.
    pub path: RelPath,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1, in characters.
    pub column: u32,
    /// Byte range in the checked text, where the tool gives it.
    pub span: Option<Range<usize>>,
    /// How bad.
    pub severity: Severity,
    /// The tool's code (`E0425`, `clippy::len_zero`), where it has one.
    pub code: Option<String>,
    /// The message.
    pub message: String,
    /// Labels and notes below it, as text.
    pub details: Vec<String>,
    /// What the tool itself suggests.
    pub fixes: Vec<Fix>,
}

/// A checker's own suggestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in words.
    pub title: String,
    /// Whether the tool says it can be applied unseen.
    pub machine_applicable: bool,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// A possible fix: edits against the texts of the copy, not applied yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Number, unique within one request; trials refer to it.
    pub id: usize,
    /// The edits, all of them together.
    pub edits: Vec<Edit>,
    /// What it does, in words (`replace `number` by `numbers``).
    pub title: String,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The candidate.
    pub id: usize,
    /// The result.
    pub outcome: TrialOutcome,
    /// Seconds it took, without shared work.
    pub seconds: f64,
}

/// How a candidate did on the selected tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TrialOutcome {
    /// Every selected test passed.
    Passed,
    /// Some still fail.
    Red {
        /// Tests that passed.
        passed: usize,
        /// Tests that did not.
        failed: usize,
        /// The first failure's message, so that a search can tell progress from none.
        message: String,
    },
    /// It does not compile or import.
    Broken {
        /// The first error.
        message: String,
    },
    /// It ran past its time.
    Timeout,
}

/// Which lines each test ran, per file: what spectrum-based fault localisation starts from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Test → file → lines (from 1) that ran; for languages measured by block, the block's lines.
    pub lines: BTreeMap<TestId, BTreeMap<RelPath, BTreeSet<u32>>>,
}
