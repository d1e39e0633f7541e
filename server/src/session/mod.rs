//! What the server knows now: open documents, folders, settings. One owner, immutable snapshots for everybody else.

mod snapshot;

pub use snapshot::{Overlay, Snapshot};

mod provisional;
pub use provisional::*;
