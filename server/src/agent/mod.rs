//! One task to one outcome: capture, baseline, then *ask, act, check, record* within limits.
//!
//! [`run`] is the whole way; the loop itself stands in `turns.rs` and can be read aloud. Model, sandbox, clock and human
//! stand behind traits, so that runs can be simulated. To add a tool: see `tools/mod.rs`.

mod briefing;
mod budget;
mod effects;
mod event;
mod outcome;
mod plan;
mod run;
mod task;
pub mod tools;
mod turns;
mod workshop;

pub use budget::{Budget, Spent};
pub use effects::{Answer, Clock, Company, Human, NobodyThere, Question, SystemClock, Watch};
pub use event::Event;
pub use outcome::{PlanEntry, ResultFile, RunResult, SandboxUsed, Status, UsageTotal};
pub use plan::{Plan, Step, StepStatus};
pub use run::{Outcome, run};
pub use task::{Place, Task, TaskKind};
pub use tools::AskMode;
pub use workshop::Workshop;
