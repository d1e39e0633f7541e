//! `read`: a file, or lines of it, numbered.

use std::fmt::Write as _;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Lines in one answer at the most.
const LINES: usize = 400;

/// Arguments of `read`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file, relative to the workspace root.
    path: String,
    /// First line, from 1; the first of the file where it is left out.
    #[serde(default)]
    from: Option<usize>,
    /// Last line; 400 lines are shown where it is left out.
    #[serde(default)]
    to: Option<usize>,
}

/// Reads a file.
pub struct Read;

#[async_trait]
impl Tool for Read {
    type Arguments = Arguments;
    const NAME: &'static str = "read";
    const ABOUT: &'static str = "Read a text file of the workspace, with line numbers. Read what you need before you edit it.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        let text = scene.text(&path)?;
        let first = arguments.from.unwrap_or(1).max(1);
        let total = text.lines().count();
        let last = arguments.to.unwrap_or(first + LINES - 1).min(first + LINES - 1).min(total);
        let mut out = String::new();
        for (number, line) in text.lines().enumerate().skip(first - 1).take((last + 1).saturating_sub(first)) {
            let _ = writeln!(out, "{:>5}  {line}", number + 1);
        }
        if last < total {
            let _ = writeln!(out, "[lines {} to {total} follow: read them with from={}]", last + 1, last + 1);
        }
        Ok(ToolAnswer { text: out, data: json!({"path": path, "text": text}) })
    }
}
