//! Takes a proven patch to the editor as one stale-proof transaction.
