//! Provisional.
#![allow(missing_docs, unused_variables, clippy::todo)]
use super::*;
use crate::sandbox::SandboxError;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation { pub tests: Vec<TestReport>, pub checks: Vec<CheckReport> }
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence { pub kind: String, pub command: Vec<String>, pub before: String, pub after: String, pub red_to_green: Vec<String>, pub broken: Vec<String> }
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerdictStatus { Verified, Unverified, Failed, NoChange }
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict { pub status: VerdictStatus, pub reasons: Vec<String>, pub evidence: Vec<Evidence>, pub needs_confirmation: Vec<crate::text::RelPath> }
pub enum Want { Fix, Tests, Goal }
pub async fn observe(bench: &Bench<'_>, suites: &[Suite]) -> Result<Observation, SandboxError> { todo!() }
pub async fn prove(bench: &Bench<'_>, suites: &[Suite], before: &Observation, want: Want) -> Result<(Verdict, Observation), SandboxError> { todo!() }
impl Observation {
    pub fn red_tests(&self) -> Vec<&TestCase> { todo!() }
    pub fn passed_tests(&self) -> Vec<&TestCase> { todo!() }
    pub fn errors(&self) -> Vec<&Diagnostic> { todo!() }
    pub fn diagnostics(&self) -> Vec<Diagnostic> { todo!() }
    pub fn reports_complete(&self) -> bool { todo!() }
    pub fn suite_of(&self, suite: &Suite, id: &TestId) -> bool { todo!() }
    pub fn seconds_of(&self, ids: &[TestId]) -> f64 { todo!() }
}
