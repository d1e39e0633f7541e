//! Replies of the engine: tool calls with ids of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::model::{Reply, ToolCall};
use crate::proof::{Candidate, TestId};
use crate::text::Edit;

/// A turn with these calls.
pub(super) fn reply(text: &str, calls: Vec<(&str, Value)>) -> Reply {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let calls = calls.into_iter().map(|(name, arguments)| ToolCall {
        id: format!("b{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        name: name.into(),
        arguments,
    });
    Reply { text: text.into(), calls: calls.collect(), ..Reply::default() }
}

/// The last turn.
pub(super) fn finish(summary: &str, root_cause: &str, gave_up: bool) -> Reply {
    reply("", vec![("finish", json!({"summary": summary, "root_cause": root_cause, "gave_up": gave_up}))])
}

/// A plan of steps that follow each other, `current` of them begun.
pub(super) fn plan(steps: &[(&str, f64)], current: usize) -> (&'static str, Value) {
    let steps: Vec<Value> = steps
        .iter()
        .enumerate()
        .map(|(at, (title, estimate))| {
            let status = match at.cmp(&current) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "in_progress",
                std::cmp::Ordering::Greater => "pending",
            };
            let after: Vec<String> = (at > 0).then(|| at.to_string()).into_iter().collect();
            json!({"id": (at + 1).to_string(), "title": title, "after": after, "status": status, "estimate_s": estimate})
        })
        .collect();
    ("update_plan", json!({"steps": steps}))
}

/// Edits as tools take them.
pub(super) fn edits(edits: &[Edit]) -> Value {
    edits.iter().map(|edit| json!({"path": edit.path, "start": edit.span.start, "end": edit.span.end, "text": edit.text})).collect()
}

/// A trial of candidates.
pub(super) fn try_patches(candidates: &[Candidate], ids: &[TestId], enough: usize) -> (&'static str, Value) {
    let candidates: Vec<Value> = candidates
        .iter()
        .map(|candidate| json!({"id": candidate.id, "title": candidate.title, "edits": edits(&candidate.edits)}))
        .collect();
    ("try_patches", json!({"candidates": candidates, "ids": ids, "enough": enough}))
}
