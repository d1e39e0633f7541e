//! The walls: which tier holds on this machine, and running a command behind it.
//!
//! One command is one thread here ([`supervise`]): the thread starts the outer wall, reads its output, keeps the time,
//! and ends only when nothing of the command is left. The kernel kills the command when that thread, and so the server, dies.

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod binds;
#[cfg(target_os = "linux")]
mod bubblewrap;
#[cfg(target_os = "linux")]
mod denial;
#[cfg(target_os = "linux")]
mod output;
mod probe;
#[cfg(target_os = "linux")]
mod supervise;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Command, Copy, Outcome};

#[cfg(target_os = "linux")]
pub(super) use supervise::close_on_exec_from;

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

    /// Runs `command` on `copy`; returns when it and all its children are gone. Dropping the future kills them too.
    async fn run(&self, copy: &Copy, command: Command, cancel: &CancellationToken) -> Result<Outcome, SandboxError>;

    /// Where commands find the workspace: at its own path, or (tier B, which cannot mount) where the copy lies. Arguments,
    /// environment and output are translated by the sandbox; files written for a command to read are the caller's to get right.
    fn seen_root<'a>(&self, copy: &'a Copy) -> &'a Path {
        match self.tier() {
            Tier::B => copy.work(),
            Tier::A | Tier::C => copy.root(),
        }
    }
}

/// The machine's real walls.
#[derive(Debug, Clone)]
pub struct Walls {
    tier: Tier,
    found: std::sync::Arc<probe::Found>,
}

impl Walls {
    /// Finds out which tier works here by trying it, attack included, not by guessing. The answer is kept for the process.
    pub async fn probe() -> Self {
        let found = tokio::task::spawn_blocking(|| probe::cached(None)).await;
        Self::best(found.unwrap_or_else(|error| probe::Found::nothing(format!("the probe ended early: {error}")).into()))
    }

    /// The same with `helper` as the program that is re-executed behind the outer wall (the `lamplighter` binary); by
    /// default that is the running program itself.
    pub async fn probe_with_helper(helper: impl Into<PathBuf>) -> Self {
        let helper = helper.into();
        let found = tokio::task::spawn_blocking(move || probe::cached(Some(helper))).await;
        Self::best(found.unwrap_or_else(|error| probe::Found::nothing(format!("the probe ended early: {error}")).into()))
    }

    fn best(found: std::sync::Arc<probe::Found>) -> Self {
        Self { tier: found.best(), found }
    }

    /// These walls with another tier: only one that passed the probe, or [`Tier::C`] for running nothing at all.
    pub fn with_tier(&self, tier: Tier) -> Result<Self, SandboxError> {
        match self.found.refusal(tier) {
            None => Ok(Self { tier, found: self.found.clone() }),
            Some(why) => Err(SandboxError::NoWalls { why: format!("tier {tier:?} was asked for, but {why}") }),
        }
    }

    /// What holds here, why not more, and what to install: a few lines for people.
    pub fn describe(&self) -> String {
        self.found.describe(self.tier)
    }
}

#[async_trait]
impl Sandbox for Walls {
    fn tier(&self) -> Tier {
        self.tier
    }

    #[cfg(target_os = "linux")]
    async fn run(&self, copy: &Copy, command: Command, cancel: &CancellationToken) -> Result<Outcome, SandboxError> {
        let program = command.argv.first().cloned().unwrap_or_default();
        let setup = |why: String| SandboxError::Setup { program: program.clone(), why };
        let place = Place { root: copy.root(), work: copy.work(), slot: copy.slot() };
        let kit = self.found.kit().map_err(setup)?;
        let order = match self.tier {
            Tier::A => bubblewrap::order(kit, &place, &command).map_err(setup)?,
            Tier::B => bare::order(kit, &place, &command).map_err(setup)?,
            Tier::C => return Err(SandboxError::NoWalls { why: self.found.why_nothing() }),
        };
        supervise::run(order, cancel).await
    }

    #[cfg(not(target_os = "linux"))]
    async fn run(&self, _: &Copy, _: Command, _: &CancellationToken) -> Result<Outcome, SandboxError> {
        Err(SandboxError::NoWalls { why: self.found.why_nothing() })
    }
}

/// Where a workspace's copy lies: what of a [`Copy`] the walls need.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// The workspace's own path.
    root: &'a Path,
    /// The tree that stands for it.
    work: &'a Path,
    /// The folder that holds the tree and may hold others.
    slot: &'a Path,
}

/// What the walls are built with, found once.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
#[derive(Debug)]
struct Kit {
    /// Our own program, opened: replaced or deleted on disk, it is still the one that was started.
    helper: std::fs::File,
    /// The bubblewrap program.
    bwrap: Option<PathBuf>,
    /// Landlock ABI; 0 for none.
    landlock_abi: i32,
    /// The real home folder.
    home: Option<PathBuf>,
}
