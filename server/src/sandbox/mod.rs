//! The private copy and the walls around every process we start.
//!
//! A run works in a [`Copy`] of the snapshot; commands run through a [`Sandbox`] with the copy mounted at the workspace's
//! own path, so that messages, absolute paths and build caches stay valid.

mod command;
mod copy;
mod walls;

pub use command::{Bind, Command, Denial, Exit, Limits, Network, Outcome, Output};
pub use copy::{Copy, CopyError};
pub use walls::{Sandbox, SandboxError, Tier, Walls};
