//! `finish`: the model says that it is done; the proof decides whether that is so.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Arguments of `finish`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finish {
    /// What was done, in two or three sentences.
    pub summary: String,
    /// What was wrong and why, where something was.
    #[serde(default)]
    pub root_cause: String,
    /// Whether the goal could not be reached; `summary` then says why and what would help.
    #[serde(default)]
    pub gave_up: bool,
}

/// Ends the conversation.
pub struct FinishTool;

#[async_trait]
impl Tool for FinishTool {
    type Arguments = Finish;
    const NAME: &'static str = "finish";
    const ABOUT: &'static str =
        "Say that you are done. All checks and tests then run once more; where they do not agree, you hear why and go on.";

    async fn call(scene: &Scene, arguments: Finish) -> Result<ToolAnswer, ToolError> {
        scene.board().finish = Some(arguments);
        Ok("checking".to_owned().into())
    }
}
