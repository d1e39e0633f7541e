//! Checks and tests of a workspace copy, before and after: what was red, what is green, what broke, and the verdict.
//!
//! [`suites`] finds what there is, [`test()`] and [`check()`] run it inside the walls. To add a language: a file under
//! `toolchains/`, `runners/` and `checks/` each, and an arm in [`suites`].

mod bench;
mod checks;
mod discover;
mod guard;
mod host;
mod judge;
mod observation;
mod prove;
mod report;
mod runners;
mod rustc;
mod suite;
mod toolchains;
pub mod trials;

pub use bench::{Bench, Toolchain};
pub use checks::check;
pub use discover::{Found, Overrides, suites};
pub use guard::{Context, Finding, Screening, screen};
pub use host::Host;
pub use judge::{Evidence, Targets, Verdict, VerdictStatus, Want, judge};
pub use observation::{Observation, ProofError, observe};
pub use prove::prove;
pub use report::{
    Candidate, CheckReport, Coverage, Diagnostic, Fix, Frame, Severity, TestCase, TestId, TestReport, TestStatus, Trial, TrialOutcome,
};
pub(crate) use runners::Exchange;
pub use runners::{Build, Package, Selection, TestBinary, build, test};
pub use suite::{Suite, SuiteKind};
pub use toolchains::Missing;
