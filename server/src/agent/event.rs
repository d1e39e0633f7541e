//! What happens in a run, one value per happening: the journal keeps them, progress and terminal show them.

use serde::{Deserialize, Serialize};

use super::{Plan, RunResult, Status, Task};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run was taken on.
    Started {
        /// Its id.
        run: String,
        /// What it is to do.
        task: Task,
        /// Who answers.
        model: String,
        /// Sandbox tier.
        tier: String,
        /// Absolute path of the workspace.
        root: String,
    },
    /// It entered a phase.
    Status {
        /// The phase.
        status: Status,
    },
    /// What it is doing now, in a few words for people.
    Doing {
        /// The words.
        text: String,
    },
    /// The plan was made or changed.
    Plan {
        /// The plan as it is now.
        plan: Plan,
    },
    /// The model spoke.
    Said {
        /// Its words.
        text: String,
        /// Input and output tokens of the turn.
        tokens: (u64, u64),
    },
    /// A tool call came back.
    Tool {
        /// The tool.
        tool: String,
        /// What it was called with, shortened.
        arguments: String,
        /// First line of what it answered.
        answer: String,
        /// Whether it failed.
        failed: bool,
        /// Seconds it took.
        seconds: f64,
    },
    /// An assumption was written down.
    Assumed {
        /// The assumption.
        text: String,
    },
    /// It ended.
    Ended {
        /// The result.
        result: Box<RunResult>,
    },
}
