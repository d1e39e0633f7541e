//! What the model is told at the start, and after a proof that said no. The wording lives in `prompts/`.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::json;

use super::task::{Task, TaskKind};
use super::tools::Scene;
use crate::model::Message;
use crate::proof::{Observation, Verdict};

const SYSTEM: &str = include_str!("../../prompts/system.md");
const TASK: &str = include_str!("../../prompts/task.md");
const VERDICT: &str = include_str!("../../prompts/verdict.md");

/// The conversation's beginning.
pub(super) fn opening(scene: &Scene) -> Vec<Message> {
    let data = json!({"task": scene.task, "before": scene.before});
    vec![
        Message::System { text: render(SYSTEM, context! {}) },
        Message::User { text: render(TASK, task_context(&scene.task, scene)), data },
    ]
}

/// A proof that said no, for the model to go on from.
pub(super) fn objection(verdict: &Verdict, after: &Observation) -> Message {
    let text = render(
        VERDICT,
        context! { reasons => &verdict.reasons, tests => super::tools::describe_tests(&after.tests), checks => super::tools::describe_checks(&after.checks) },
    );
    Message::User { text, data: json!({"verdict": verdict, "after": after}) }
}

fn task_context(task: &Task, scene: &Scene) -> minijinja::Value {
    let want = match task.kind {
        TaskKind::Fix => "fix",
        TaskKind::Tests => "tests",
        TaskKind::Do => "do",
        TaskKind::Plan => "plan",
    };
    let place = task.place.as_ref().map(|place| match &place.symbol {
        Some(symbol) => format!("`{symbol}` in {}", place.path),
        None => place.path.to_string(),
    });
    context! {
        goal => &task.goal,
        want => want,
        place => place,
        diagnostics => &task.diagnostics,
        runners => scene.suites.iter().map(|suite| format!("{:?}", suite.kind)).collect::<Vec<_>>(),
        tests => super::tools::describe_tests(&scene.before.tests),
        checks => super::tools::describe_checks(&scene.before.checks),
    }
}

fn render(template: &str, values: minijinja::Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    // The templates are part of the program and every one is rendered by a test.
    environment.render_str(template, values).unwrap_or_else(|error| format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_use_no_unknown_variable() {
        let all = context! { goal => "g", want => "fix", place => "p", diagnostics => vec!["d"], runners => vec!["Pytest"], tests => "t", checks => "c", reasons => vec!["r"] };
        for template in [SYSTEM, TASK, VERDICT] {
            let text = render(template, all.clone());
            assert!(!text.contains("undefined") && text.len() > 100, "{text}");
        }
    }
}
