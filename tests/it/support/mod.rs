//! Helpers of the integration tests, one file per concern.

pub mod walls;

pub use walls::walls;
