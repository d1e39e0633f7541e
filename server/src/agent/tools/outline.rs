//! `outline`: what a file holds, without its bodies.

use std::fmt::Write as _;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::index;

/// Arguments of `outline`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file, relative to the workspace root.
    path: String,
}

/// Outlines a file.
pub struct OutlineTool;

#[async_trait]
impl Tool for OutlineTool {
    type Arguments = Arguments;
    const NAME: &'static str = "outline";
    const ABOUT: &'static str =
        "The functions, methods, classes and types of a file with their signatures and line numbers; cheaper than reading it.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        let text = scene.text(&path)?;
        let Some(language) = index::language_of(path.as_str().as_ref()) else {
            return Err(ToolError::Tell(format!("no outline is known for {path}; use `read`")));
        };
        let mut out = String::new();
        for item in &index::Outline::of(language, &text).items {
            let line = text[..item.span.start].matches('\n').count() + 1;
            let _ = writeln!(out, "{line:>5}  {:?} {}  {}", item.kind, item.qualified, item.signature);
        }
        Ok(out.into())
    }
}
