//! The world outside the loop, behind traits: the clock, the human, and whoever watches.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::Event;

/// Time, as the loop sees it.
pub trait Clock: Send + Sync {
    /// Seconds since some fixed moment before the run.
    fn seconds(&self) -> f64;
}

/// The machine's monotonic clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Sees everything that happens in a run, in order. Must not block.
pub trait Watch: Send + Sync {
    /// One event.
    fn event(&self, event: &Event);
}

/// A question to the person who started the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked, with all that is needed to decide.
    pub text: String,
    /// The answers offered; the first one means yes, the last one no.
    pub choices: Vec<String>,
}

/// What the person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// One of the choices, by number.
    Choice(usize),
    /// Nobody answered in time, or there is nobody. Means no.
    Silence,
}

impl Answer {
    /// Whether the first choice was taken.
    pub fn is_yes(&self) -> bool {
        *self == Self::Choice(0)
    }
}

/// The person who started the run.
#[async_trait]
pub trait Human: Send + Sync {
    /// Asks; a time-out or a cancelled run is [`Answer::Silence`].
    async fn ask(&self, question: Question, cancel: &CancellationToken) -> Answer;
}

/// Who is with a run: the person to ask, the one who watches, and the way to stop it.
#[derive(Clone)]
pub struct Company {
    /// The person.
    pub human: Arc<dyn Human>,
    /// Who watches.
    pub watch: Arc<dyn Watch>,
    /// Stops it.
    pub cancel: CancellationToken,
}

/// Nobody to ask: every answer is silence, which means no.
#[derive(Debug, Clone, Copy)]
pub struct NobodyThere;

#[async_trait]
impl Human for NobodyThere {
    async fn ask(&self, _: Question, _: &CancellationToken) -> Answer {
        Answer::Silence
    }
}
