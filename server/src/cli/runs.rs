//! `runs`: what was done, and the way back.

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::exit;
use super::terminal::{Paint, say};
use crate::agent::{RunResult, Status};
use crate::delivery::{DiskEditor, report_markdown, undo};
use crate::journal::Journal;
use crate::text::{Patch, unified};

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    sub: Option<Sub>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// The runs, newest first.
    List,
    /// One run: result, plan, evidence, change.
    Show {
        /// Its id; `last` for the newest.
        id: String,
    },
    /// Where its report is, as a Markdown file.
    Report {
        /// Its id; `last` for the newest.
        id: String,
    },
    /// Take a run's change back; what was typed since stays.
    Undo {
        /// Its id; `last` for the newest.
        id: String,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let journal = Journal::of_user();
    match arguments.sub.as_ref().unwrap_or(&Sub::List) {
        Sub::List => list(&journal, arguments.json),
        Sub::Show { id } => {
            let result: RunResult = journal.load(&named(&journal, id)?, "result.json")?;
            say(&if arguments.json { serde_json::to_string(&result)? } else { report_markdown(&result) });
            Ok(exit::OK)
        }
        Sub::Report { id } => {
            say(&journal.folder(&named(&journal, id)?)?.join("report.md").display().to_string());
            Ok(exit::OK)
        }
        Sub::Undo { id } => take_back(&journal, &named(&journal, id)?, arguments.json),
    }
}

fn named(journal: &Journal, id: &str) -> anyhow::Result<String> {
    if id != "last" {
        return Ok(id.to_owned());
    }
    journal.list().into_iter().next().context("there are no runs yet")
}

fn list(journal: &Journal, json: bool) -> anyhow::Result<u8> {
    let results: Vec<RunResult> = journal.list().iter().filter_map(|id| journal.load(id, "result.json").ok()).collect();
    if json {
        let rows: Vec<serde_json::Value> = results
            .iter()
            .map(
                |run| serde_json::json!({"run": run.run, "status": run.status, "goal": run.goal, "reason": run.reason, "files": run.files}),
            )
            .collect();
        say(&serde_json::to_string(&rows)?);
        return Ok(exit::OK);
    }
    let paint = Paint::stdout();
    for run in &results {
        let status = format!("{:<11}", run.status.word());
        let status = match run.status {
            Status::Verified | Status::NoChange => paint.green(&status),
            Status::Failed | Status::Stale => paint.red(&status),
            _ => paint.yellow(&status),
        };
        say(&format!("{}  {status}  {}  {}", run.run, run.goal, paint.dim(&format!("{:.1} s", run.usage.wall_s))));
    }
    if results.is_empty() {
        say("no runs yet");
    }
    Ok(exit::OK)
}

fn take_back(journal: &Journal, id: &str, json: bool) -> anyhow::Result<u8> {
    let patch: Patch = journal.load(id, "patch.json")?;
    let root = journal
        .events(id)?
        .iter()
        .find_map(|entry| entry.data.get("root")?.as_str().map(std::path::PathBuf::from))
        .context("the run's journal does not say which workspace it worked on")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    match runtime.block_on(undo(&patch, &DiskEditor::new(&root))) {
        Ok(back) => {
            let diff = unified(&back);
            say(&if json {
                serde_json::json!({"run": id, "undone": true, "patch": diff}).to_string()
            } else {
                Paint::stdout().diff(&diff)
            });
            Ok(exit::OK)
        }
        Err(error) if json => {
            say(&serde_json::json!({"run": id, "undone": false, "reason": error.to_string()}).to_string());
            Ok(exit::FAILED)
        }
        Err(error) => {
            super::terminal::complain(&format!("error: {error}"));
            Ok(exit::FAILED)
        }
    }
}
