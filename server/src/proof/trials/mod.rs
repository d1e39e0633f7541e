//! Fast validation: hundreds of candidate patches tried on the selected tests for little more than one test run, and
//! which lines each test runs. A search lives on this; the verdict that counts is still a plain run on written files.
//!
//! Python ([`python`]): one process imports everything, then forks per candidate and swaps code in memory. Rust
//! ([`rust`]): many candidates become variants in one build, chosen at run time. What neither can express is tried alone,
//! on a shadow of the copy ([`shadow`]). The copy's own tree is never written to.

mod python;
mod rust;
mod shadow;

use std::time::Duration;

use crate::sandbox::SandboxError;
use crate::text::{Edit, Files, RelPath, apply_edits};

use super::{Bench, Candidate, Coverage, Suite, SuiteKind, TestId, Trial, TrialOutcome};

/// Bounds of one call of [`try_candidates`].
#[derive(Debug, Clone, PartialEq)]
pub struct TrialOptions {
    /// Wall time a candidate may take for the selected tests, beyond importing or building.
    pub per_candidate: Duration,
    /// Stop once this many candidates passed.
    pub stop_after_passes: Option<usize>,
    /// Wall time for everything together; candidates that were not reached have no [`Trial`].
    pub total: Duration,
}

impl Default for TrialOptions {
    fn default() -> Self {
        Self { per_candidate: Duration::from_secs(10), stop_after_passes: None, total: Duration::from_secs(300) }
    }
}

/// Bounds of one call of [`coverage`].
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageOptions {
    /// Wall time one test may take, beyond importing or building; a test past it is left out.
    pub per_test: Duration,
    /// Wall time for everything together.
    pub total: Duration,
}

impl Default for CoverageOptions {
    fn default() -> Self {
        Self { per_test: Duration::from_secs(20), total: Duration::from_secs(180) }
    }
}

/// Runs `tests` on each candidate, stopping a candidate at its first test that does not pass. `tests` are names as the
/// suite's runner reports them, best the red ones first. Trials come back in the order of `candidates`, one for each that
/// was reached. A test that is skipped under a candidate counts as not passed.
pub async fn try_candidates(
    bench: &Bench<'_>,
    suite: &Suite,
    candidates: &[Candidate],
    tests: &[TestId],
    options: &TrialOptions,
) -> Result<Vec<Trial>, SandboxError> {
    let (fit, mut trials) = applicable(bench, candidates);
    if !fit.is_empty() && !tests.is_empty() {
        trials.extend(match suite.kind {
            SuiteKind::Pytest | SuiteKind::Unittest => python::try_candidates(bench, suite, &fit, tests, options).await?,
            SuiteKind::Cargo => rust::try_candidates(bench, suite, &fit, tests, options).await?,
        });
    }
    let place = |trial: &Trial| candidates.iter().position(|candidate| candidate.id == trial.id);
    trials.sort_by_key(place);
    Ok(trials)
}

/// Which lines of the workspace outside its tests each of `tests` runs: the red ones and a sample of green ones are what
/// fault localisation wants. Tests that cannot be traced (they do not import, run past their time) are left out.
pub async fn coverage(bench: &Bench<'_>, suite: &Suite, tests: &[TestId], options: &CoverageOptions) -> Result<Coverage, SandboxError> {
    if tests.is_empty() {
        return Ok(Coverage::default());
    }
    match suite.kind {
        SuiteKind::Pytest | SuiteKind::Unittest => python::coverage(bench, suite, tests, options).await,
        SuiteKind::Cargo => rust::coverage(bench, suite, tests, options).await,
    }
}

/// Splits off candidates whose edits do not apply to the copy as it is: those are broken without a try.
fn applicable<'c>(bench: &Bench<'_>, candidates: &'c [Candidate]) -> (Vec<&'c Candidate>, Vec<Trial>) {
    let (mut fit, mut trials) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match texts(bench, candidate) {
            Ok(_) => fit.push(candidate),
            Err(message) => trials.push(Trial { id: candidate.id, outcome: TrialOutcome::Broken { message }, seconds: 0.0 }),
        }
    }
    (fit, trials)
}

/// The candidate's edits by file, in the order the files are first named.
fn by_file(candidate: &Candidate) -> Vec<(&RelPath, Vec<Edit>)> {
    let mut files: Vec<(&RelPath, Vec<Edit>)> = Vec::new();
    for edit in &candidate.edits {
        match files.iter_mut().find(|(path, _)| **path == edit.path) {
            Some((_, edits)) => edits.push(edit.clone()),
            None => files.push((&edit.path, vec![edit.clone()])),
        }
    }
    files
}

/// The new texts of the files a candidate changes, or why it cannot be applied.
fn texts(bench: &Bench<'_>, candidate: &Candidate) -> Result<Vec<(RelPath, String)>, String> {
    let apply = |(path, edits): (&RelPath, Vec<Edit>)| {
        let old = Files::read(bench.copy, path).ok_or_else(|| format!("{path} is not a text file of the workspace"))?;
        let new = apply_edits(&old, &edits).map_err(|error| format!("{path}: {error}"))?;
        Ok((path.clone(), new))
    };
    by_file(candidate).into_iter().map(apply).collect()
}

/// Every line of a JSON-lines text that has the shape asked for; a cut last line is left out.
fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// An error in preparing a trial, said as the sandbox says it.
fn setup(program: &str, why: impl std::fmt::Display) -> SandboxError {
    SandboxError::Setup { program: program.to_owned(), why: why.to_string() }
}
