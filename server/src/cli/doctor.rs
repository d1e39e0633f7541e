//! `doctor`: what works on this machine — found out by trying, not by guessing.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::common::RunFlags;
use super::exit;
use super::terminal::{Paint, say};
use crate::model::Choice;
use crate::proof::{self, Host, Overrides};
use crate::sandbox::{Copy, Tier, Walls};
use crate::session::{self, Settings, Snapshot};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The workspace to look at (default: the nearest project root of the current folder).
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// The configuration file to read.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One line of the report.
struct Finding {
    topic: &'static str,
    good: bool,
    text: String,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Runtime::new()?;
    let flags = RunFlags { workspace: arguments.workspace.clone(), config: arguments.config.clone(), ..RunFlags::default() };
    let root = flags.root()?;
    let mut findings = Vec::new();
    let walls = runtime.block_on(Walls::probe());
    let tier = crate::sandbox::Sandbox::tier(&walls);
    findings.push(Finding { topic: "sandbox", good: tier != Tier::C, text: walls.describe() });
    match Settings::load(arguments.config.as_deref(), &session::process_environment) {
        Ok(settings) => {
            findings.push(Finding { topic: "configuration", good: true, text: source(&settings) });
            match Choice::from_settings(&settings) {
                Ok(choice) => findings.push(Finding { topic: "model", good: true, text: model(&choice) }),
                Err(error) => findings.push(Finding { topic: "model", good: false, text: error.to_string() }),
            }
        }
        Err(error) => findings.push(Finding { topic: "configuration", good: false, text: error.to_string() }),
    }
    findings.extend(suites(&root)?);
    findings.push(Finding {
        topic: "state",
        good: true,
        text: format!("runs in {}, private copies in {}", session::state_folder().display(), session::cache_folder().display()),
    });
    if arguments.json {
        let rows: Vec<_> =
            findings.iter().map(|finding| json!({"topic": finding.topic, "ok": finding.good, "text": finding.text})).collect();
        say(&json!({"workspace": root, "tier": format!("{tier:?}"), "findings": rows}).to_string());
    } else {
        let paint = Paint::stdout();
        say(&format!("{} {}  in {}\n", paint.bold("lamplighter"), env!("CARGO_PKG_VERSION"), root.display()));
        for finding in &findings {
            let mark = if finding.good { paint.green("ok") } else { paint.red("no") };
            let mut lines = finding.text.lines();
            say(&format!("  {mark}  {}  {}", paint.bold(&format!("{:<14}", finding.topic)), lines.next().unwrap_or_default()));
            lines.for_each(|line| say(&format!("{:22}{line}", "")));
        }
    }
    Ok(if findings.iter().all(|finding| finding.good) { exit::OK } else { exit::FAILED })
}

fn model(choice: &Choice) -> String {
    match choice {
        Choice::Builtin => "builtin: repairs what failing tests and checkers show, and generates tests; no key, no network".into(),
        Choice::OpenAiChat(endpoint) => {
            let key = if endpoint.key.is_some() { "with a key" } else { "without a key" };
            format!("openai-chat: {} at {}, {key} (not asked now)", endpoint.model, endpoint.base_url)
        }
        Choice::Given(model) => model.name().to_string(),
    }
}

fn source(settings: &Settings) -> String {
    match &settings.source {
        Some(path) => path.display().to_string(),
        None => "no file; the defaults and the environment count".into(),
    }
}

/// The suites of the workspace, from a private copy that is thrown away.
fn suites(root: &std::path::Path) -> anyhow::Result<Vec<Finding>> {
    let scratch = tempfile::tempdir()?;
    let copy = match Copy::open(scratch.path(), &Snapshot::of_disk(root)) {
        Ok(copy) => copy,
        Err(error) => return Ok(vec![Finding { topic: "workspace", good: false, text: error.to_string() }]),
    };
    let found = proof::suites(&copy, &Host::current(), &Overrides::default());
    let mut findings: Vec<Finding> = found
        .suites
        .iter()
        .map(|suite| {
            let folder = if suite.folder.is_empty() { "." } else { &suite.folder };
            Finding { topic: "tests", good: true, text: format!("{:?} in {folder}, with {}", suite.kind, suite.toolchain.program) }
        })
        .collect();
    findings.extend(found.missing.iter().map(|missing| Finding { topic: "tests", good: false, text: missing.to_string() }));
    findings.extend(found.notes.iter().map(|note| Finding { topic: "note", good: true, text: note.clone() }));
    if findings.is_empty() {
        findings.push(Finding { topic: "tests", good: true, text: "no cargo, pytest or unittest suite in this folder".into() });
    }
    Ok(findings)
}
