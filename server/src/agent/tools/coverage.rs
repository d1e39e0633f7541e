//! `coverage`: which lines tests ran, to see what failing ones have in common.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::proof::{Coverage, TestId, trials};

/// Arguments of `coverage`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Tests by id; give the failing ones and a few passing ones to compare.
    ids: Vec<String>,
}

/// Measures coverage.
pub struct CoverageTool;

#[async_trait]
impl Tool for CoverageTool {
    type Arguments = Arguments;
    const NAME: &'static str = "coverage";
    const ABOUT: &'static str =
        "Run tests one by one and say which lines of which files each of them ran; lines that only failing tests ran are suspicious.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        scene.doing(format!("following {} tests through the code", arguments.ids.len()));
        let ids: Vec<TestId> = arguments.ids.into_iter().map(TestId).collect();
        let bench = scene.bench();
        let mut coverage = Coverage::default();
        for suite in &scene.suites {
            let known: Vec<TestId> = ids.iter().filter(|id| scene.before.suite_of(suite, id)).cloned().collect();
            if !known.is_empty() {
                coverage.lines.extend(trials::coverage(&bench, suite, &known, &trials::CoverageOptions::default()).await?.lines);
            }
        }
        let mut out = String::new();
        for (test, files) in &coverage.lines {
            let per_file: BTreeMap<_, usize> = files.iter().map(|(path, lines)| (path, lines.len())).collect();
            let _ = writeln!(out, "{}:", test.0);
            for (path, lines) in per_file {
                let _ = writeln!(out, "  {path}: {lines} lines");
            }
        }
        Ok(ToolAnswer { text: out, data: json!(coverage) })
    }
}
