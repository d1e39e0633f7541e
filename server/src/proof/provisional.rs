//! Provisional.
#![allow(missing_docs, unused_variables)]
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
pub async fn observe(bench: &Bench<'_>, suites: &[Suite]) -> Result<Observation, SandboxError> {
    let mut o = Observation::default();
    for s in suites { o.checks.push(check(bench, s).await?); o.tests.push(test(bench, s, &Selection::All).await?); }
    Ok(o)
}
pub async fn prove(bench: &Bench<'_>, suites: &[Suite], before: &Observation, want: Want) -> Result<(Verdict, Observation), SandboxError> {
    let after = observe(bench, suites).await?;
    let was: Vec<String> = before.red_tests().iter().map(|c| c.id.0.clone()).collect();
    let is: Vec<String> = after.red_tests().iter().map(|c| c.id.0.clone()).collect();
    let g: Vec<String> = was.iter().filter(|t| !is.contains(t)).cloned().collect();
    let b: Vec<String> = is.iter().filter(|t| !was.contains(t)).cloned().collect();
    let new = after.passed_tests().len() > before.passed_tests().len();
    let ok = b.is_empty() && (!g.is_empty() || matches!(want, Want::Tests) && new || after.errors().len() < before.errors().len());
    Ok((Verdict { status: if ok { VerdictStatus::Verified } else { VerdictStatus::Failed }, reasons: vec![format!("{} red to green, {} broken", g.len(), b.len())], evidence: vec![Evidence { kind: "test".into(), command: vec![], before: format!("{} red", was.len()), after: format!("{} red", is.len()), red_to_green: g, broken: b }], needs_confirmation: vec![] }, after))
}
impl Observation {
    pub fn red_tests(&self) -> Vec<&TestCase> { self.tests.iter().flat_map(|r| &r.cases).filter(|c| c.status.is_red()).collect() }
    pub fn passed_tests(&self) -> Vec<&TestCase> { self.tests.iter().flat_map(|r| &r.cases).filter(|c| c.status == TestStatus::Passed).collect() }
    pub fn errors(&self) -> Vec<&Diagnostic> { self.checks.iter().flat_map(|r| &r.diagnostics).filter(|d| d.severity == Severity::Error).collect() }
    pub fn diagnostics(&self) -> Vec<Diagnostic> { self.checks.iter().flat_map(|r| &r.diagnostics).chain(self.tests.iter().flat_map(|r| &r.diagnostics)).cloned().collect() }
    pub fn reports_complete(&self) -> bool { self.tests.iter().all(|r| r.complete) }
    pub fn suite_of(&self, suite: &Suite, id: &TestId) -> bool { true }
    pub fn seconds_of(&self, ids: &[TestId]) -> f64 { self.tests.iter().flat_map(|r| &r.cases).filter(|c| ids.contains(&c.id)).map(|c| c.seconds).sum() }
}
