//! `try_patches`: many candidate patches against some tests at once, none of them applied.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::apply_edits::SpanEdit;
use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::proof::{self, Candidate, Severity, TestId, Trial, TrialOutcome, trials};
use crate::text::apply_edits;

/// Arguments of `try_patches`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The candidates; each is tried alone.
    candidates: Vec<CandidateArgument>,
    /// Ids of the tests that must pass; where it is empty, a candidate passes if the checks find no errors with it.
    #[serde(default)]
    ids: Vec<String>,
    /// Stop once so many candidates passed; all are tried where it is left out.
    #[serde(default)]
    enough: Option<usize>,
}

/// One candidate.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CandidateArgument {
    /// A number of your own.
    id: usize,
    /// What it does, in words.
    title: String,
    /// Its edits.
    edits: Vec<SpanEdit>,
}

/// Tries candidates.
pub struct TryPatches;

#[async_trait]
impl Tool for TryPatches {
    type Arguments = Arguments;
    const NAME: &'static str = "try_patches";
    const ABOUT: &'static str = "Try many small candidate patches against some tests, fast (milliseconds each), without applying any. Use it when several fixes are thinkable; apply a passing one with `apply_edits`.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let mut candidates = Vec::new();
        for candidate in arguments.candidates {
            let edits = candidate.edits.into_iter().map(|edit| edit.into_edit(scene)).collect::<Result<_, _>>()?;
            candidates.push(Candidate { id: candidate.id, edits, title: candidate.title });
        }
        scene.board().candidates += candidates.len() as u64;
        scene.doing(format!("trying {} candidate fixes", candidates.len()));
        let trials = if arguments.ids.is_empty() {
            by_check(scene, &candidates, arguments.enough).await?
        } else {
            by_tests(scene, &candidates, arguments.ids.into_iter().map(TestId).collect(), arguments.enough).await?
        };
        let mut out = String::new();
        for trial in trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed) {
            let title = candidates.iter().find(|candidate| candidate.id == trial.id).map_or("", |candidate| candidate.title.as_str());
            let _ = writeln!(out, "candidate {} passes: {title}", trial.id);
        }
        let passed = trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).count();
        let _ = writeln!(out, "{passed} of {} tried candidates pass", trials.len());
        Ok(ToolAnswer { text: out, data: json!(trials) })
    }
}

async fn by_tests(scene: &Scene, candidates: &[Candidate], ids: Vec<TestId>, enough: Option<usize>) -> Result<Vec<Trial>, ToolError> {
    let bench = scene.bench();
    let slowest = scene.before.seconds_of(&ids);
    let options = trials::TrialOptions {
        per_candidate: Duration::from_secs_f64((slowest * 4.0).clamp(2.0, 30.0)),
        stop_after_passes: enough,
        total: scene.limits.wall,
    };
    // A candidate has passed when it did so in every suite that holds one of the tests.
    let mut merged: Vec<Trial> = Vec::new();
    for suite in &scene.suites {
        let known: Vec<TestId> = ids.iter().filter(|id| scene.before.suite_of(suite, id)).cloned().collect();
        if known.is_empty() {
            continue;
        }
        let trials = trials::try_candidates(&bench, suite, candidates, &known, &options).await?;
        if merged.is_empty() {
            merged = trials;
            continue;
        }
        for trial in &mut merged {
            if trial.outcome == TrialOutcome::Passed {
                match trials.iter().find(|other| other.id == trial.id) {
                    Some(other) => trial.outcome.clone_from(&other.outcome),
                    None => trial.outcome = TrialOutcome::Timeout,
                }
            }
        }
    }
    Ok(merged)
}

/// Candidates judged by the checks, one after another on the copy, which is put back each time.
async fn by_check(scene: &Scene, candidates: &[Candidate], enough: Option<usize>) -> Result<Vec<Trial>, ToolError> {
    let bench = scene.bench();
    let (mut trials, mut passed) = (Vec::new(), 0);
    for candidate in candidates {
        if scene.cancel.is_cancelled() || enough.is_some_and(|enough| passed >= enough) {
            break;
        }
        let started = scene.seconds();
        let Some(old) = put(scene, candidate)? else { continue };
        let mut errors = Vec::new();
        for suite in &scene.suites {
            let report = proof::check(&bench, suite).await;
            match report {
                Ok(report) if !report.complete && report.diagnostics.is_empty() => errors.extend(report.notes),
                Ok(report) => errors.extend(
                    report.diagnostics.into_iter().filter(|finding| finding.severity == Severity::Error).map(|finding| finding.message),
                ),
                Err(error) => {
                    restore(scene, &old)?;
                    return Err(error.into());
                }
            }
        }
        restore(scene, &old)?;
        let outcome = match errors.first() {
            None => TrialOutcome::Passed,
            Some(first) => TrialOutcome::Red { passed: 0, failed: errors.len(), message: first.clone() },
        };
        passed += usize::from(outcome == TrialOutcome::Passed);
        trials.push(Trial { id: candidate.id, outcome, seconds: scene.seconds() - started });
    }
    Ok(trials)
}

type Saved = Vec<(crate::text::RelPath, Vec<u8>)>;

fn put(scene: &Scene, candidate: &Candidate) -> Result<Option<Saved>, ToolError> {
    let mut old = Saved::new();
    let mut new = Vec::new();
    for edit in &candidate.edits {
        if old.iter().any(|(path, _)| *path == edit.path) {
            continue;
        }
        let text = scene.text(&edit.path)?;
        let edits: Vec<_> = candidate.edits.iter().filter(|other| other.path == edit.path).cloned().collect();
        let Ok(changed) = apply_edits(&text, &edits) else { return Ok(None) };
        new.push((edit.path.clone(), changed));
        old.push((edit.path.clone(), text.into_bytes()));
    }
    for (path, text) in &new {
        scene.copy.write(path, text.as_bytes())?;
    }
    Ok(Some(old))
}

fn restore(scene: &Scene, old: &Saved) -> Result<(), ToolError> {
    for (path, bytes) in old {
        scene.copy.write(path, bytes)?;
    }
    Ok(())
}
