//! The model that needs no network: it reads reports instead of prose, and drives the same tools as any other.
//!
//! What to try comes from [`crate::repair`]; whether it works is found out by the tools. One file per sort of task:
//! [`fix`] repairs what a failing test or a checker shows, [`tests`] adds tests. What it cannot do it says.

mod calls;
mod fix;
mod goal;
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Message, Model, ModelError, ModelName, Reply, Request, ToolResult};
use crate::proof::Observation;
use crate::text::Files;
use calls::finish;

/// The built-in engine as a conversation partner.
pub struct Builtin {
    files: Arc<dyn Files>,
    mind: Mutex<Mind>,
}

/// What it is in the middle of.
enum Mind {
    Fresh,
    Fixing(Box<fix::Fixing>),
    Testing(tests::Testing),
    Done,
}

/// The facts of the opening message, as far as they matter here.
#[derive(Debug, Clone, Deserialize)]
struct Brief {
    task: TaskFacts,
    before: Observation,
}

#[derive(Debug, Clone, Deserialize)]
struct TaskFacts {
    kind: String,
    goal: String,
    #[serde(default)]
    place: Option<PlaceFacts>,
}

#[derive(Debug, Clone, Deserialize)]
struct PlaceFacts {
    path: crate::text::RelPath,
    #[serde(default)]
    span: Option<std::ops::Range<usize>>,
    #[serde(default)]
    symbol: Option<String>,
    #[serde(default)]
    is_test: bool,
}

impl Builtin {
    /// An engine that looks at `files`: the run's private copy.
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self { files, mind: Mutex::new(Mind::Fresh) }
    }

    fn turn(&self, mind: &mut Mind, messages: &[Message]) -> Reply {
        match messages.last() {
            Some(Message::Tools { results }) => self.go_on(mind, results),
            Some(Message::User { data, .. }) => match (data.get("after").cloned(), &mut *mind) {
                (Some(after), Mind::Fixing(fixing)) => match serde_json::from_value(after) {
                    Ok(after) => fixing.objection(self.files.as_ref(), after),
                    Err(error) => finish(&format!("the proof's report could not be read: {error}"), "", true),
                },
                (Some(_), _) => finish("the proof did not accept the generated tests", "", true),
                (None, _) => self.begin(mind, data),
            },
            _ => finish("there is nothing to answer", "", true),
        }
    }

    fn begin(&self, mind: &mut Mind, data: &Value) -> Reply {
        let brief: Brief = match serde_path_to_error::deserialize(data) {
            Ok(brief) => brief,
            Err(error) => return finish(&format!("the task could not be read: {error}"), "", true),
        };
        match goal::understand(&brief, self.files.as_ref()) {
            goal::Intent::Fix => {
                let mut fixing = fix::Fixing::new(&brief);
                let reply = fixing.begin(self.files.as_ref());
                *mind = Mind::Fixing(Box::new(fixing));
                reply
            }
            goal::Intent::Tests { path, symbol } => {
                let (testing, reply) = tests::Testing::begin(path, symbol);
                *mind = Mind::Testing(testing);
                reply
            }
            goal::Intent::Plan(reply) => {
                *mind = Mind::Done;
                reply
            }
            goal::Intent::Beyond(why) => finish(&why, "", true),
        }
    }

    fn go_on(&self, mind: &mut Mind, results: &[ToolResult]) -> Reply {
        match mind {
            Mind::Fixing(fixing) => fixing.go_on(self.files.as_ref(), results),
            Mind::Testing(testing) => testing.go_on(results),
            Mind::Fresh | Mind::Done => finish("done", "", false),
        }
    }
}

#[async_trait]
impl Model for Builtin {
    fn name(&self) -> ModelName {
        ModelName { provider: "builtin".into(), name: "builtin".into() }
    }

    async fn reply(&self, request: Request<'_>, cancel: &CancellationToken) -> Result<Reply, ModelError> {
        if cancel.is_cancelled() {
            return Err(ModelError::Cancelled);
        }
        // Parsing and ranking are work for the processor: other tasks of this thread are moved elsewhere meanwhile.
        let think = || self.turn(&mut self.mind.lock().unwrap_or_else(PoisonError::into_inner), request.messages);
        Ok(if tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread {
            tokio::task::block_in_place(think)
        } else {
            think()
        })
    }
}
