//! Checks and tests of a workspace copy, before and after: what was red, what is green, what broke, and the verdict.
//!
//! To add a runner: one file under `runners/`, one line in [`suites`].

mod bench;
mod report;
mod suite;

pub use bench::{Bench, Toolchain};
pub use report::{
    Candidate, CheckReport, Coverage, Diagnostic, Fix, Frame, Severity, TestCase, TestId, TestReport, TestStatus, Trial, TrialOutcome,
};
pub use suite::{Suite, SuiteKind};
