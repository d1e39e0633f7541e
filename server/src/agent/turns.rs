//! The loop, to be read aloud: within limits, ask, act, check, record.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;

use super::budget::{Budget, Price, Spent};
use super::event::Event;
use super::tools::{Finish, Scene, Toolbox, shorten};
use crate::model::{Message, Model, ModelError, Reply, Request, Stop, ToolCall, ToolResult};
use crate::text::Hash;

/// The same call with the same result so often is a loop.
const REPEATS: u32 = 4;

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    /// The model says that it is done.
    Finished(Finish),
    /// A limit was reached; says which.
    OverBudget(String),
    /// Somebody stopped it.
    Cancelled,
    /// It cannot go on; says why.
    Failed(String),
}

/// A conversation between a model and the tools.
pub(super) struct Conversation<'a> {
    pub(super) scene: &'a Scene,
    pub(super) model: &'a dyn Model,
    pub(super) toolbox: &'a Toolbox,
    pub(super) budget: Budget,
    pub(super) price: Option<Price>,
    pub(super) messages: Vec<Message>,
    pub(super) spent: Spent,
    pub(super) started_s: f64,
    pub(super) seen: HashMap<Hash, u32>,
}

impl Conversation<'_> {
    /// Goes on until the model is done or something ends it. Can be called again after a new message was added.
    pub(super) async fn converse(&mut self) -> Ending {
        loop {
            if let Some(ending) = self.limits() {
                return ending;
            }
            let reply = match self.ask().await {
                Ok(reply) => reply,
                Err(ending) => return ending,
            };
            let results = match self.act(&reply).await {
                Ok(results) => results,
                Err(ending) => return ending,
            };
            let ending = self.check(&reply, &results);
            self.record(reply, results);
            if let Some(ending) = ending {
                return ending;
            }
        }
    }

    fn limits(&self) -> Option<Ending> {
        if self.scene.cancel.is_cancelled() {
            return Some(Ending::Cancelled);
        }
        self.spent.over(&self.budget, self.price, self.scene.seconds() - self.started_s).map(Ending::OverBudget)
    }

    /// Comes back when the run's wall time is over, so that no single call outlasts it; what it runs is killed with it.
    async fn time_is_up(&self) -> Ending {
        let Some(limit) = self.budget.wall_s else { return std::future::pending().await };
        let left = (self.started_s + limit - self.scene.seconds()).clamp(0.0, 1e9);
        tokio::time::sleep(Duration::from_secs_f64(left)).await;
        Ending::OverBudget(format!("{limit:.0} s passed; raise it with --max-seconds"))
    }

    async fn ask(&mut self) -> Result<Reply, Ending> {
        let asked = self.scene.seconds();
        let request = Request { messages: &self.messages, tools: self.toolbox.specs() };
        let reply = tokio::select! {
            reply = self.model.reply(request, &self.scene.cancel) => reply,
            ending = self.time_is_up() => return Err(ending),
        };
        self.spent.model_s += self.scene.seconds() - asked;
        self.spent.turns += 1;
        let reply = reply.map_err(|error| match error {
            ModelError::Cancelled => Ending::Cancelled,
            error => Ending::Failed(error.to_string()),
        })?;
        self.spent.usage += reply.usage;
        if !reply.text.is_empty() {
            self.scene
                .watch
                .event(&Event::Said { text: reply.text.clone(), tokens: (reply.usage.input_tokens, reply.usage.output_tokens) });
        }
        Ok(reply)
    }

    /// Runs all calls of the turn. Calls that change nothing run together; one that does waits for those before it.
    async fn act(&mut self, reply: &Reply) -> Result<Vec<ToolResult>, Ending> {
        let acted = self.scene.seconds();
        let mut results = Vec::with_capacity(reply.calls.len());
        for group in reply.calls.chunk_by(|left, right| !self.toolbox.changes(&left.name) && !self.toolbox.changes(&right.name)) {
            let all = join_all(group.iter().map(|call| self.call(call)));
            let answers = tokio::select! {
                biased;
                () = self.scene.cancel.cancelled() => return Err(Ending::Cancelled),
                answers = all => answers,
                ending = self.time_is_up() => return Err(ending),
            };
            for answer in answers {
                results.push(answer.map_err(Ending::Failed)?);
            }
        }
        self.spent.tool_calls += reply.calls.len() as u64;
        self.spent.candidates = self.scene.board().candidates;
        self.spent.tool_s += self.scene.seconds() - acted;
        Ok(results)
    }

    async fn call(&self, call: &ToolCall) -> Result<ToolResult, String> {
        let called = self.scene.seconds();
        let result = self.toolbox.call(self.scene, call).await?;
        self.scene.watch.event(&Event::Tool {
            tool: call.name.clone(),
            arguments: shorten(&call.arguments.to_string(), 200),
            answer: shorten(result.text.lines().next().unwrap_or_default(), 200),
            failed: result.failed,
            seconds: self.scene.seconds() - called,
        });
        Ok(result)
    }

    fn check(&mut self, reply: &Reply, results: &[ToolResult]) -> Option<Ending> {
        if let Some(finish) = self.scene.board().finish.take() {
            return Some(Ending::Finished(finish));
        }
        if reply.calls.is_empty() {
            return Some(match reply.stop {
                Stop::Done => Ending::Finished(Finish { summary: reply.text.clone(), ..Finish::default() }),
                Stop::Length => Ending::Failed(
                    "the model's answer was cut off at its output limit; raise the limit or use a model with a larger one".into(),
                ),
                Stop::Refused => Ending::Failed(format!("the model refused: {}", shorten(&reply.text, 300))),
            });
        }
        for (call, result) in reply.calls.iter().zip(results) {
            let same = Hash::of(format!("{}\0{}\0{}", call.name, call.arguments, result.text));
            let times = self.seen.entry(same).or_default();
            *times += 1;
            if *times >= REPEATS {
                return Some(Ending::Failed(format!(
                    "the model called `{}` {times} times with the same arguments and the same result",
                    call.name
                )));
            }
        }
        None
    }

    fn record(&mut self, reply: Reply, results: Vec<ToolResult>) {
        self.messages.push(Message::Assistant { reply });
        if !results.is_empty() {
            self.messages.push(Message::Tools { results });
        }
    }
}
