//! How to start a language's tools inside the walls, found by reading files only: nothing of the project and nothing of
//! the toolchain is run to find it, because `rust-toolchain` paths, shims and `sitecustomize` files would run then.
//!
//! To add a language: one file here that turns a [`Copy`](crate::sandbox::Copy) and a [`Host`](super::Host) into a
//! [`Toolchain`](super::Toolchain), and a [`Missing`] where it is not there.

pub(super) mod python;
pub(super) mod rust;

/// Why a toolchain or runner cannot be used: what is missing, and the command that installs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Missing {
    /// What is not there and where it was looked for.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Missing {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}
