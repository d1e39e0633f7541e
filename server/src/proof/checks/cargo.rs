//! `cargo check --all-targets`, or `cargo clippy` where the project has settings for it.

use serde::Deserialize;

use crate::proof::runners::{add_diagnostic, cargo_failure, cut_short, denials, workspace_flag};
use crate::proof::rustc::Message;
use crate::proof::{Bench, CheckReport, Suite};
use crate::sandbox::{Exit, SandboxError};

use super::blank;

#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Message,
        target: Target,
    },
    BuildFinished {},
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    src_path: String,
}

pub(super) async fn run(bench: &Bench<'_>, suite: &Suite) -> Result<CheckReport, SandboxError> {
    let verb = if suite.tool("clippy").is_some() { "clippy" } else { "check" };
    let mut arguments: Vec<String> = [verb, "--all-targets", "--keep-going", "--message-format=json"].map(str::to_owned).into();
    arguments.extend(workspace_flag(bench.copy, suite));
    arguments.extend(suite.args.iter().cloned());
    let mut command = suite.toolchain.command(arguments);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    let mut report = blank(suite, &format!("cargo {verb}"), &command.argv);
    let outcome = bench.run(command).await?;
    report.seconds = outcome.elapsed.as_secs_f64();
    report.notes.extend(denials(&outcome));
    let mut finished = false;
    for line in outcome.stdout.text().lines().filter(|line| line.starts_with('{')) {
        match serde_json::from_str(line) {
            Ok(Line::CompilerMessage { message, target }) => {
                add_diagnostic(bench.copy, suite, &message, &target.src_path, &mut report.diagnostics)
            }
            Ok(Line::BuildFinished {}) => finished = true,
            Ok(Line::Other) | Err(_) => {}
        }
    }
    report.complete = finished && matches!(outcome.exit, Exit::Code(0 | 101));
    if !report.complete {
        let failure = cut_short(&outcome.exit, bench.limits, &report.checker);
        report.notes.push(failure.unwrap_or_else(|| cargo_failure(&outcome.stderr.text())));
    }
    Ok(report)
}
