//! `note`: an assumption for the user, or a fact to keep.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::agent::Event;

/// Arguments of `note`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The text.
    text: String,
    /// Whether this is an assumption that the user should see in the result.
    #[serde(default)]
    assumption: bool,
}

/// Takes a note.
pub struct Note;

#[async_trait]
impl Tool for Note {
    type Arguments = Arguments;
    const NAME: &'static str = "note";
    const ABOUT: &'static str =
        "Write down a fact to keep, or an assumption that you made without asking; assumptions are listed in the result.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        if arguments.assumption {
            scene.watch.event(&Event::Assumed { text: arguments.text.clone() });
            scene.board().assumptions.push(arguments.text);
        } else {
            scene.board().notes.push(arguments.text);
        }
        Ok("noted".to_owned().into())
    }
}
