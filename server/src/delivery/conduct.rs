//! A run from task to delivered edit: the agent's work, the last comparison, the merge, the second proof, the journal.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::{Applied, Editor, Fit, apply, fit, report_markdown};
use crate::agent::{self, AskMode, Company, Event, Human, Outcome, Question, RunResult, Status, Task, Watch, Workshop};
use crate::journal::Record;
use crate::proof::VerdictStatus;
use crate::session::Snapshot;
use crate::text::{Patch, unified};

/// Whoever hosts a run: an editor session or the command line.
pub trait Host: Send + Sync {
    /// Where the patch goes, or `None` to only keep it.
    fn editor(&self) -> Option<&dyn Editor>;
    /// The workspace as it is now.
    fn snapshot(&self) -> Snapshot;
}

/// A run that is over.
#[derive(Debug, Clone)]
pub struct Conducted {
    /// The result, as journalled.
    pub result: RunResult,
    /// What was delivered, or would be.
    pub patch: Patch,
}

/// Runs `task` to its very end and journals every step of it.
pub async fn conduct(record: Record, task: Task, snapshot: Snapshot, workshop: &Workshop, host: &dyn Host, company: Company) -> Conducted {
    let Company { human, watch, cancel } = company;
    let id = record.id().to_owned();
    let keeper = Arc::new(Keeper { record: Mutex::new(record), watch });
    let mut outcome =
        agent::run(&id, task, &snapshot, workshop, Company { human: human.clone(), watch: keeper.clone(), cancel: cancel.clone() }).await;
    let deliverable =
        matches!(outcome.result.status, Status::Verified | Status::Unverified | Status::OverBudget) && !outcome.patch.is_empty();
    if let (true, Some(editor)) = (deliverable, host.editor()) {
        keeper.store(&outcome.result, &outcome.patch);
        deliver(&mut outcome, editor, host, workshop, human.as_ref(), &keeper, &cancel).await;
    }
    keeper.store(&outcome.result, &outcome.patch);
    keeper.event(&Event::Ended { result: Box::new(outcome.result.clone()) });
    Conducted { result: outcome.result, patch: outcome.patch }
}

async fn deliver(
    outcome: &mut Outcome,
    editor: &dyn Editor,
    host: &dyn Host,
    workshop: &Workshop,
    human: &dyn Human,
    keeper: &Keeper,
    cancel: &CancellationToken,
) {
    if let Some(question) = question(outcome, workshop.ask) {
        keeper.event(&Event::Status { status: Status::AwaitingApproval });
        if !human.ask(question, cancel).await.is_yes() {
            outcome.result.status = if cancel.is_cancelled() { Status::Cancelled } else { Status::Unverified };
            outcome.result.reason =
                format!("not applied, because nobody agreed to it; the patch is kept with the run ({})", outcome.result.reason);
            return;
        }
    }
    keeper.event(&Event::Status { status: Status::Delivering });
    // The user may go on typing while a merge is proven: compare again after each proof.
    for _ in 0..3 {
        if cancel.is_cancelled() {
            return end(outcome, Status::Cancelled, "cancelled by the user before anything was applied".into());
        }
        let merged = match fit(&outcome.patch, editor) {
            Fit::Exact => return finish(outcome, editor).await,
            Fit::Stale(paths) => {
                let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
                return end(
                    outcome,
                    Status::Stale,
                    format!("{} changed meanwhile in the same place; nothing was touched — start the run again", names.join(", ")),
                );
            }
            Fit::Merged(merged) => merged,
        };
        keeper.event(&Event::Status { status: Status::Verifying });
        keeper.event(&Event::Doing { text: "merging with what changed meanwhile, and proving it again".into() });
        let verdict = outcome.prove_again(&host.snapshot(), &merged, workshop.cache.clone()).await;
        match verdict {
            Some(verdict) if verdict.status == VerdictStatus::Verified => {
                outcome.result.evidence = verdict.evidence;
                outcome.result.patch = unified(&merged);
                outcome.result.undo = unified(&merged.inverse());
                outcome.patch = merged;
            }
            Some(verdict) => {
                return end(
                    outcome,
                    Status::Stale,
                    format!(
                        "merged with what changed meanwhile it is no longer proven ({}); nothing was touched",
                        verdict.reasons.join("; ")
                    ),
                );
            }
            None => {
                return end(
                    outcome,
                    Status::Stale,
                    "the texts changed meanwhile and nothing could be run to prove the merge; nothing was touched".into(),
                );
            }
        }
    }
    end(outcome, Status::Stale, "the texts kept changing; nothing was touched — start the run again".into());
}

/// What must be asked before this outcome is applied, if anything.
fn question(outcome: &Outcome, ask: AskMode) -> Option<Question> {
    let files: Vec<&str> = outcome.result.files.iter().map(|file| file.path.as_str()).collect();
    let choices = vec!["Apply".to_owned(), "Discard".to_owned()];
    let deletes: Vec<&str> = outcome.result.files.iter().filter(|file| file.change == "delete").map(|file| file.path.as_str()).collect();
    let text = if !outcome.needs_confirmation.is_empty() {
        format!("This change touches files that other programs execute: {}. Apply it?", outcome.needs_confirmation.join(", "))
    } else if !deletes.is_empty() {
        format!("This change deletes {}. Apply it?", deletes.join(", "))
    } else if outcome.result.status == Status::Unverified {
        format!("No check could prove this change to {} ({}). Apply it as a draft?", files.join(", "), outcome.result.reason)
    } else if ask == AskMode::Always {
        format!("Apply the proven change to {}?", files.join(", "))
    } else {
        return None;
    };
    Some(Question { text, choices })
}

async fn finish(outcome: &mut Outcome, editor: &dyn Editor) {
    match apply(&outcome.patch, editor).await {
        Applied::Whole => {}
        Applied::Nothing(why) => end(outcome, Status::Stale, format!("{why}; nothing was touched")),
        Applied::Partly(why) => end(outcome, Status::Failed, why),
    }
}

fn end(outcome: &mut Outcome, status: Status, reason: String) {
    outcome.result.status = status;
    outcome.result.reason = reason;
}

/// Journals every event before anybody sees it.
struct Keeper {
    record: Mutex<Record>,
    watch: Arc<dyn Watch>,
}

impl Keeper {
    fn store(&self, result: &RunResult, patch: &Patch) {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = record
            .store("result.json", result)
            .and_then(|()| record.store("patch.json", patch))
            .and_then(|()| record.store_text("patch.diff", &result.patch))
            .and_then(|()| record.store_text("report.md", &report_markdown(result)));
        if let Err(error) = stored {
            tracing::error!("the run's result was not kept: {error}");
        }
    }
}

impl Watch for Keeper {
    fn event(&self, event: &Event) {
        // Passing words are shown but not kept.
        if !matches!(event, Event::Doing { .. }) {
            let kept = self.record.lock().unwrap_or_else(PoisonError::into_inner).append(event);
            if let Err(error) = kept {
                tracing::error!("a step of the run was not kept: {error}");
            }
        }
        self.watch.event(event);
    }
}
