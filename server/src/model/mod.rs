//! Who answers: a conversation and tool specifications in, a reply out.
//!
//! One file per way of answering. To add a provider: one file with a [`Model`] in it, one arm in [`choice`].

mod builtin;
pub mod choice;
mod conversation;
mod openai_chat;
mod retry;
mod scripted;

pub use builtin::Builtin;
pub use choice::Choice;
pub use conversation::{Message, ModelName, Reply, Request, Stop, ToolCall, ToolResult, ToolSpec, Usage};
pub use openai_chat::{Endpoint, OpenAiChat};
pub use scripted::Scripted;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// Something that continues a conversation.
#[async_trait]
pub trait Model: Send + Sync {
    /// Provider and model, for results and reports.
    fn name(&self) -> ModelName;

    /// The next assistant turn. A cancelled call returns [`ModelError::Cancelled`] at once.
    async fn reply(&self, request: Request<'_>, cancel: &CancellationToken) -> Result<Reply, ModelError>;
}

/// Why no reply came. Every text says what happened and what to do; none ever holds a key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// The endpoint could not be reached, or the connection broke, after retries.
    #[error("{endpoint} could not be reached: {why}; check the network and `base_url`")]
    Network {
        /// Host of the endpoint.
        endpoint: String,
        /// What broke.
        why: String,
    },
    /// The endpoint refused the key or the account.
    #[error("{endpoint} refused the request ({status}): {message}; check the API key and account behind it")]
    Refused {
        /// Host of the endpoint.
        endpoint: String,
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The conversation is longer than the model's context.
    #[error("the conversation is longer than the model's context: {message}")]
    Overflow {
        /// The server's own words.
        message: String,
    },
    /// The server sent something that is not the protocol.
    #[error("{endpoint} sent an answer that is not understood: {why}")]
    Protocol {
        /// Host of the endpoint.
        endpoint: String,
        /// What was wrong.
        why: String,
    },
    /// A time limit of the configuration passed.
    #[error("{endpoint} sent nothing for {seconds} s; raise the time-out in [model] or try again")]
    Timeout {
        /// Host of the endpoint.
        endpoint: String,
        /// The limit.
        seconds: u64,
    },
    /// The configuration does not hold together.
    #[error("{0}")]
    Configuration(String),
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
}
