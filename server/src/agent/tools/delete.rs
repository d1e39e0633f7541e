//! `delete`: a file goes away.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Arguments of `delete`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file, relative to the workspace root.
    path: String,
}

/// Deletes a file.
pub struct Delete;

#[async_trait]
impl Tool for Delete {
    type Arguments = Arguments;
    const NAME: &'static str = "delete";
    const ABOUT: &'static str = "Delete a file of the workspace. The user is asked before it is deleted for real.";
    const CHANGES: bool = true;

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        scene.text(&path)?;
        scene.copy.remove(&path)?;
        Ok(format!("{path} deleted").into())
    }
}
