//! `test`: the workspace's own tests, all or some.

use std::fmt::Write as _;

use async_trait::async_trait;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::proof::{self, Selection, TestId, TestReport, TestStatus};

/// Arguments of `test`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only these tests, by the ids that an earlier answer named; all tests where it is empty.
    #[serde(default)]
    ids: Vec<String>,
}

/// Runs tests.
pub struct Test;

#[async_trait]
impl Tool for Test {
    type Arguments = Arguments;
    const NAME: &'static str = "test";
    const ABOUT: &'static str =
        "Run the workspace's tests as it is now, all or some. Answers counts and every failure with message and workspace frames.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let selection =
            if arguments.ids.is_empty() { Selection::All } else { Selection::Ids(arguments.ids.into_iter().map(TestId).collect()) };
        scene.doing(match &selection {
            Selection::Ids(ids) => format!("running {} tests", ids.len()),
            _ => "running all tests".to_owned(),
        });
        let bench = scene.bench();
        let reports = try_join_all(scene.suites.iter().map(|suite| proof::test(&bench, suite, &selection))).await?;
        Ok(ToolAnswer { text: describe(&reports), data: json!(reports) })
    }
}

/// Test reports in words: failures whole, the rest as counts.
pub(in crate::agent) fn describe(reports: &[TestReport]) -> String {
    let mut out = String::new();
    for report in reports {
        let count = |status: TestStatus| report.cases.iter().filter(|case| case.status == status).count();
        let _ = writeln!(
            out,
            "{}: {} passed, {} failed, {} errors, {} skipped{}",
            report.runner,
            count(TestStatus::Passed),
            count(TestStatus::Failed),
            count(TestStatus::Errored),
            count(TestStatus::Skipped),
            if report.complete { "" } else { " (not complete)" }
        );
        for note in &report.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        for finding in &report.diagnostics {
            let _ = writeln!(out, "  {}:{}: {}", finding.path, finding.line, finding.message);
        }
        for case in report.cases.iter().filter(|case| case.status.is_red()) {
            let _ = writeln!(out, "  {} {}", if case.status == TestStatus::Failed { "FAILED" } else { "ERROR" }, case.id.0);
            for line in case.message.lines().take(20) {
                let _ = writeln!(out, "      {line}");
            }
            for frame in &case.frames {
                let _ = writeln!(out, "      at {}:{} {}", frame.path, frame.line, frame.function.as_deref().unwrap_or(""));
            }
        }
    }
    out
}
