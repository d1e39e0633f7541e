//! Lamplighter: the agent behind an editor's lightbulb.
//!
//! The house has one direction of flow: an editor asks through [`lsp`], [`actions`] turn the lightbulb into a task,
//! [`agent`] works on a private copy inside [`sandbox`] and proves its work through [`proof`], and [`delivery`] takes
//! the proven patch back. Each room may use only rooms listed below it here; `tests/it/tidy.rs` checks the arrows.

pub mod cli;
pub mod lsp;

pub mod actions;
pub mod delivery;

pub mod agent;
pub mod model;

pub mod proof;
pub mod repair;

pub mod journal;
pub mod sandbox;

pub mod index;
pub mod session;
pub mod text;
