//! `Cancel run`, `Show run`, `Undo last run` where a run exists; `Approve` and `Reject` where one waits for a word.

use super::{Kind, Look, Offer, RunBrief, command, title};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let entry = |verb: &str, command, run: &RunBrief| Offer {
        run: Some(run.id.clone()),
        ..Offer::new(format!("{verb}: {}", title(&run.goal)), Kind::Source, command, look.span.clone())
    };
    let mut offers = Vec::new();
    for run in look.runs.iter().filter(|run| !run.over) {
        if let Some(question) = &run.question {
            let about = RunBrief { goal: question.clone(), ..run.clone() };
            offers.push(entry("Approve", command::APPROVE, &about));
            offers.push(entry("Reject", command::REJECT, &about));
        }
        offers.push(entry("Cancel run", command::CANCEL, run));
    }
    if let Some(newest) = look.runs.first() {
        offers.push(entry("Show run", command::SHOW_RUN, newest));
    }
    if let Some(last) = look.runs.iter().find(|run| run.undoable) {
        offers.push(entry("Undo last run", command::UNDO, last));
    }
    offers
}
