//! `fix`, `tests`, `do` and `plan`: a run without an editor.

use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::common::{Pointer, RunFlags, Setting};
use super::terminal::{AtTerminal, Live, Paint, say};
use super::{exit, git};
use crate::agent::{Company, Human, RunResult, Status, Task, TaskKind};
use crate::delivery::{Conducted, DiskEditor, Editor, Host, conduct};
use crate::session::Snapshot;

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(super) struct Fix {
    /// What to fix: `PATH`, `PATH:LINE` or `PATH:LINE:COL`; the whole workspace where it is left out.
    #[arg(value_name = "PATH[:LINE[:COL]]")]
    place: Option<String>,
    #[command(flatten)]
    flags: RunFlags,
}

/// Arguments of `tests`.
#[derive(Debug, Args)]
pub(super) struct Tests {
    /// What to test: a file, or the symbol on a line of it.
    #[arg(value_name = "PATH[:LINE]")]
    place: String,
    #[command(flatten)]
    flags: RunFlags,
}

/// Arguments of `do` and `plan`.
#[derive(Debug, Args)]
pub(super) struct Do {
    /// The goal, in words.
    goal: String,
    /// Files it is about.
    paths: Vec<String>,
    #[command(flatten)]
    flags: RunFlags,
}

pub(super) fn fix(arguments: &Fix) -> anyhow::Result<u8> {
    start(&arguments.flags, |root| {
        let Some(place) = &arguments.place else { return Ok(Task::new(TaskKind::Fix, "Plan & fix what fails")) };
        let place = Pointer::parse(place).resolve(root)?;
        let name = place.symbol.clone().unwrap_or_else(|| place.path.to_string());
        Ok(Task::new(TaskKind::Fix, format!("Plan & fix {name}")).at(place))
    })
}

pub(super) fn tests(arguments: &Tests) -> anyhow::Result<u8> {
    start(&arguments.flags, |root| {
        let place = Pointer::parse(&arguments.place).resolve(root)?;
        let name = place.symbol.clone().unwrap_or_else(|| place.path.to_string());
        Ok(Task::new(TaskKind::Tests, format!("Add tests for {name}")).at(place))
    })
}

pub(super) fn goal(arguments: &Do) -> anyhow::Result<u8> {
    start(&arguments.flags, |root| in_words(TaskKind::Do, arguments, root))
}

pub(super) fn plan(arguments: &Do) -> anyhow::Result<u8> {
    start(&arguments.flags, |root| in_words(TaskKind::Plan, arguments, root))
}

fn in_words(kind: TaskKind, arguments: &Do, root: &std::path::Path) -> anyhow::Result<Task> {
    let task = Task::new(kind, arguments.goal.trim());
    anyhow::ensure!(!task.goal.is_empty(), "the goal is empty; say in words what is wanted");
    match arguments.paths.first() {
        Some(path) => Ok(task.at(Pointer::parse(path).resolve(root)?)),
        None => Ok(task),
    }
}

fn start(flags: &RunFlags, task: impl FnOnce(&std::path::Path) -> anyhow::Result<Task>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Runtime::new().context("no threads could be started")?;
    let code = runtime.block_on(async {
        let setting = flags.setting().await?;
        let task = task(&setting.root)?;
        let conducted = execute(&setting, task, flags).await?;
        if flags.json {
            say(&serde_json::to_string(&conducted.result)?);
        } else {
            show(&conducted.result, flags);
        }
        Ok(exit::code(conducted.result.status))
    });
    // Nothing of a run outlives it, but a thread that waits for the keyboard may.
    runtime.shutdown_background();
    code
}

/// Runs a task to its end, with everything a person may do meanwhile.
pub(super) async fn execute(setting: &Setting, task: Task, flags: &RunFlags) -> anyhow::Result<Conducted> {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let snapshot = Snapshot::of_disk(&setting.root);
    let record = setting.journal.begin()?;
    let host = OnDisk { editor: flags.apply.then(|| DiskEditor::new(&setting.root)), snapshot: snapshot.clone() };
    let watch = Arc::new(Live::new(flags.events, flags.quiet || flags.json && !flags.events));
    let human: Arc<dyn Human> = Arc::new(AtTerminal);
    let mut conducted =
        conduct(record, task, snapshot.clone(), &setting.workshop, &host, Company { human, watch, cancel: cancel.clone() }).await;
    if let (Some(branch), Status::Verified) = (&flags.branch, conducted.result.status) {
        let commit = git::commit(setting, &snapshot, &conducted, branch, &cancel).await?;
        conducted.result.reason = format!("{}; committed as {commit} on {branch}", conducted.result.reason);
    }
    Ok(conducted)
}

struct OnDisk {
    editor: Option<DiskEditor>,
    snapshot: Snapshot,
}

impl Host for OnDisk {
    fn editor(&self) -> Option<&dyn Editor> {
        self.editor.as_ref().map(|editor| editor as &dyn Editor)
    }

    fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }
}

/// The result for a reader: the change on standard output, where it can be piped; words around it on standard error.
pub(super) fn show(result: &RunResult, flags: &RunFlags) {
    let paint = Paint::stderr();
    let mut words = String::new();
    let status = match result.status {
        Status::Verified | Status::NoChange => paint.green(result.status.word()),
        Status::Cancelled | Status::OverBudget | Status::Unverified => paint.yellow(result.status.word()),
        _ => paint.red(result.status.word()),
    };
    words.push_str(&format!("\n{}  {}\n", paint.bold(&status), result.reason));
    for part in [&result.summary, &result.root_cause] {
        if !part.is_empty() && *part != result.reason {
            words.push_str(&format!("  {part}\n"));
        }
    }
    for assumption in &result.assumptions {
        words.push_str(&format!("  {} {assumption}\n", paint.yellow("assumed:")));
    }
    for item in &result.evidence {
        words.push_str(&format!("  {} {}  {} → {}\n", paint.dim(&item.kind), item.command.join(" "), item.before, item.after));
        item.red_to_green.iter().for_each(|test| words.push_str(&format!("    {} {test}\n", paint.green("red → green"))));
        item.broken.iter().for_each(|test| words.push_str(&format!("    {} {test}\n", paint.red("broken"))));
    }
    let usage = &result.usage;
    words.push_str(&paint.dim(&format!(
        "  run {} · {} turns, {} tool calls, {} candidates · {:.1} s · sandbox tier {}",
        result.run, usage.turns, usage.tool_calls, usage.candidates, usage.wall_s, result.sandbox.tier
    )));
    super::terminal::complain(&words);
    if !result.patch.is_empty() {
        say(Paint::stdout().diff(&result.patch).trim_end());
        let next = match (result.status, flags.apply, &flags.branch) {
            (Status::Verified, true, _) => format!("applied; take it back with: lamplighter runs undo {}", result.run),
            (Status::Verified, false, None) => "not applied; run again with --apply, or pipe this into `git apply`".to_owned(),
            _ => String::new(),
        };
        super::terminal::complain(&paint.dim(&next));
    }
}
