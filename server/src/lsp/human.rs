//! The person at the editor: a prompt where the client has one, code actions and commands where it has none.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;
use tower_lsp::ls_types::{MessageActionItem, MessageType};

use super::runs::Runs;
use crate::agent::{Answer, Human, Question};

/// Nobody waits longer for an answer; silence means no.
const PATIENCE: Duration = Duration::from_secs(600);

/// The person, for one run.
pub(super) struct AtEditor {
    pub(super) client: Client,
    pub(super) runs: Arc<Runs>,
    pub(super) run: String,
}

#[async_trait]
impl Human for AtEditor {
    async fn ask(&self, question: Question, cancel: &CancellationToken) -> Answer {
        // One prompt at a time: two toasts over each other get answered blindly.
        let _turn = self.runs.prompt.lock().await;
        let by_command = self.runs.question(&self.run, &question.text);
        let answer = tokio::select! {
            () = cancel.cancelled() => Answer::Silence,
            () = tokio::time::sleep(PATIENCE) => Answer::Silence,
            yes = by_command => match yes {
                Ok(true) => Answer::Choice(0),
                Ok(false) => Answer::Choice(question.choices.len().saturating_sub(1)),
                Err(_) => Answer::Silence,
            },
            answer = self.prompt(&question) => answer,
        };
        self.runs.answered(&self.run);
        answer
    }
}

impl AtEditor {
    /// The client's own prompt. Where it has none, it says so once, and this waits for ever: a command answers then.
    async fn prompt(&self, question: &Question) -> Answer {
        let actions =
            question.choices.iter().map(|choice| MessageActionItem { title: choice.clone(), properties: Default::default() }).collect();
        match self.client.show_message_request(MessageType::WARNING, format!("Lamplighter: {}", question.text), Some(actions)).await {
            Ok(Some(picked)) => question.choices.iter().position(|choice| *choice == picked.title).map_or(Answer::Silence, Answer::Choice),
            Ok(None) => Answer::Silence,
            Err(_) => {
                let text = format!("Lamplighter: {} Answer with the code action “Approve” or “Reject”.", question.text);
                self.client.show_message(MessageType::WARNING, text).await;
                std::future::pending().await
            }
        }
    }
}
