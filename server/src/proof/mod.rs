//! Checks and tests of a workspace copy, before and after: what was red, what is green, what broke, and the verdict.
//!
//! To add a runner: one file under `runners/`, one line in [`suites`].

mod bench;
mod discover;
mod host;
mod report;
mod runners;
mod rustc;
mod suite;
mod toolchains;

pub use bench::{Bench, Toolchain};
pub use discover::{Found, Overrides, suites};
pub use host::Host;
pub use report::{
    Candidate, CheckReport, Coverage, Diagnostic, Fix, Frame, Severity, TestCase, TestId, TestReport, TestStatus, Trial, TrialOutcome,
};
pub use runners::{Build, Package, Selection, TestBinary, build, test};
pub use suite::{Suite, SuiteKind};
pub use toolchains::Missing;
