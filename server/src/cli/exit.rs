//! Exit codes that scripts rely on.

use crate::agent::Status;

pub(super) const OK: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const OVER_BUDGET: u8 = 3;
pub(super) const CANCELLED: u8 = 130;

/// The code for a run's ending.
pub(super) fn code(status: Status) -> u8 {
    match status {
        Status::Verified | Status::NoChange => OK,
        Status::OverBudget => OVER_BUDGET,
        Status::Cancelled => CANCELLED,
        _ => FAILED,
    }
}
