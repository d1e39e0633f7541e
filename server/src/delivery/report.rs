//! The report of a run, as Markdown that reads well in an editor.

use std::fmt::Write as _;

use crate::agent::{Plan, RunResult, Step};

/// What was asked, what was wrong, what was done, and what proves it.
pub fn markdown(result: &RunResult) -> String {
    let mut out = format!("# {}\n\n**{}** — {}\n", result.goal, result.status.word(), result.reason);
    let mut section = |title: &str, body: &str| {
        if !body.trim().is_empty() {
            let _ = write!(out, "\n## {title}\n\n{}\n", body.trim_end());
        }
    };
    section("Summary", &result.summary);
    section("Root cause", &result.root_cause);
    section("Assumptions", &result.assumptions.iter().fold(String::new(), |list, line| list + "- " + line + "\n"));
    section("Plan", &plan(result));
    section("Evidence", &evidence(result));
    section("Change", &if result.patch.is_empty() { String::new() } else { format!("```diff\n{}\n```", result.patch.trim_end()) });
    let usage = &result.usage;
    let cost = usage.cost_usd.map(|cost| format!(", {cost:.4} US dollars")).unwrap_or_default();
    let _ = write!(
        out,
        "\n---\nRun {} · {} · sandbox tier {} · {} turns, {} tool calls, {} candidates, {} + {} tokens{cost} · {:.1} s\n",
        result.run,
        result.model,
        result.sandbox.tier,
        usage.turns,
        usage.tool_calls,
        usage.candidates,
        usage.input_tokens,
        usage.output_tokens,
        usage.wall_s
    );
    out
}

fn plan(result: &RunResult) -> String {
    let steps = result.plan.iter().map(|entry| Step {
        id: entry.id.clone(),
        title: entry.title.clone(),
        after: entry.after.clone(),
        status: entry.status,
        estimate_s: entry.estimate_s,
        spent_s: entry.spent_s,
    });
    Plan { steps: steps.collect() }.markdown()
}

fn evidence(result: &RunResult) -> String {
    let mut out = String::new();
    for item in &result.evidence {
        let _ = writeln!(out, "- {}: `{}` — before: {}; after: {}", item.kind, item.command.join(" "), item.before, item.after);
        for test in &item.red_to_green {
            let _ = writeln!(out, "  - red → green: `{test}`");
        }
        for test in &item.broken {
            let _ = writeln!(out, "  - broken: `{test}`");
        }
    }
    out
}
