//! Static checks: what compilers and linters say of a suite's files, without running its tests.
//!
//! A check is complete when the checker came to its own end; what it found is in the diagnostics. To add a checker: one
//! file here, one arm in [`check`].

mod cargo;
mod python;

use crate::sandbox::SandboxError;

use super::{Bench, CheckReport, Suite, SuiteKind};

/// Runs the checks of `suite`: `cargo check` or clippy; for Python the syntax, and pyflakes and ruff where the environment has them.
pub async fn check(bench: &Bench<'_>, suite: &Suite) -> Result<CheckReport, SandboxError> {
    let mut report = match suite.kind {
        SuiteKind::Cargo => cargo::run(bench, suite).await?,
        SuiteKind::Pytest | SuiteKind::Unittest => python::run(bench, suite).await?,
    };
    report.diagnostics.sort_by(|a, b| (&a.path, a.line, a.column, &a.message).cmp(&(&b.path, b.line, b.column, &b.message)));
    Ok(report)
}

/// An empty report of a check started with `command`.
fn blank(suite: &Suite, checker: &str, command: &[String]) -> CheckReport {
    CheckReport {
        checker: checker.to_owned(),
        folder: suite.folder.clone(),
        command: command.to_vec(),
        complete: false,
        notes: Vec::new(),
        diagnostics: Vec::new(),
        seconds: 0.0,
    }
}
