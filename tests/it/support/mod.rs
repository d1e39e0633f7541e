//! What several tests need: an editor that speaks the real protocol, projects in a string, walls, a stage for attacks.

pub mod editor;
pub mod endpoint;
pub mod project;
pub mod stage;
pub mod walls;

pub use walls::walls;
