//! `update_plan`: the plan, made or changed.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::agent::{Event, Plan, Step};

/// Arguments of `update_plan`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// All steps of the plan as it is now, done ones included.
    steps: Vec<Step>,
}

/// Makes or changes the plan.
pub struct UpdatePlan;

#[async_trait]
impl Tool for UpdatePlan {
    type Arguments = Arguments;
    const NAME: &'static str = "update_plan";
    const ABOUT: &'static str = "Write the plan, or change it: steps with ids, dependencies (`after`), an estimate in seconds and a status. Keep one step in progress.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let plan = Plan { steps: arguments.steps };
        plan.check().map_err(|error| ToolError::Tell(error.to_string()))?;
        let plan = {
            let now = scene.seconds();
            let mut board = scene.board();
            let since = now - board.plan_changed_s;
            board.plan.revise(plan, since);
            board.plan_changed_s = now;
            board.plan.clone()
        };
        scene.watch.event(&Event::Plan { plan });
        Ok("the plan is kept".to_owned().into())
    }
}
