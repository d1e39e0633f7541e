//! What several tests need: an editor that speaks the real protocol, projects in a string, walls.

pub mod editor;
pub mod endpoint;
pub mod project;
pub mod walls;

pub use walls::walls;
