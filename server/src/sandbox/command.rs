//! What is asked of the sandbox, and what came of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One process to run inside the walls. Standard input is empty, the environment holds only what is listed here and what
/// the sandbox itself sets (PATH, HOME, TMPDIR, LANG).
#[derive(Debug, Clone)]
pub struct Command {
    /// Program and arguments; the program is an absolute path or a name looked up on the sandbox's own PATH.
    pub argv: Vec<String>,
    /// Folder below the workspace root to start in; `""` for the root itself.
    pub cwd: String,
    /// Extra environment.
    pub env: BTreeMap<String, String>,
    /// Host paths mounted besides the copy (toolchains, package caches, virtual environments, exchange folders).
    pub binds: Vec<Bind>,
    /// Limits; the command is killed with all its children past them.
    pub limits: Limits,
    /// What the process may reach.
    pub network: Network,
    /// Another tree to mount at the workspace's path instead of the copy's `work/`; a folder inside the copy's slot
    /// ([`Copy::slot`](super::Copy::slot)).
    pub tree: Option<PathBuf>,
}

/// A host folder or file made visible inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Path on the host.
    pub host: PathBuf,
    /// Path inside; usually the same.
    pub inside: PathBuf,
    /// Whether the process may write there.
    pub writable: bool,
}

impl Bind {
    /// Read-only at its own path.
    pub fn read_only(path: impl Into<PathBuf>) -> Self {
        let host = path.into();
        Self { inside: host.clone(), host, writable: false }
    }

    /// Writable at `inside`.
    pub fn writable(host: impl Into<PathBuf>, inside: impl Into<PathBuf>) -> Self {
        Self { host: host.into(), inside: inside.into(), writable: true }
    }
}

/// Limits of one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// CPU time of all processes together; `None` for as much as the wall time gives.
    pub cpu: Option<Duration>,
    /// Memory of all processes together, in MiB.
    pub memory_mb: u64,
    /// Processes and threads together.
    pub processes: u64,
    /// Size of the private `/tmp`, in MiB.
    pub tmp_mb: u64,
    /// Size of the largest file it may write, in MiB.
    pub file_mb: u64,
    /// Bytes kept of standard output and of standard error each (half head, half tail).
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wall: Duration::from_secs(600), cpu: None, memory_mb: 8192, processes: 1024, tmp_mb: 2048, file_mb: 4096, output: 8 << 20 }
    }
}

/// What a command may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Its own loopback, nothing else.
    Loopback,
    /// The host's network: only for an approved fetch of dependencies.
    Host,
}

impl Command {
    /// A command at the workspace root with default limits and no network but loopback.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            cwd: String::new(),
            env: BTreeMap::new(),
            binds: Vec::new(),
            limits: Limits::default(),
            network: Network::Loopback,
            tree: None,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It ran past its wall time and was killed.
    Timeout,
    /// It used more than allowed and was killed; says of what: `memory`, `processes`, `cpu` or `disk`.
    Limit(String),
    /// The run was cancelled and everything killed.
    Cancelled,
}

impl Exit {
    /// Whether it exited with 0.
    pub fn ok(&self) -> bool {
        *self == Self::Code(0)
    }
}

/// Captured output: head and tail where it was longer than the limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The bytes kept.
    pub bytes: Vec<u8>,
    /// Bytes dropped from the middle.
    pub dropped: u64,
}

impl Output {
    /// The text, invalid UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Something the walls refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// What: `network`, `write`, `read`, `memory`, `processes`, …
    pub what: String,
    /// The evidence for it and the way out, for the model and the user.
    pub detail: String,
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// Wall time it took.
    pub elapsed: Duration,
    /// What the walls refused, as far as it was seen.
    pub denials: Vec<Denial>,
}
