//! The runs of this session: what goes on, what waits for a word, what can be taken back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::actions::RunBrief;
use crate::agent::{Event, Status};

/// Runs by id; ids sort by time.
#[derive(Debug, Default)]
pub(super) struct Runs {
    all: Mutex<BTreeMap<String, Run>>,
    /// Held while a prompt is open.
    pub(super) prompt: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Run {
    goal: String,
    status: Status,
    reason: String,
    doing: String,
    cancel: CancellationToken,
    question: Option<(String, oneshot::Sender<bool>)>,
    undoable: bool,
}

impl Runs {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a run on.
    pub(super) fn add(&self, id: &str, goal: &str) -> CancellationToken {
        let cancel = CancellationToken::new();
        let run = Run {
            goal: goal.into(),
            status: Status::Queued,
            reason: String::new(),
            doing: String::new(),
            cancel: cancel.clone(),
            question: None,
            undoable: false,
        };
        self.all().insert(id.to_owned(), run);
        cancel
    }

    /// Keeps up with a run.
    pub(super) fn event(&self, id: &str, event: &Event) {
        let mut all = self.all();
        let Some(run) = all.get_mut(id) else { return };
        match event {
            Event::Status { status } => run.status = *status,
            Event::Doing { text } => run.doing.clone_from(text),
            Event::Ended { result } => {
                run.status = result.status;
                run.reason.clone_from(&result.reason);
                run.undoable = result.status == Status::Verified && !result.files.is_empty();
            }
            _ => {}
        }
    }

    /// A run whose task died. Says whether it was still going.
    pub(super) fn died(&self, id: &str, why: &str) -> bool {
        let mut all = self.all();
        let Some(run) = all.get_mut(id).filter(|run| !run.status.is_ending()) else { return false };
        run.status = Status::Failed;
        run.reason = why.to_owned();
        true
    }

    /// What the menu needs to know, newest first.
    pub(super) fn brief(&self) -> Vec<RunBrief> {
        let brief = |(id, run): (&String, &Run)| RunBrief {
            id: id.clone(),
            goal: run.goal.clone(),
            over: run.status.is_ending(),
            undoable: run.undoable,
            question: run.question.as_ref().map(|(text, _)| text.clone()),
        };
        self.all().iter().rev().map(brief).collect()
    }

    /// The list as the client gets it.
    pub(super) fn json(&self) -> Vec<Value> {
        let row = |(id, run): (&String, &Run)| {
            json!({"run": id, "goal": run.goal, "status": run.status, "reason": run.reason, "doing": run.doing,
                "question": run.question.as_ref().map(|(text, _)| text), "undoable": run.undoable})
        };
        self.all().iter().rev().map(row).collect()
    }

    /// Stops a run, or every one where none is named. Says how many.
    pub(super) fn cancel(&self, id: Option<&str>) -> usize {
        let all = self.all();
        let hit = all.iter().filter(|(name, run)| !run.status.is_ending() && id.is_none_or(|id| id == name.as_str()));
        hit.map(|(_, run)| run.cancel.cancel()).count()
    }

    /// Puts a question that [`Self::answer`] can answer.
    pub(super) fn question(&self, id: &str, text: &str) -> oneshot::Receiver<bool> {
        let (sender, receiver) = oneshot::channel();
        if let Some(run) = self.all().get_mut(id) {
            run.question = Some((text.to_owned(), sender));
        }
        receiver
    }

    /// The question is answered or gone.
    pub(super) fn answered(&self, id: &str) {
        if let Some(run) = self.all().get_mut(id) {
            run.question = None;
        }
    }

    /// Answers the question of a run, or the only one there is. Says whether there was one.
    pub(super) fn answer(&self, id: Option<&str>, yes: bool) -> bool {
        let mut all = self.all();
        let waiting = all.iter_mut().find(|(name, run)| run.question.is_some() && id.is_none_or(|id| id == name.as_str()));
        let Some((_, sender)) = waiting.and_then(|(_, run)| run.question.take()) else { return false };
        sender.send(yes).is_ok()
    }

    /// The newest run, or the newest that can be taken back.
    pub(super) fn newest(&self, undoable: bool) -> Option<String> {
        self.all().iter().rev().find(|(_, run)| run.undoable || !undoable).map(|(id, _)| id.clone())
    }

    /// A run was taken back.
    pub(super) fn undone(&self, id: &str) {
        if let Some(run) = self.all().get_mut(id) {
            run.undoable = false;
        }
    }

    /// Stops everything and waits, a little, until it is quiet.
    pub(super) async fn stop_all(&self) {
        self.cancel(None);
        for _ in 0..40 {
            if self.all().values().all(|run| run.status.is_ending()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}
