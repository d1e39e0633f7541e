//! From what happened to a verdict: what speaks against, what is missing, what cannot be said, what proves it.

use crate::proof::{Finding, Observation, Screening};
use crate::text::{Patch, RelPath};

use super::{Tally, Targets, VerdictStatus, Want};

pub(super) fn weigh(tally: &Tally, patch: &Patch, want: &Want, screening: &Screening, after: &Observation) -> (VerdictStatus, Vec<String>) {
    if patch.is_empty() {
        return (VerdictStatus::NoChange, vec!["nothing was changed".to_owned()]);
    }
    let blocked = |finding: &Finding| format!("delivery is blocked: in `{}`, {}", finding.path, finding.why);
    let mut against: Vec<String> = screening.violations.iter().map(blocked).collect();
    against.extend(tally.weakened.iter().map(|what| format!("delivery is blocked: {what}")));
    against.extend(some("it breaks", &tally.broken));
    if !against.is_empty() {
        return (VerdictStatus::Failed, against);
    }
    let (missing, proof) = match want {
        Want::Fix => (None, some("it turns green", &tally.red_to_green)),
        Want::FixOf(targets) => (left_over(targets, tally), some("it turns green", &tally.red_to_green)),
        Want::Tests => (None, some("it adds tests that pass", &tally.new)),
        Want::Goal => (None, ran(after)),
    };
    if let Some(left) = missing {
        let status = if tally.red_to_green.is_empty() { VerdictStatus::Failed } else { VerdictStatus::Unverified };
        return (status, vec![left]);
    }
    if !tally.unknown.is_empty() {
        return (VerdictStatus::Unverified, tally.unknown.clone());
    }
    match proof {
        Some(proof) => {
            let rest = some("still red, as before", &tally.still_red);
            (VerdictStatus::Verified, std::iter::once(proof).chain(rest).collect())
        }
        None => without_proof(tally, want),
    }
}

fn without_proof(tally: &Tally, want: &Want) -> (VerdictStatus, Vec<String>) {
    match want {
        Want::Fix | Want::FixOf(_) => match some("nothing turned green; still red", &tally.still_red) {
            Some(reason) => (VerdictStatus::Failed, vec![reason]),
            None => (VerdictStatus::Unverified, vec!["nothing that ran was red before, so nothing can prove the change".to_owned()]),
        },
        Want::Tests => (VerdictStatus::Failed, vec!["no new test passes".to_owned()]),
        Want::Goal => (VerdictStatus::Unverified, vec!["no test and no check ran, so nothing can prove the change".to_owned()]),
    }
}

/// The wanted targets that are not green.
fn left_over(targets: &Targets, tally: &Tally) -> Option<String> {
    let green = |name: &str| tally.red_to_green.iter().any(|one| one == name || one.ends_with(&format!(": {name}")));
    let found = |(path, message): &&(RelPath, String)| {
        let end = format!(" in {path}: {message}");
        tally.red_to_green.iter().any(|one| one.ends_with(&end))
    };
    let tests = targets.tests.iter().map(|id| id.0.clone()).filter(|name| !green(name));
    let findings = targets.diagnostics.iter().filter(|target| !found(target)).map(|(path, message)| format!("{path}: {message}"));
    some("what was asked for is not green", &tests.chain(findings).collect::<Vec<_>>())
}

/// What ran and was green, for a goal in words.
fn ran(after: &Observation) -> Option<String> {
    let passed = after.passed_tests().len();
    let checked = !after.checks.is_empty() && after.checks.iter().all(|report| report.complete) && after.errors().is_empty();
    (passed > 0 || checked).then(|| format!("nothing breaks: {passed} tests pass and the checks find no new error"))
}

/// `it breaks: a, b, c and 4 more`.
fn some(words: &str, names: &[String]) -> Option<String> {
    let first: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    (!names.is_empty()).then(|| format!("{words}: {}{more}", first.join(", ")))
}
