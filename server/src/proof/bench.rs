//! The bench: everything a runner needs to run something — the copy, the walls, the way out — passed as one value.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::sandbox::{Bind, Command, Copy, Limits, Outcome, Sandbox, SandboxError};

/// Where runners work.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The walls.
    pub sandbox: &'a dyn Sandbox,
    /// The private copy.
    pub copy: &'a Copy,
    /// Limits of one command.
    pub limits: &'a Limits,
    /// Ends everything quietly.
    pub cancel: &'a CancellationToken,
}

impl Bench<'_> {
    /// Runs `command` within this bench's limits and its own, whichever is tighter.
    pub async fn run(&self, mut command: Command) -> Result<Outcome, SandboxError> {
        let (own, bench) = (&mut command.limits, self.limits);
        own.wall = own.wall.min(bench.wall);
        own.memory_mb = own.memory_mb.min(bench.memory_mb);
        own.processes = own.processes.min(bench.processes);
        own.output = own.output.min(bench.output);
        self.sandbox.run(self.copy, command, self.cancel).await
    }
}

/// How to start a language's tools inside the walls, found without running anything outside them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toolchain {
    /// The main program (`cargo`, `python`), absolute.
    pub program: String,
    /// What must be mounted for it: the toolchain, caches, the project's virtual environment (read-only).
    pub binds: Vec<Bind>,
    /// Environment it needs (`CARGO_HOME`, `RUSTUP_TOOLCHAIN`, `VIRTUAL_ENV`, …).
    pub env: BTreeMap<String, String>,
}

impl Toolchain {
    /// A command of this toolchain: the program with `arguments`, mounts and environment set.
    pub fn command<S: Into<String>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let argv = std::iter::once(self.program.clone()).chain(arguments.into_iter().map(Into::into));
        let mut command = Command::new(argv.collect::<Vec<String>>());
        command.binds.clone_from(&self.binds);
        command.env.clone_from(&self.env);
        command
    }
}
