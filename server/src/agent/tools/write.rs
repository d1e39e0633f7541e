//! `write`: a whole file.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Arguments of `write`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file, relative to the workspace root.
    path: String,
    /// Its whole new text.
    text: String,
}

/// Writes a file.
pub struct Write;

#[async_trait]
impl Tool for Write {
    type Arguments = Arguments;
    const NAME: &'static str = "write";
    const ABOUT: &'static str = "Create a file or replace its whole text. To change a part of a file, use `edit`.";
    const CHANGES: bool = true;

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        scene.copy.write(&path, arguments.text.as_bytes())?;
        scene.doing(format!("writing {path}"));
        Ok(format!("{path} written, {} lines", arguments.text.lines().count()).into())
    }
}
