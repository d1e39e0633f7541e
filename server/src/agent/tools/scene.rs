//! What tools work on: the copy, the walls, the suites, and the board where plan, assumptions and notes stand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Finish, ToolError};
use crate::agent::{Clock, Event, Human, Plan, Task, Watch};
use crate::proof::{Bench, Evidence, Observation, Suite};
use crate::sandbox::{Copy, Limits, Sandbox};
use crate::text::RelPath;

/// When a run may ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskMode {
    /// Never; every question is answered with no.
    Never,
    /// Before risky things.
    #[default]
    Risky,
    /// Before delivering anything.
    Always,
}

/// Everything a tool can reach.
pub struct Scene {
    /// What the run is for.
    pub task: Task,
    /// The private copy.
    pub copy: Arc<Copy>,
    /// The walls.
    pub sandbox: Arc<dyn Sandbox>,
    /// How this workspace is tested and checked.
    pub suites: Vec<Suite>,
    /// Limits of one command.
    pub limits: Limits,
    /// Checks and tests before anything was changed.
    pub before: Observation,
    /// The person.
    pub human: Arc<dyn Human>,
    /// When to ask.
    pub ask: AskMode,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who watches.
    pub watch: Arc<dyn Watch>,
    /// Ends everything.
    pub cancel: CancellationToken,
    /// What tools wrote down.
    pub board: Mutex<Board>,
}

/// What is written down in a run.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The plan.
    pub plan: Plan,
    /// When the plan was last changed, in run seconds.
    pub plan_changed_s: f64,
    /// Assumptions made without asking.
    pub assumptions: Vec<String>,
    /// Notes to keep.
    pub notes: Vec<String>,
    /// The model's closing words, once it finished.
    pub finish: Option<Finish>,
    /// What generated tests are worth, by the mutants they kill.
    pub mutants: Option<Evidence>,
    /// Candidate patches tried.
    pub candidates: u64,
}

impl Scene {
    /// The board, for a moment; never held across an `await`.
    pub fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same scene with an empty board, to prove something beside it.
    pub(in crate::agent) fn fork(&self) -> Self {
        Self {
            task: self.task.clone(),
            copy: self.copy.clone(),
            sandbox: self.sandbox.clone(),
            suites: self.suites.clone(),
            limits: self.limits.clone(),
            before: self.before.clone(),
            human: self.human.clone(),
            ask: self.ask,
            clock: self.clock.clone(),
            watch: self.watch.clone(),
            cancel: self.cancel.clone(),
            board: Mutex::default(),
        }
    }

    /// Seconds on the run's clock.
    pub fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Where runners work.
    pub fn bench(&self) -> Bench<'_> {
        Bench { sandbox: self.sandbox.as_ref(), copy: &self.copy, limits: &self.limits, cancel: &self.cancel }
    }

    /// Says what is being done, in a few words for people.
    pub fn doing(&self, text: impl Into<String>) {
        self.watch.event(&Event::Doing { text: text.into() });
    }

    /// The path a model wrote, checked.
    pub(super) fn path(&self, path: &str) -> Result<RelPath, ToolError> {
        let below_root = path.strip_prefix(self.copy.root().to_str().unwrap_or("\0")).map_or(path, |rest| rest.trim_start_matches('/'));
        RelPath::new(below_root).map_err(|error| ToolError::Tell(error.to_string()))
    }

    /// The text of a file of the copy, or a word to the model.
    pub(super) fn text(&self, path: &RelPath) -> Result<String, ToolError> {
        let Some(bytes) = self.copy.read(path)? else {
            return Err(ToolError::Tell(format!("{path} does not exist; `list` shows what does")));
        };
        String::from_utf8(bytes).map_err(|_| ToolError::Tell(format!("{path} is not UTF-8 text")))
    }
}
