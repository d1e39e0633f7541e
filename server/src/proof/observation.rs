//! An observation: all checks and tests of a workspace copy at one moment, with the copy left as it was.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::sandbox::{Copy, CopyError, SandboxError};
use crate::text::{Change, Patch, RelPath};

use super::{Bench, CheckReport, Diagnostic, Selection, Severity, Suite, SuiteKind, TestCase, TestId, TestReport, TestStatus, check, test};

/// Reports of every suite, in the order of the suites.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Test runs.
    pub tests: Vec<TestReport>,
    /// Static checks.
    pub checks: Vec<CheckReport>,
}

/// Why nothing could be observed or proven.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Nothing was run.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The private copy could not be read or put back.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Runs the checks and all tests of `suites`. Files that the tests themselves rewrote are put back afterwards.
pub async fn observe(bench: &Bench<'_>, suites: &[Suite]) -> Result<Observation, ProofError> {
    let mut observation = Observation::default();
    for suite in suites {
        // Building the tests says all that `cargo check` would; clippy says more.
        let from_build = suite.kind == SuiteKind::Cargo && suite.tool("clippy").is_none();
        if !from_build {
            observation.checks.push(check(bench, suite).await?);
        }
        let report = test_and_restore(bench, suite, &Selection::All).await?;
        if from_build {
            observation.checks.push(check_of(&report));
        }
        observation.tests.push(report);
        if bench.cancel.is_cancelled() {
            break;
        }
    }
    Ok(observation)
}

/// What the build of the tests found, as a check.
fn check_of(report: &TestReport) -> CheckReport {
    let failed = report.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let built = report.complete || failed || !report.cases.is_empty();
    CheckReport {
        checker: "cargo build".to_owned(),
        folder: report.folder.clone(),
        command: report.command.clone(),
        complete: built,
        notes: if built { Vec::new() } else { report.notes.clone() },
        diagnostics: report.diagnostics.clone(),
        seconds: 0.0,
    }
}

/// Runs tests and puts back what they changed in the copy; where that was code or settings, the results are not believed.
pub(super) async fn test_and_restore(bench: &Bench<'_>, suite: &Suite, selection: &Selection) -> Result<TestReport, ProofError> {
    let before = bench.copy.patch()?;
    let mut report = test(bench, suite, selection).await?;
    for (path, existed) in put_back(bench.copy, &before)? {
        let code = existed && matches!(path.extension(), Some("py" | "pyi" | "rs" | "toml" | "cfg" | "ini"));
        let consequence = if code { ", so the results are not believed" } else { "" };
        report.complete &= !code;
        report.notes.push(format!("the run rewrote `{path}`; it was put back{consequence}"));
    }
    Ok(report)
}

/// Makes the copy's patch equal to `before` again; the files that differed, and whether they existed.
fn put_back(copy: &Copy, before: &Patch) -> Result<Vec<(RelPath, bool)>, CopyError> {
    let after = copy.patch()?;
    if after == *before {
        return Ok(Vec::new());
    }
    let of = |patch: &Patch, path: &RelPath| patch.files.iter().find(|file| file.path == *path).map(|file| file.change.clone());
    let paths: BTreeSet<RelPath> = before.files.iter().chain(&after.files).map(|file| file.path.clone()).collect();
    let mut differing = Vec::new();
    for path in paths {
        let (old, new) = (of(before, &path), of(&after, &path));
        if old == new {
            continue;
        }
        let existed = old.is_some() || !matches!(new, Some(Change::Create { .. }));
        match old.as_ref().map(Change::new_text) {
            Some(Some(text)) => copy.write(&path, text.as_bytes())?,
            Some(None) => copy.remove(&path)?,
            None => copy.restore(std::slice::from_ref(&path))?,
        }
        differing.push((path, existed));
    }
    Ok(differing)
}

impl Observation {
    /// Tests that failed or errored.
    pub fn red_tests(&self) -> Vec<&TestCase> {
        self.cases().filter(|case| case.status.is_red()).collect()
    }

    /// Tests that passed.
    pub fn passed_tests(&self) -> Vec<&TestCase> {
        self.cases().filter(|case| case.status == TestStatus::Passed).collect()
    }

    fn cases(&self) -> impl Iterator<Item = &TestCase> {
        self.tests.iter().flat_map(|report| &report.cases)
    }

    /// Errors of checks and builds, each once.
    pub fn errors(&self) -> Vec<&Diagnostic> {
        let mut errors: Vec<&Diagnostic> = Vec::new();
        let all = self.checks.iter().flat_map(|report| &report.diagnostics).chain(self.tests.iter().flat_map(|report| &report.diagnostics));
        for error in all.filter(|diagnostic| diagnostic.severity == Severity::Error) {
            if !errors.iter().any(|known| same_finding(known, error)) {
                errors.push(error);
            }
        }
        errors
    }

    /// Everything checks and builds found, each once, with the tools' own fixes.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        for diagnostic in
            self.checks.iter().flat_map(|report| &report.diagnostics).chain(self.tests.iter().flat_map(|report| &report.diagnostics))
        {
            match found.iter_mut().find(|known| same_finding(known, diagnostic)) {
                Some(known) if known.fixes.is_empty() => known.fixes.clone_from(&diagnostic.fixes),
                Some(_) => {}
                None => found.push(diagnostic.clone()),
            }
        }
        found
    }

    /// Whether every check and every test run came to its end.
    pub fn reports_complete(&self) -> bool {
        self.tests.iter().all(|report| report.complete) && self.checks.iter().all(|report| report.complete)
    }

    /// Whether `id` is a test of `suite`.
    pub fn suite_of(&self, suite: &Suite, id: &TestId) -> bool {
        self.tests.iter().any(|report| report.is_of(suite) && report.cases.iter().any(|case| case.id == *id))
    }

    /// Seconds these tests took together.
    pub fn seconds_of(&self, ids: &[TestId]) -> f64 {
        self.cases().filter(|case| ids.contains(&case.id)).map(|case| case.seconds).sum()
    }
}

/// The same finding at the same place.
fn same_finding(a: &Diagnostic, b: &Diagnostic) -> bool {
    (&a.path, a.line, a.column, &a.message) == (&b.path, b.line, b.column, &b.message)
}

impl TestReport {
    /// Whether it is a report on `suite`.
    pub fn is_of(&self, suite: &Suite) -> bool {
        let runner = match suite.kind {
            SuiteKind::Cargo => "cargo",
            SuiteKind::Pytest => "pytest",
            SuiteKind::Unittest => "unittest",
        };
        self.folder == suite.folder && self.runner.starts_with(runner)
    }
}
