//! Proving a change: everything is run again on the copy as it is now, weighed, and what decided it is run once more.

use crate::text::{Patch, RelPath};

use super::judge::{context, judge_screened};
use super::observation::test_and_restore;
use super::{
    Bench, Evidence, Finding, Observation, ProofError, Selection, Suite, TestId, TestStatus, Verdict, VerdictStatus, Want, observe, screen,
};

/// Runs that a test which seems broken gets, and the one that a test which turned green gets: results that differ are flaky.
const SECOND_LOOKS: usize = 2;

/// Judges the copy's present patch against `before`. Files nobody may write are put back first; tests that turned green
/// are run once more, and so are tests that seem broken. The observation is the one after the change.
pub async fn prove(bench: &Bench<'_>, suites: &[Suite], before: &Observation, want: Want) -> Result<(Verdict, Observation), ProofError> {
    let screening = screen(&bench.copy.patch()?, &context(before, &want));
    let refused: Vec<RelPath> = screening.refused.iter().map(|finding| finding.path.clone()).collect();
    bench.copy.restore(&refused)?;
    let patch = bench.copy.patch()?;
    if patch.is_empty() {
        let verdict = judge_screened(before, before, &patch, &want, screening);
        return Ok((verdict, before.clone()));
    }
    let mut after = observe(bench, suites).await?;
    let excused = second_look_at_broken(bench, suites, before, &mut after).await?;
    let mut verdict = judge_screened(before, &after, &patch, &want, screening);
    for name in excused {
        verdict.reasons.push(format!("`{name}` failed once and passed {SECOND_LOOKS} times when run again: it is flaky, not broken"));
        verdict.flaky.push(name);
    }
    if verdict.status == VerdictStatus::Verified {
        second_look_at_green(bench, suites, before, &after, &patch, &mut verdict).await?;
    }
    Ok((verdict, after))
}

/// Tests that passed before and are red now, where they pass again: marked as passed in `after`, and named.
async fn second_look_at_broken(
    bench: &Bench<'_>,
    suites: &[Suite],
    before: &Observation,
    after: &mut Observation,
) -> Result<Vec<String>, ProofError> {
    const AT_MOST: usize = 20;
    let mut excused = Vec::new();
    for suite in suites {
        let Some(report) = after.tests.iter_mut().find(|report| report.is_of(suite)) else {
            continue;
        };
        let passed = |id: &TestId| {
            before
                .tests
                .iter()
                .any(|old| old.is_of(suite) && old.cases.iter().any(|case| case.id == *id && case.status == TestStatus::Passed))
        };
        let broken: Vec<TestId> =
            report.cases.iter().filter(|case| case.status.is_red() && passed(&case.id)).map(|case| case.id.clone()).collect();
        if broken.is_empty() || broken.len() > AT_MOST {
            continue;
        }
        let mut still: Vec<TestId> = broken;
        for _ in 0..SECOND_LOOKS {
            let again = test_and_restore(bench, suite, &Selection::Ids(still.clone())).await?;
            still.retain(|id| again.cases.iter().any(|case| case.id == *id && case.status == TestStatus::Passed));
            if still.is_empty() {
                break;
            }
        }
        for case in report.cases.iter_mut().filter(|case| still.contains(&case.id)) {
            case.status = TestStatus::Passed;
            excused.push(case.id.0.clone());
        }
    }
    Ok(excused)
}

/// Runs what turned green once more; a test that does not stay green takes the verdict back.
async fn second_look_at_green(
    bench: &Bench<'_>,
    suites: &[Suite],
    before: &Observation,
    after: &Observation,
    patch: &Patch,
    verdict: &mut Verdict,
) -> Result<(), ProofError> {
    for suite in suites {
        let was_red = |id: &TestId| {
            before.tests.iter().any(|old| old.is_of(suite) && old.cases.iter().any(|case| case.id == *id && case.status.is_red()))
        };
        let was_there = |id: &TestId| before.tests.iter().any(|old| old.is_of(suite) && old.cases.iter().any(|case| case.id == *id));
        let Some(report) = after.tests.iter().find(|report| report.is_of(suite)) else {
            continue;
        };
        let green = report.cases.iter().filter(|case| case.status == TestStatus::Passed && (was_red(&case.id) || !was_there(&case.id)));
        let ids: Vec<TestId> = green.map(|case| case.id.clone()).collect();
        if ids.is_empty() {
            continue;
        }
        let again = test_and_restore(bench, suite, &Selection::Ids(ids.clone())).await?;
        let passed = |id: &TestId| again.cases.iter().any(|case| case.id == *id && case.status == TestStatus::Passed);
        let changed: Vec<String> = ids.iter().filter(|id| !passed(id)).map(|id| id.0.clone()).collect();
        let words = |count: usize| format!("{count} passed");
        verdict.evidence.push(Evidence {
            kind: "test".to_owned(),
            command: again.command.clone(),
            before: words(ids.len()),
            after: format!("{} when run again", words(ids.len() - changed.len())),
            red_to_green: Vec::new(),
            broken: changed.clone(),
        });
        if !changed.is_empty() {
            verdict.status = VerdictStatus::Unverified;
            verdict.reasons.insert(0, format!("passed once and not when run again: {}", changed.join(", ")));
            verdict.red_to_green.retain(|name| !changed.iter().any(|id| name.ends_with(id.as_str())));
            verdict.flaky.extend(changed);
        }
    }
    if bench.copy.patch()? != *patch {
        verdict.status = VerdictStatus::Failed;
        verdict.reasons.insert(0, "the files changed while they were being proven".to_owned());
    }
    Ok(())
}

impl Verdict {
    /// What blocks delivery, if anything: weakened tests or settings.
    pub fn violations(&self) -> &[Finding] {
        &self.screening.violations
    }
}
