//! `check`: the static checks of every suite, at once.

use std::fmt::Write as _;

use async_trait::async_trait;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::proof::{self, CheckReport};

/// Arguments of `check`: none.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {}

/// Runs the checks.
pub struct Check;

#[async_trait]
impl Tool for Check {
    type Arguments = Arguments;
    const NAME: &'static str = "check";
    const ABOUT: &'static str =
        "Compile and lint the workspace as it is now: cargo check, Python syntax and names. Answers errors and warnings with places.";

    async fn call(scene: &Scene, _: Arguments) -> Result<ToolAnswer, ToolError> {
        scene.doing("checking");
        let bench = scene.bench();
        let reports = try_join_all(scene.suites.iter().map(|suite| proof::check(&bench, suite))).await?;
        Ok(ToolAnswer { text: describe(&reports), data: json!(reports) })
    }
}

/// Check reports in words.
pub(in crate::agent) fn describe(reports: &[CheckReport]) -> String {
    let mut out = String::new();
    for report in reports {
        let _ = writeln!(
            out,
            "{}: {} findings{}",
            report.checker,
            report.diagnostics.len(),
            if report.complete { "" } else { " (not complete)" }
        );
        for note in &report.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        for finding in &report.diagnostics {
            let code = finding.code.as_deref().unwrap_or("");
            let _ =
                writeln!(out, "  {}:{}:{}: {:?} {code} {}", finding.path, finding.line, finding.column, finding.severity, finding.message);
        }
    }
    out
}
