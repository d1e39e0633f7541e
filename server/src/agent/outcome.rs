//! The result of a run, in the shape that scripts and editors rely on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepStatus;
use crate::model::ModelName;
use crate::proof::Evidence;

/// Where a run is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waiting for its turn.
    Queued,
    /// Capturing, taking the baseline, planning.
    Planning,
    /// Waiting for a yes.
    AwaitingApproval,
    /// Asking and acting.
    Working,
    /// Proving the result.
    Verifying,
    /// Taking the patch to the editor.
    Delivering,
    /// Proven, and delivered or ready to be.
    Verified,
    /// Edits exist but no check could say yes: a draft.
    Unverified,
    /// Nothing had to change.
    NoChange,
    /// It did not work out; says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// A limit was reached.
    OverBudget,
    /// The texts changed meanwhile and could not be merged; nothing was touched.
    Stale,
}

impl Status {
    /// Whether the run is over.
    pub fn is_ending(self) -> bool {
        !matches!(self, Self::Queued | Self::Planning | Self::AwaitingApproval | Self::Working | Self::Verifying | Self::Delivering)
    }

    /// The word for it, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Planning => "planning",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Working => "working",
            Self::Verifying => "verifying",
            Self::Delivering => "delivering",
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::NoChange => "no_change",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::OverBudget => "over_budget",
            Self::Stale => "stale",
        }
    }
}

/// The `--json` result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// Run id.
    pub run: String,
    /// How it ended.
    pub status: Status,
    /// Why, in a sentence.
    pub reason: String,
    /// What was asked.
    pub goal: String,
    /// What was done, for a reader in a hurry.
    pub summary: String,
    /// What was wrong, where something was.
    pub root_cause: String,
    /// What was assumed without asking.
    pub assumptions: Vec<String>,
    /// The plan as it stood at the end.
    pub plan: Vec<PlanEntry>,
    /// What ran and what it showed.
    pub evidence: Vec<Evidence>,
    /// Files that change.
    pub files: Vec<ResultFile>,
    /// The change as a unified diff.
    pub patch: String,
    /// The way back as a unified diff.
    pub undo: String,
    /// Who answered.
    pub model: ModelName,
    /// What it cost.
    pub usage: UsageTotal,
    /// The walls it ran behind.
    pub sandbox: SandboxUsed,
}

/// A step in the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanEntry {
    /// Step id.
    pub id: String,
    /// What was to be done.
    pub title: String,
    /// Steps before it.
    pub after: Vec<String>,
    /// How far it came.
    pub status: StepStatus,
    /// Seconds estimated.
    pub estimate_s: f64,
    /// Seconds spent.
    pub spent_s: f64,
}

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultFile {
    /// Path below the workspace root.
    pub path: String,
    /// `modify`, `create`, `delete` or `rename`.
    pub change: String,
}

/// What a run cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageTotal {
    /// Model turns.
    pub turns: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Candidate patches tried.
    pub candidates: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Of those, read from a cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Dollars, where the price is known.
    pub cost_usd: Option<f64>,
    /// Wall seconds of the run.
    pub wall_s: f64,
    /// Of those, waiting for the model.
    pub model_s: f64,
    /// Of those, in tools.
    pub tool_s: f64,
}

/// The walls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SandboxUsed {
    /// `A`, `B` or `C`.
    pub tier: String,
}
