//! A model that says what a script tells it: whole runs without a network, for tests and replays.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Message, Model, ModelError, ModelName, Reply, Request};

/// One scripted turn: looks at the conversation and answers.
type Turn = Box<dyn FnOnce(&[Message]) -> Result<Reply, ModelError> + Send>;

/// Plays its turns in order; past the last one it reports a protocol error, so a loop that asks too often is found.
pub struct Scripted {
    turns: Mutex<VecDeque<Turn>>,
}

impl Scripted {
    /// A script of fixed replies.
    pub fn replies(replies: impl IntoIterator<Item = Reply>) -> Self {
        let turns = replies.into_iter().map(|reply| Box::new(move |_: &[Message]| Ok(reply)) as Turn).collect();
        Self { turns: Mutex::new(turns) }
    }

    /// A script of turns that may look at the conversation or fail.
    pub fn turns(turns: Vec<Turn>) -> Self {
        Self { turns: Mutex::new(turns.into()) }
    }
}

#[async_trait]
impl Model for Scripted {
    fn name(&self) -> ModelName {
        ModelName { provider: "scripted".into(), name: "scripted".into() }
    }

    async fn reply(&self, request: Request<'_>, _cancel: &CancellationToken) -> Result<Reply, ModelError> {
        let turn = self.turns.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match turn {
            Some(turn) => turn(request.messages),
            None => Err(ModelError::Protocol { endpoint: "the script".into(), why: "it has no more turns".into() }),
        }
    }
}
