//! Rust.
use super::{Budget, Generated, Target, TestgenError};
use crate::proof::{Bench, Suite};
use crate::text::{Files, RelPath};
pub(super) fn untested(_files: &dyn Files, _path: &RelPath) -> Vec<Target> {
    Vec::new()
}
pub(super) async fn generate(
    _bench: Bench<'_>,
    _suite: &Suite,
    _files: &dyn Files,
    _targets: &[Target],
    _budget: &Budget,
) -> Result<Generated, TestgenError> {
    Err(TestgenError::NothingWorthKeeping { why: String::new() })
}
