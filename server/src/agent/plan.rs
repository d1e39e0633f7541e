//! The plan: steps with dependencies, shown as an ordinary Markdown task list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use petgraph::algo::toposort;
use petgraph::graph::DiGraph;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Steps in the order they were written; `after` makes them a graph without cycles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// A short id, unique in the plan (`1`, `2a`).
    pub id: String,
    /// What is to be done, in a few words.
    pub title: String,
    /// Ids of steps that must be done before.
    #[serde(default)]
    pub after: Vec<String>,
    /// How far it is.
    #[serde(default)]
    pub status: StepStatus,
    /// Seconds it is thought to take.
    #[serde(default)]
    pub estimate_s: f64,
    /// Seconds it took so far; kept by the run, not by the model.
    #[serde(default)]
    pub spent_s: f64,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Not begun.
    #[default]
    Pending,
    /// Being worked on.
    InProgress,
    /// Done.
    Done,
    /// Left out, with the reason in the title or a note.
    Skipped,
    /// Tried and failed.
    Failed,
}

/// Why steps are not a plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// Two steps have one id.
    #[error("step id `{0}` is used twice; give every step its own id")]
    Twice(String),
    /// `after` names a step that is not there.
    #[error("step `{step}` comes after `{missing}`, which is not in the plan")]
    Unknown {
        /// The step.
        step: String,
        /// The id it names.
        missing: String,
    },
    /// The steps wait for each other.
    #[error("steps wait for each other in a circle at `{0}`; remove one `after`")]
    Circle(String),
}

impl Plan {
    /// Checks ids and dependencies.
    pub fn check(&self) -> Result<(), PlanError> {
        let mut graph = DiGraph::<&str, ()>::new();
        let mut nodes = BTreeMap::new();
        for step in &self.steps {
            if nodes.insert(step.id.as_str(), graph.add_node(&step.id)).is_some() {
                return Err(PlanError::Twice(step.id.clone()));
            }
        }
        for step in &self.steps {
            for before in &step.after {
                let Some(node) = nodes.get(before.as_str()) else {
                    return Err(PlanError::Unknown { step: step.id.clone(), missing: before.clone() });
                };
                graph.add_edge(*node, nodes[step.id.as_str()], ());
            }
        }
        toposort(&graph, None).map_err(|circle| PlanError::Circle(graph[circle.node_id()].to_owned()))?;
        Ok(())
    }

    /// Takes over a new version: spent time stays with steps that keep their id; running steps are charged `seconds`.
    pub fn revise(&mut self, mut new: Self, seconds: f64) {
        for step in &mut self.steps {
            if step.status == StepStatus::InProgress {
                step.spent_s += seconds;
            }
        }
        for step in &mut new.steps {
            step.spent_s = self.steps.iter().find(|old| old.id == step.id).map_or(0.0, |old| old.spent_s);
        }
        *self = new;
    }

    /// Marks what is still open when the run ends.
    pub fn close(&mut self, reached: bool, seconds: f64) {
        for step in &mut self.steps {
            if step.status == StepStatus::InProgress {
                step.spent_s += seconds;
            }
            step.status = match step.status {
                StepStatus::InProgress | StepStatus::Pending if reached => StepStatus::Done,
                StepStatus::InProgress => StepStatus::Failed,
                StepStatus::Pending => StepStatus::Skipped,
                settled => settled,
            };
        }
    }

    /// Share of the work behind us, 0 to 100; steps weigh their estimates.
    pub fn percentage(&self) -> u32 {
        let weight = |step: &Step| if step.estimate_s > 0.0 { step.estimate_s } else { 1.0 };
        let all: f64 = self.steps.iter().map(weight).sum();
        let done: f64 = self
            .steps
            .iter()
            .map(|step| match step.status {
                StepStatus::Done | StepStatus::Skipped | StepStatus::Failed => weight(step),
                StepStatus::InProgress => weight(step) / 2.0,
                StepStatus::Pending => 0.0,
            })
            .sum();
        // 0..=100 by construction.
        if all > 0.0 { (100.0 * done / all) as u32 } else { 0 }
    }

    /// A Markdown task list.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for step in &self.steps {
            let mark = match step.status {
                StepStatus::Done => 'x',
                StepStatus::InProgress => '~',
                StepStatus::Skipped | StepStatus::Failed => '-',
                StepStatus::Pending => ' ',
            };
            let _ = write!(out, "- [{mark}] **{}** {}", step.id, step.title);
            if !step.after.is_empty() {
                let _ = write!(out, " (after {})", step.after.join(", "));
            }
            if step.estimate_s > 0.0 {
                let _ = write!(out, " · about {:.0} s", step.estimate_s);
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, after: &[&str]) -> Step {
        Step {
            id: id.into(),
            title: format!("step {id}"),
            after: after.iter().map(ToString::to_string).collect(),
            status: StepStatus::Pending,
            estimate_s: 1.0,
            spent_s: 0.0,
        }
    }

    #[test]
    fn a_circle_is_refused() {
        let plan = Plan { steps: vec![step("a", &["b"]), step("b", &["a"])] };
        assert!(matches!(plan.check(), Err(PlanError::Circle(_))));
        assert_eq!(Plan { steps: vec![step("a", &[]), step("b", &["a"])] }.check(), Ok(()));
        assert_eq!(Plan { steps: vec![step("a", &["z"])] }.check(), Err(PlanError::Unknown { step: "a".into(), missing: "z".into() }));
        assert_eq!(Plan { steps: vec![step("a", &[]), step("a", &[])] }.check(), Err(PlanError::Twice("a".into())));
    }

    #[test]
    fn spent_time_survives_a_revision() {
        let mut plan = Plan { steps: vec![step("a", &[]), step("b", &["a"])] };
        plan.steps[0].status = StepStatus::InProgress;
        plan.revise(Plan { steps: vec![step("a", &[]), step("c", &[])] }, 3.0);
        assert!((plan.steps[0].spent_s - 3.0).abs() < 1e-9);
        assert!(plan.steps[1].spent_s.abs() < 1e-9);
    }

    #[test]
    fn percentage_follows_the_estimates() {
        let mut plan = Plan { steps: vec![step("a", &[]), step("b", &["a"])] };
        plan.steps[0].estimate_s = 3.0;
        plan.steps[0].status = StepStatus::Done;
        assert_eq!(plan.percentage(), 75);
        plan.close(true, 0.0);
        assert_eq!(plan.percentage(), 100);
    }
}
