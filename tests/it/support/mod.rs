//! What several tests need: an editor that speaks the real protocol, and projects in a string.

pub mod editor;
pub mod endpoint;
pub mod project;
