//! Which tests to keep, by running them on mutants: many variants in one build.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::mutants::Mutant;
use super::super::proving::Prover;
use super::super::{Mutants, TestgenError};
use super::Subject;
use super::render::Test;
use crate::proof::trials::{TrialOptions, try_candidates};
use crate::proof::{Candidate, TestId, TrialOutcome};
use crate::text::{Edit, RelPath};

/// Which tests to keep: one after the other in their order, each only if it fails on a mutant that none before it fails on, and one
/// of each other behaviour. Returns their names, the account of the mutants, and killed mutants as edits for a real run.
pub(super) async fn choose(
    prover: &Prover<'_>,
    edits: &[Edit],
    path: &RelPath,
    subjects: &[Subject],
    tests: &[Test],
    names: &[String],
    ids: &[TestId],
) -> Result<(Vec<String>, Mutants, Vec<Edit>), TestgenError> {
    let _restore = prover.hold(edits)?;
    let mut account = Mutants::default();
    let (mut kept, mut real) = (Vec::new(), Vec::new());
    for (at, subject) in subjects.iter().enumerate() {
        let mine: Vec<(&String, &TestId)> =
            names.iter().zip(ids).filter(|(name, _)| tests.iter().any(|test| test.name == **name && test.subject == at)).collect();
        let all: Vec<TestId> = mine.iter().map(|(_, id)| (*id).clone()).collect();
        let candidates: Vec<Candidate> =
            subject.mutants.iter().enumerate().map(|(id, mutant)| candidate(id, mutant, path, edits)).collect();
        let outcomes = kills(prover, &candidates, &all).await?;
        let loaded: BTreeSet<usize> =
            outcomes.iter().filter(|(_, outcome)| !matches!(outcome, TrialOutcome::Broken { .. })).map(|(id, _)| *id).collect();
        let hung = |id: &usize| matches!(outcomes.get(id), Some(TrialOutcome::Timeout));
        let killable: BTreeSet<usize> =
            loaded.iter().copied().filter(|id| !matches!(outcomes.get(id), Some(TrialOutcome::Passed))).collect();
        let mut open: BTreeSet<usize> = killable.iter().copied().filter(|id| !hung(id)).collect();
        let mut chosen: Vec<String> = Vec::new();
        for (name, id) in &mine {
            if open.is_empty() || chosen.len() >= prover.budget.max_cases || prover.budget.left() < Duration::from_secs(20) {
                break;
            }
            let rest: Vec<Candidate> = candidates.iter().filter(|candidate| open.contains(&candidate.id)).cloned().collect();
            let red: Vec<usize> = kills(prover, &rest, &[(*id).clone()])
                .await?
                .into_iter()
                .filter(|(_, outcome)| *outcome != TrialOutcome::Passed)
                .map(|(id, _)| id)
                .collect();
            if !red.is_empty() {
                chosen.push((*name).clone());
                open.retain(|id| !red.contains(id));
                real.extend(red.iter().filter_map(|id| subject.mutants.get(*id)).map(|mutant| Edit {
                    path: path.clone(),
                    span: mutant.span.clone(),
                    text: mutant.text.clone(),
                }));
            }
        }
        if !chosen.is_empty() {
            add_behaviours(&mut chosen, &mine, tests, prover.budget.max_cases);
        }
        account.total += loaded.len();
        account.killed += if chosen.is_empty() { 0 } else { killable.difference(&open).count() };
        let survivors = loaded
            .iter()
            .filter(|id| chosen.is_empty() || !killable.contains(id) || open.contains(id))
            .filter_map(|id| subject.mutants.get(*id));
        account.survivors.extend(survivors.map(|mutant| mutant.title.clone()));
        kept.extend(chosen);
    }
    let ordered = names.iter().filter(|name| kept.contains(name)).cloned().collect();
    Ok((ordered, account, real))
}

/// One test of each behaviour that is not shown yet.
fn add_behaviours(chosen: &mut Vec<String>, mine: &[(&String, &TestId)], tests: &[Test], most: usize) {
    let behaviour = |name: &String| tests.iter().find(|test| test.name == *name).map(Test::behaviour).unwrap_or_default();
    let mut shown: BTreeSet<String> = chosen.iter().map(behaviour).collect();
    for (name, _) in mine {
        if chosen.len() < most && shown.insert(behaviour(name)) {
            chosen.push((*name).clone());
        }
    }
}

async fn kills(prover: &Prover<'_>, candidates: &[Candidate], tests: &[TestId]) -> Result<BTreeMap<usize, TrialOutcome>, TestgenError> {
    let options = TrialOptions { per_candidate: Duration::from_secs(3), stop_after_passes: None, total: prover.budget.left() / 2 };
    let trials = try_candidates(&prover.bench, prover.suite, candidates, tests, &options).await?;
    Ok(trials.into_iter().map(|trial| (trial.id, trial.outcome)).collect())
}

/// A mutant against the text with the tests in it.
fn candidate(id: usize, mutant: &Mutant, path: &RelPath, edits: &[Edit]) -> Candidate {
    let before = edits.iter().filter(|edit| edit.path == *path && edit.span.end <= mutant.span.start);
    let shift: usize = before.map(|edit| edit.text.len() - edit.span.len()).sum();
    let edit = Edit { path: path.clone(), span: mutant.span.start + shift..mutant.span.end + shift, text: mutant.text.clone() };
    Candidate { id, edits: vec![edit], title: mutant.title.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::apply_edits;

    #[test]
    fn a_mutant_moves_with_what_is_written_before_it() {
        let path = RelPath::new("src/lib.rs").unwrap();
        let edits = [Edit { path: path.clone(), span: 2..2, text: "abc".into() }];
        let mutant = Mutant { span: 4..5, text: "x".into(), title: String::new() };
        let moved = candidate(0, &mutant, &path, &edits).edits;
        assert_eq!(apply_edits(&apply_edits("012345", &edits).unwrap(), &moved).unwrap(), "01abc23x5");
    }
}
