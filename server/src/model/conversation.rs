//! A conversation in our own words, which every wire protocol is translated to and from.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// Standing instructions; first and only once.
    System {
        /// The text.
        text: String,
    },
    /// The task, a verdict, or a word from the user.
    User {
        /// What a language model reads.
        text: String,
        /// The same facts as data, for an engine that does not read prose; never sent over a wire.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
    },
    /// What the model said and asked for.
    Assistant {
        /// The reply.
        reply: Reply,
    },
    /// Results of all calls of the turn before, in call order.
    Tools {
        /// The results.
        results: Vec<ToolResult>,
    },
}

/// A tool as the model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

/// A call the model asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Id that its result refers to; unique in the conversation.
    pub id: String,
    /// Tool name.
    pub name: String,
    /// Arguments as the model wrote them: an object, or a string where they were not valid JSON.
    pub arguments: Value,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call it answers.
    pub id: String,
    /// What a language model reads.
    pub text: String,
    /// The same as data, complete; never sent over a wire.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Whether the call failed.
    pub failed: bool,
}

/// What is asked of a model.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The conversation so far, append-only over a run.
    pub messages: &'a [Message],
    /// The tools, sorted by name, the same for every turn of a run.
    pub tools: &'a [ToolSpec],
}

/// A model's turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Text for the user.
    pub text: String,
    /// Tool calls, to be run concurrently.
    pub calls: Vec<ToolCall>,
    /// Why the turn ended.
    pub stop: Stop,
    /// What it cost.
    pub usage: Usage,
    /// Provider fields to be replayed unchanged with this turn (reasoning items, signatures).
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub opaque: Value,
}

/// Why a turn ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The model was done, or wants its calls run.
    #[default]
    Done,
    /// The output limit cut it short.
    Length,
    /// The provider refused or filtered it.
    Refused,
}

/// Tokens of one turn or of a whole run. Fields a provider does not report stay 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent, cached ones included.
    pub input_tokens: u64,
    /// Of those, read from the provider's cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelName {
    /// `builtin`, `openai-chat`, `scripted`, …
    pub provider: String,
    /// The provider's name for the model.
    pub name: String,
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.provider == self.name { f.write_str(&self.name) } else { write!(f, "{}/{}", self.provider, self.name) }
    }
}
