//! One progress line per run: begins, reports at a bearable pace, and ends by itself when its owner is gone.

use std::time::Duration;

use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::ls_types::notification::Progress as ProgressNotification;
use tower_lsp::ls_types::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin, WorkDoneProgressEnd,
    WorkDoneProgressReport,
};

use crate::agent::{Event, Status};

/// Between two reports at the least.
const PACE: Duration = Duration::from_millis(100);
/// A client that does not answer `window/workDoneProgress/create` by then gets no progress.
const ANSWER: Duration = Duration::from_secs(10);

/// A run's progress. Dropping it ends the line in the editor.
#[derive(Debug)]
pub(super) struct Progress {
    sender: mpsc::UnboundedSender<Line>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Line {
    message: Option<String>,
    percentage: Option<u32>,
    last: bool,
}

impl Progress {
    /// Begins a line, where the client shows such lines.
    pub(super) fn begin(client: Client, supported: bool, run: &str, title: String) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let token = ProgressToken::String(format!("lamplighter/{run}"));
        if supported {
            tokio::spawn(pump(client, token, title, receiver));
        }
        Self { sender }
    }

    /// Shows an event.
    pub(super) fn event(&self, event: &Event) {
        let line = match event {
            Event::Status { status } if !status.is_ending() => {
                Line { message: Some(words(*status).into()), percentage: floor(*status), last: false }
            }
            Event::Doing { text } | Event::Said { text, .. } => Line { message: Some(text.clone()), ..Line::default() },
            // The last part of the way is the proof's and the delivery's.
            Event::Plan { plan } => Line { percentage: Some(10 + plan.percentage() * 70 / 100), ..Line::default() },
            Event::Ended { result } => {
                Line { message: Some(format!("{}: {}", result.status.word(), result.reason)), last: true, ..Line::default() }
            }
            _ => return,
        };
        // Nobody listens where the client shows no progress.
        let _ = self.sender.send(line);
    }
}

fn words(status: Status) -> &'static str {
    match status {
        Status::Planning => "planning",
        Status::AwaitingApproval => "waiting for your word",
        Status::Verifying => "proving the change",
        Status::Delivering => "delivering",
        Status::Queued => "queued",
        _ => "working",
    }
}

fn floor(status: Status) -> Option<u32> {
    match status {
        Status::Working => Some(10),
        Status::Verifying => Some(85),
        Status::Delivering => Some(95),
        _ => None,
    }
}

async fn pump(client: Client, token: ProgressToken, title: String, mut lines: mpsc::UnboundedReceiver<Line>) {
    match tokio::time::timeout(ANSWER, client.create_work_done_progress(token.clone())).await {
        Ok(Ok(())) => {}
        _ => return,
    }
    let send = |value| {
        let params = ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
        client.send_notification::<ProgressNotification>(params)
    };
    send(WorkDoneProgress::Begin(WorkDoneProgressBegin { title, cancellable: Some(true), message: None, percentage: Some(0) })).await;
    let (mut shown, mut percentage) = (Line::default(), 0);
    while let Some(mut line) = lines.recv().await {
        // Only the newest of what piled up is worth showing; percentages never go back.
        loop {
            percentage = line.percentage.map_or(percentage, |new| new.clamp(percentage, 100));
            shown.message = line.message.take().or(shown.message);
            shown.last |= line.last;
            match lines.try_recv() {
                Ok(next) => line = next,
                Err(_) => break,
            }
        }
        if shown.last {
            break;
        }
        send(WorkDoneProgress::Report(WorkDoneProgressReport {
            cancellable: Some(true),
            message: shown.message.clone(),
            percentage: Some(percentage),
        }))
        .await;
        tokio::time::sleep(PACE).await;
    }
    let message = if shown.last { shown.message } else { Some("stopped".into()) };
    send(WorkDoneProgress::End(WorkDoneProgressEnd { message })).await;
}
