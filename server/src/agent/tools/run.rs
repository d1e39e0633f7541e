//! `run`: any command, inside the walls.

use std::fmt::Write as _;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::sandbox::Command;

/// Arguments of `run`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Program and arguments; no shell is involved unless you name one.
    argv: Vec<String>,
    /// Folder to start in, relative to the workspace root; the root where it is left out.
    #[serde(default)]
    cwd: String,
}

/// Runs a command.
pub struct Run;

#[async_trait]
impl Tool for Run {
    type Arguments = Arguments;
    const NAME: &'static str = "run";
    const ABOUT: &'static str =
        "Run a command in the sandbox: private copy, no network, limits on time and memory. For tests and checks use `test` and `check`.";
    const CHANGES: bool = true;

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        if arguments.argv.is_empty() {
            return Err(ToolError::Tell("argv is empty; give the program and its arguments".into()));
        }
        scene.doing(format!("running {}", arguments.argv.join(" ")));
        let mut command = Command::new(arguments.argv);
        if !arguments.cwd.is_empty() && arguments.cwd != "." {
            command.cwd = scene.path(&arguments.cwd)?.to_string();
        }
        command.limits = scene.limits.clone();
        for suite in &scene.suites {
            command.binds.extend(suite.toolchain.binds.iter().filter(|bind| !bind.writable).cloned());
            command.env.extend(suite.toolchain.env.clone());
        }
        command.binds.dedup();
        let outcome = scene.bench().run(command).await?;
        let mut text = format!("exit: {:?} after {:.1} s\n", outcome.exit, outcome.elapsed.as_secs_f64());
        for (name, output) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            if !output.bytes.is_empty() {
                let _ = writeln!(text, "--- {name}\n{}", output.text());
            }
        }
        for denial in &outcome.denials {
            let _ = writeln!(text, "sandbox denied: {} ({})", denial.what, denial.detail);
        }
        Ok(text.into())
    }
}
