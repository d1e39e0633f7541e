//! `workspace/executeCommand`: every command answers at once; what takes time goes on in the background.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use super::convert;
use super::editor::InEditor;
use super::human::AtEditor;
use super::progress::Progress;
use super::runs::Runs;
use super::server::{Server, Shared};
use crate::actions::{self, Ask, command};
use crate::agent::{Company, Event, RunResult, Status, Task, Watch};
use crate::delivery::{Editor, Host, conduct, undo};
use crate::journal::{Journal, JournalError, Record};
use crate::session::{Snapshot, for_menu, resolve};
use crate::text::{Patch, RelPath};

/// The one argument of every command; every field may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Argument {
    text_document: Option<lsp::TextDocumentIdentifier>,
    range: Option<lsp::Range>,
    goal: Option<String>,
    diagnostics: Vec<String>,
    run: Option<String>,
}

pub(super) fn execute(server: &Arc<Server>, name: &str, argument: &Value) -> Result<Option<Value>> {
    let argument: Argument = match argument {
        Value::Null => Argument::default(),
        value => serde_json::from_value(value.clone()).map_err(|error| wrong(format!("the argument of `{name}` does not fit: {error}")))?,
    };
    let run = argument.run.as_deref();
    match name {
        command::FIX | command::ADD_TESTS | command::DO | command::PLAN => start(server, name, &argument).map(Some),
        command::CANCEL => Ok(Some(json!({"cancelled": server.runs.cancel(run)}))),
        command::APPROVE => Ok(Some(json!({"answered": server.runs.answer(run, true)}))),
        command::REJECT => Ok(Some(json!({"answered": server.runs.answer(run, false)}))),
        command::RUNS => Ok(Some(server.runs.json().into())),
        command::STATUS => {
            let rows = server.runs.json();
            let live = rows.iter().filter(|row| row["status"].as_str().is_some_and(|status| LIVE.contains(&status))).count();
            Ok(Some(json!({"version": env!("CARGO_PKG_VERSION"), "running": live, "runs": rows})))
        }
        command::SHOW_RUN | command::SHOW_REPORT => {
            let id = run.map(str::to_owned).or_else(|| server.runs.newest(false)).ok_or_else(|| wrong("there is no run yet".into()))?;
            tokio::spawn(show(server.clone(), id.clone()));
            Ok(Some(json!({"run": id})))
        }
        command::UNDO => {
            let id =
                run.map(str::to_owned).or_else(|| server.runs.newest(true)).ok_or_else(|| wrong("there is no run to take back".into()))?;
            tokio::spawn(take_back(server.clone(), id.clone()));
            Ok(Some(json!({"run": id})))
        }
        other => Err(wrong(format!("there is no command `{other}`; there are: {}", actions::COMMANDS.join(", ")))),
    }
}

const LIVE: [&str; 6] = ["queued", "planning", "awaiting_approval", "working", "verifying", "delivering"];

fn wrong(message: String) -> Error {
    let mut error = Error::invalid_params(message.clone());
    error.message = message.into();
    error
}

/// Makes the task and starts its run.
fn start(server: &Arc<Server>, name: &str, argument: &Argument) -> Result<Value> {
    let (task, snapshot) = task(server, name, argument)?;
    let record = Journal::of_user().begin().map_err(|error| wrong(error.to_string()))?;
    let id = record.id().to_owned();
    let cancel = server.runs.add(&id, &task.goal);
    let progress = Progress::begin(server.client.clone(), server.shared.abilities().progress, &id, task.goal.clone());
    let watch = Arc::new(Watching { run: id.clone(), runs: server.runs.clone(), progress });
    let server = server.clone();
    let run = id.clone();
    tokio::spawn(async move {
        let work = drive(server.clone(), record, task, snapshot, watch.clone(), cancel);
        let ended = std::panic::AssertUnwindSafe(work).catch_unwind().await;
        if let Err(why) = ended.unwrap_or_else(|_| Err("the run stopped by a defect of Lamplighter; the log has more".to_owned()))
            && server.runs.died(&run, &why)
        {
            server.client.show_message(lsp::MessageType::ERROR, format!("Lamplighter: {why}")).await;
        }
    });
    Ok(json!({"run": id}))
}

fn task(server: &Arc<Server>, name: &str, argument: &Argument) -> Result<(Task, Snapshot)> {
    let path = argument.text_document.as_ref().and_then(|document| convert::path(&document.uri));
    let encoding = server.shared.encoding();
    let session = server.shared.session();
    let Some(path) = path else {
        let Some(root) = session.folders().first().map(|folder| folder.real().to_owned()) else {
            return Err(wrong("no folder is open; open one, or pass `textDocument`".into()));
        };
        let ask = Ask {
            command: name,
            path: None,
            syntax: None,
            span: None,
            goal: argument.goal.as_deref(),
            diagnostics: argument.diagnostics.clone(),
        };
        let snapshot = session.snapshot(&root).map_err(|error| wrong(error.to_string()))?;
        return Ok((actions::task(&ask).map_err(wrong)?, snapshot));
    };
    let snapshot = session.snapshot(&path).map_err(|error| wrong(error.to_string()))?;
    let real = resolve(&path);
    let relative =
        RelPath::below(&snapshot.root, &real).ok_or_else(|| wrong(format!("{} is not in a workspace folder", real.display())))?;
    let span: Option<Range<usize>> = session.document(&path).and_then(|open| convert::span(open.document(), argument.range?, encoding));
    let syntax = session.syntax(&path).map(for_menu);
    drop(session);
    let ask = Ask {
        command: name,
        path: Some(&relative),
        syntax: syntax.as_ref(),
        span,
        goal: argument.goal.as_deref(),
        diagnostics: argument.diagnostics.clone(),
    };
    Ok((actions::task(&ask).map_err(wrong)?, snapshot))
}

/// The run itself.
async fn drive(
    server: Arc<Server>,
    record: Record,
    task: Task,
    snapshot: Snapshot,
    watch: Arc<Watching>,
    cancel: tokio_util::sync::CancellationToken,
) -> std::result::Result<(), String> {
    let workshop = server.workshop().await.map_err(|error| format!("{error:#}"))?;
    let root = snapshot.root.clone();
    let editor = InEditor { client: server.client.clone(), shared: server.shared.clone(), root: root.clone() };
    let host = EditorHost { editor, shared: server.shared.clone(), root };
    let human = Arc::new(AtEditor { client: server.client.clone(), runs: server.runs.clone(), run: watch.run.clone() });
    let conducted = conduct(record, task, snapshot, &workshop, &host, Company { human, watch, cancel }).await;
    announce(&server, &conducted.result).await;
    Ok(())
}

async fn announce(server: &Server, result: &RunResult) {
    let (kind, text) = match result.status {
        Status::Verified => (
            lsp::MessageType::INFO,
            format!("{} — {}", result.goal, if result.summary.is_empty() { &result.reason } else { &result.summary }),
        ),
        Status::NoChange | Status::Cancelled => (lsp::MessageType::INFO, format!("{} — {}", result.goal, result.reason)),
        Status::Failed => (lsp::MessageType::ERROR, format!("{} — {}", result.goal, result.reason)),
        _ => (lsp::MessageType::WARNING, format!("{} — {}: {}", result.goal, result.status.word(), result.reason)),
    };
    server.client.show_message(kind, format!("Lamplighter: {text}")).await;
}

struct EditorHost {
    editor: InEditor,
    shared: Arc<Shared>,
    root: PathBuf,
}

impl Host for EditorHost {
    fn editor(&self) -> Option<&dyn Editor> {
        Some(&self.editor)
    }

    fn snapshot(&self) -> Snapshot {
        // A document that fell out of sync while the run went on is compared, and refused, by its text anyway.
        self.shared.session().snapshot(&self.root).unwrap_or_else(|_| Snapshot::of_disk(&self.root))
    }
}

struct Watching {
    run: String,
    runs: Arc<Runs>,
    progress: Progress,
}

impl Watch for Watching {
    fn event(&self, event: &Event) {
        self.runs.event(&self.run, event);
        self.progress.event(event);
    }
}

/// Opens a run's report, or says in a line how it goes.
async fn show(server: Arc<Server>, id: String) {
    let report = Journal::of_user().folder(&id).ok().map(|folder| folder.join("report.md")).filter(|path| path.is_file());
    if let Some(uri) = report.as_deref().and_then(lsp::Uri::from_file_path)
        && server.shared.abilities().show_document
    {
        let params = lsp::ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: None };
        if server.client.show_document(params).await.unwrap_or(false) {
            return;
        }
    }
    let row = server.runs.json().into_iter().find(|row| row["run"] == id.as_str());
    let text = match (row, report) {
        (_, Some(path)) => format!("the report is {}", path.display()),
        (Some(row), None) => format!(
            "{} — {}: {}",
            row["goal"].as_str().unwrap_or_default(),
            row["status"].as_str().unwrap_or_default(),
            row["doing"].as_str().unwrap_or_default()
        ),
        (None, None) => format!("there is no run {id}"),
    };
    server.client.show_message(lsp::MessageType::INFO, format!("Lamplighter: {text}")).await;
}

/// What a run delivered, and to which workspace.
fn delivered(journal: &Journal, id: &str) -> std::result::Result<(Patch, Option<PathBuf>), JournalError> {
    let patch = journal.load(id, "patch.json")?;
    let root = journal.events(id)?.iter().find_map(|entry| entry.data.get("root")?.as_str().map(PathBuf::from));
    Ok((patch, root))
}

/// Takes a run's change back in the editor.
async fn take_back(server: Arc<Server>, id: String) {
    let loaded = delivered(&Journal::of_user(), &id);
    let message = match loaded {
        Ok((patch, Some(root))) => {
            let editor = InEditor { client: server.client.clone(), shared: server.shared.clone(), root };
            match undo(&patch, &editor).await {
                Ok(_) => {
                    server.runs.undone(&id);
                    return server.client.show_message(lsp::MessageType::INFO, "Lamplighter: the run was taken back").await;
                }
                Err(error) => error.to_string(),
            }
        }
        Ok((_, None)) => format!("the journal of {id} does not say which workspace it worked on"),
        Err(error) => error.to_string(),
    };
    server.client.show_message(lsp::MessageType::ERROR, format!("Lamplighter: {message}")).await;
}
