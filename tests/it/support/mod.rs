//! Helpers of the integration tests, one file per concern.

pub mod stage;
pub mod walls;
