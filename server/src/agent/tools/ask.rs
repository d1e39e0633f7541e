//! `ask`: a question to the user, for what cannot be inferred.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AskMode, Scene, Tool, ToolAnswer, ToolError};
use crate::agent::{Answer, Question};

/// Arguments of `ask`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The question, with what is needed to decide it.
    question: String,
    /// Two to four possible answers.
    choices: Vec<String>,
}

/// Asks the user.
pub struct Ask;

#[async_trait]
impl Tool for Ask {
    type Arguments = Arguments;
    const NAME: &'static str = "ask";
    const ABOUT: &'static str =
        "Ask the user to choose. Only for what is risky or contradictory; otherwise decide, and write the assumption down with `note`.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        if scene.ask == AskMode::Never {
            return Err(ToolError::Tell("this run may not ask; decide yourself and write the assumption down with `note`".into()));
        }
        let question = Question { text: arguments.question, choices: arguments.choices.clone() };
        Ok(match scene.human.ask(question, &scene.cancel).await {
            Answer::Choice(number) => arguments.choices.get(number).cloned().unwrap_or_default(),
            Answer::Silence => {
                "nobody answered; decide yourself, take the safest way, and write the assumption down with `note`".to_owned()
            }
        }
        .into())
    }
}
