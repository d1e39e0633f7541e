//! The private copy and the walls around every process we start.
//!
//! A run works in a [`Copy`](struct@Copy) of the snapshot; commands run through a [`Sandbox`] with the copy mounted at the workspace's
//! own path, so that messages, absolute paths and build caches stay valid.

mod command;
mod copy;
#[cfg(target_os = "linux")]
mod helper;
mod walls;

pub use command::{Bind, Command, Denial, Exit, Limits, Network, Outcome, Output};
pub use copy::{Bounds, Copy, CopyError, Pruned, protected, prune};
#[cfg(target_os = "linux")]
pub use helper::helper_main;
pub use walls::{Sandbox, SandboxError, Tier, Walls};

/// The hidden subcommand behind which commands are run; there are no walls for this operating system yet.
#[cfg(not(target_os = "linux"))]
pub fn helper_main(_: &[String]) -> std::process::ExitCode {
    std::process::ExitCode::from(125)
}
