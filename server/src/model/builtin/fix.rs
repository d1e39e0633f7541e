//! Repairing: follow the failing tests through the code, try candidates where it is suspicious, confirm, apply.
//!
//! Generate-and-validate repair in the line of GenProg and its successors: spectrum-based localisation, template and
//! ingredient candidates, validation by the failing tests first and then by all that passed before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::calls::{edits, finish, plan, reply, try_patches};
use super::{Brief, PlaceFacts};
use crate::model::{Reply, ToolResult};
use crate::proof::{Candidate, Coverage, Observation, TestCase, TestId, Trial, TrialOutcome};
use crate::repair::{self, Case, Place, Search};
use crate::text::{Edit, Files};

/// Candidates per trial: a first quick look, then breadth.
const BATCHES: [usize; 3] = [200, 400, 800];
/// Candidates at the most for one group of failing tests.
const MOST: usize = 6000;
/// Candidates at the most for all failing tests together, where they may have different causes.
const MOST_TOGETHER: usize = 1500;
/// Compile-checked candidates are dear.
const CHECK_BATCH: usize = 8;
const CHECK_MOST: usize = 64;
/// Passing candidates to look for before choosing.
const ENOUGH: usize = 8;
/// Failing tests that take longer are tried on fewer candidates at a time, and fewer that pass are enough.
const SLOW_S: f64 = 0.3;
const SLOW_BATCH: usize = 40;
const ENOUGH_SLOW: usize = 2;
/// Tests followed through the code.
const FOLLOWED: (usize, usize) = (12, 40);
const STEPS: [(&str, f64); 4] = [
    ("follow the failing tests through the code", 4.0),
    ("try candidate fixes, most suspicious places first", 15.0),
    ("confirm against every test", 5.0),
    ("apply the best one and prove it", 8.0),
];

/// A repair, under way.
pub(super) struct Fixing {
    place: Option<PlaceFacts>,
    before: Observation,
    coverage: Coverage,
    groups: Vec<Vec<TestId>>,
    search: Option<Search>,
    tried: usize,
    batch: Vec<Candidate>,
    plausible: Vec<Candidate>,
    rejected: BTreeSet<String>,
    applied: Vec<(Candidate, Vec<Edit>)>,
    errors_left: usize,
    best: Option<(usize, Candidate)>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Following,
    Trying,
    Confirming,
    Applying,
    Retesting,
    TakingBack,
    Finished,
}

impl Fixing {
    pub(super) fn new(brief: &Brief) -> Self {
        Self {
            place: brief.task.place.clone(),
            before: brief.before.clone(),
            coverage: Coverage::default(),
            groups: Vec::new(),
            search: None,
            tried: 0,
            batch: Vec::new(),
            plausible: Vec::new(),
            rejected: BTreeSet::new(),
            applied: Vec::new(),
            errors_left: usize::MAX,
            best: None,
            stage: Stage::Following,
        }
    }

    /// The first turn, or the first after something was applied and more is red.
    pub(super) fn begin(&mut self, files: &dyn Files) -> Reply {
        self.groups = groups(&self.targets());
        self.errors_left = self.before.errors().len();
        if self.groups.is_empty() {
            return self.begin_search(files);
        }
        let failing: Vec<TestId> = self.groups.iter().flatten().take(FOLLOWED.0).cloned().collect();
        let ids: Vec<TestId> = failing.iter().cloned().chain(self.comparable()).collect();
        self.stage = Stage::Following;
        let words = format!("{} tests fail. Following them through the code.", self.targets().len());
        reply(&words, vec![plan(&STEPS, 0), ("coverage", json!({"ids": ids}))])
    }

    pub(super) fn go_on(&mut self, files: &dyn Files, results: &[ToolResult]) -> Reply {
        let Some(result) = results.last() else { return finish("no answer came back", "", true) };
        match self.stage {
            Stage::Following => {
                let data =
                    results.iter().find(|result| !result.failed && result.data.get("lines").is_some()).map(|result| result.data.clone());
                self.coverage = data.and_then(|data| serde_json::from_value(data).ok()).unwrap_or_default();
                self.begin_search(files)
            }
            Stage::Trying if result.failed => finish(&format!("candidates could not be tried: {}", result.text), "", true),
            Stage::Trying => self.learn(files, &trials(result)),
            Stage::Confirming => self.confirmed(files, &trials(result)),
            Stage::Applying if results.iter().any(|result| result.failed) => finish("the fix could not be applied", "", true),
            Stage::Applying => self.after_applying(),
            Stage::Retesting => self.retested(files, result),
            Stage::TakingBack => self.next_batch(files),
            Stage::Finished => finish("", "", true),
        }
    }

    /// The proof said no: take the edit back and go on searching from what is known now.
    pub(super) fn objection(&mut self, files: &dyn Files, after: Observation) -> Reply {
        let Some((candidate, back)) = self.applied.pop() else { return self.give_up() };
        if self.groups.is_empty() {
            // It builds now and tests came into sight: repair those, with the edit kept.
            self.applied.push((candidate, back));
            if after.red_tests().is_empty() {
                return self.give_up();
            }
            self.before = after;
            self.search = None;
            return self.begin(files);
        }
        self.rejected.insert(key(&candidate));
        self.stage = Stage::TakingBack;
        reply("The proof disagrees. Taking the edit back and searching on.", vec![("apply_edits", json!({"edits": edits(&back)}))])
    }

    fn targets(&self) -> Vec<TestCase> {
        let red = self.before.red_tests();
        let pointed = self.place.as_ref().filter(|place| place.is_test).and_then(|place| {
            let name = place.symbol.as_deref()?.rsplit(['.', ':']).next()?.to_owned();
            let hit: Vec<TestCase> = red.iter().filter(|case| case.id.names(&name)).map(|case| (*case).clone()).collect();
            (!hit.is_empty()).then_some(hit)
        });
        pointed.unwrap_or_else(|| red.into_iter().cloned().collect())
    }

    /// Passing tests to compare with: those near the failing ones first.
    fn comparable(&self) -> Vec<TestId> {
        let near: BTreeSet<_> = self.targets().iter().filter_map(|case| case.path.clone()).collect();
        let mut passing: Vec<&TestCase> = self.before.passed_tests();
        passing.sort_by_key(|case| (case.path.as_ref().is_none_or(|path| !near.contains(path)), case.id.clone()));
        passing.into_iter().take(FOLLOWED.1).map(|case| case.id.clone()).collect()
    }

    fn begin_search(&mut self, files: &dyn Files) -> Reply {
        let wanted: Vec<TestId> = self.groups.first().cloned().unwrap_or_default();
        let failing: Vec<TestCase> = self.targets().into_iter().filter(|case| wanted.contains(&case.id)).collect();
        let diagnostics = self.before.diagnostics();
        let place =
            self.place.as_ref().filter(|place| !place.is_test).map(|place| Place { path: place.path.clone(), span: place.span.clone() });
        let case = Case { files, failing: &failing, diagnostics: &diagnostics, coverage: Some(&self.coverage), place: place.as_ref() };
        let suspects = repair::localise(&case);
        self.search = Some(repair::search(&case, suspects));
        self.tried = 0;
        self.next_batch(files)
    }

    fn next_batch(&mut self, files: &dyn Files) -> Reply {
        let ids = self.groups.first().cloned().unwrap_or_default();
        let by_check = ids.is_empty();
        let most = match (by_check, self.groups.len() > 1) {
            (true, _) => CHECK_MOST,
            (false, true) => MOST_TOGETHER,
            (false, false) => MOST,
        };
        let slow = !by_check && self.before.seconds_of(&ids) > SLOW_S;
        let size = match (by_check, slow) {
            (true, _) => CHECK_BATCH,
            (false, true) => SLOW_BATCH,
            (false, false) => BATCHES[(self.tried / BATCHES[0]).min(BATCHES.len() - 1)],
        };
        let mut batch = Vec::new();
        if let Some(search) = &mut self.search
            && self.tried < most
        {
            batch = search.next_batch(size);
            batch.retain(|candidate| !self.rejected.contains(&key(candidate)));
        }
        if batch.is_empty() {
            return self.exhausted(files);
        }
        self.tried += batch.len();
        self.batch = batch;
        self.stage = Stage::Trying;
        let words = format!("Trying {} candidates; {} so far.", self.batch.len(), self.tried - self.batch.len());
        let enough = match (by_check, slow) {
            (true, _) => 1,
            (false, true) => ENOUGH_SLOW,
            (false, false) => ENOUGH,
        };
        reply(&words, vec![plan(&STEPS, 1), try_patches(&self.batch, &ids, enough)])
    }

    fn learn(&mut self, files: &dyn Files, trials: &[Trial]) -> Reply {
        if let Some(search) = &mut self.search {
            search.learn(trials);
        }
        let passed: Vec<Candidate> = self.batch.iter().filter(|candidate| passed(trials, candidate)).cloned().collect();
        for trial in trials {
            if let (TrialOutcome::Red { failed, .. }, true) = (&trial.outcome, self.groups.is_empty())
                && *failed < self.best.as_ref().map_or(self.errors_left, |best| best.0)
                && let Some(candidate) = self.batch.iter().find(|candidate| candidate.id == trial.id)
            {
                self.best = Some((*failed, candidate.clone()));
            }
        }
        if passed.is_empty() {
            return self.next_batch(files);
        }
        self.plausible = match &self.search {
            Some(search) => repair::rank_plausible(search, &passed),
            None => passed,
        };
        if self.groups.is_empty() {
            let best = self.plausible.remove(0);
            return self.apply(files, best);
        }
        let mut ids: Vec<TestId> = self.groups[0].clone();
        ids.extend(self.before.passed_tests().into_iter().map(|case| case.id.clone()));
        self.stage = Stage::Confirming;
        let words =
            format!("{} candidates make the failing tests pass. Confirming them against all {} tests.", self.plausible.len(), ids.len());
        reply(&words, vec![plan(&STEPS, 2), try_patches(&self.plausible, &ids, self.plausible.len())])
    }

    fn confirmed(&mut self, files: &dyn Files, trials: &[Trial]) -> Reply {
        let held: Vec<Candidate> = self.plausible.iter().filter(|candidate| passed(trials, candidate)).cloned().collect();
        self.rejected.extend(self.plausible.iter().filter(|candidate| !passed(trials, candidate)).map(key));
        match held.first() {
            Some(best) => self.apply(files, best.clone()),
            None => self.next_batch(files),
        }
    }

    fn apply(&mut self, files: &dyn Files, candidate: Candidate) -> Reply {
        let back = inverse(files, &candidate.edits);
        let call = ("apply_edits", json!({"edits": edits(&candidate.edits)}));
        let words = format!("Applying: {}.", candidate.title);
        self.applied.push((candidate, back));
        self.stage = Stage::Applying;
        reply(&words, vec![plan(&STEPS, 3), call])
    }

    fn after_applying(&mut self) -> Reply {
        if self.groups.len() > 1 || self.groups.is_empty() && self.best.is_some() {
            self.stage = Stage::Retesting;
            let tool = if self.groups.is_empty() { "check" } else { "test" };
            return reply("Looking what is still red.", vec![(tool, json!({}))]);
        }
        self.done()
    }

    /// Part of it is repaired: take stock and go on with the rest, or finish with what there is.
    fn retested(&mut self, files: &dyn Files, result: &ToolResult) -> Reply {
        let now = result.data.clone();
        let read = if self.groups.is_empty() {
            serde_json::from_value(now).map(|checks| Observation { tests: Vec::new(), checks })
        } else {
            serde_json::from_value(now).map(|tests| Observation { tests, checks: self.before.checks.clone() })
        };
        let Ok(observation) = read else { return self.done() };
        let before = if self.groups.is_empty() { self.before.errors().len() } else { self.targets().len() };
        self.before = observation;
        self.best = None;
        let left = if self.groups.is_empty() { self.before.errors().len() } else { self.targets().len() };
        if left == 0 || left >= before || self.applied.len() >= 10 {
            return self.done();
        }
        self.begin(files)
    }

    fn exhausted(&mut self, files: &dyn Files) -> Reply {
        if self.groups.is_empty() {
            // No edit cleared all errors; one that cleared some is a step on the way.
            return match self.best.clone() {
                Some((_, candidate)) => self.apply(files, candidate),
                None => self.give_up(),
            };
        }
        self.groups.remove(0);
        if self.groups.is_empty() { self.give_up() } else { self.begin_search(files) }
    }

    fn give_up(&mut self) -> Reply {
        self.stage = Stage::Finished;
        if !self.applied.is_empty() {
            return self.done();
        }
        finish(
            &format!(
                "None of {} candidate fixes made the failing tests pass. A configured model can look further: set OPENAI_API_KEY, or [model] in the configuration file.",
                self.tried.max(1) - usize::from(self.tried == 0)
            ),
            "",
            true,
        )
    }

    fn done(&mut self) -> Reply {
        self.stage = Stage::Finished;
        let titles: Vec<String> = self.applied.iter().map(|(candidate, _)| candidate.title.clone()).collect();
        let places: BTreeSet<&str> =
            self.applied.iter().flat_map(|(candidate, _)| &candidate.edits).map(|edit| edit.path.as_str()).collect();
        let place = places.into_iter().collect::<Vec<_>>().join(", ");
        let messages: Vec<String> =
            self.targets().iter().take(1).map(|case| case.message.lines().next().unwrap_or_default().to_owned()).collect();
        let cause = format!(
            "In {place}: {}{}",
            titles.join("; "),
            messages
                .first()
                .filter(|message| !message.is_empty())
                .map(|message| format!(" — it showed as “{message}”"))
                .unwrap_or_default()
        );
        finish(&format!("In {place}: {}.", titles.join("; ")), &cause, false)
    }
}

/// Failing tests to be repaired together: all at once first, then by the innermost function that their traces share.
fn groups(failing: &[TestCase]) -> Vec<Vec<TestId>> {
    let all: Vec<TestId> = failing.iter().map(|case| case.id.clone()).collect();
    let mut by_place: BTreeMap<String, Vec<TestId>> = BTreeMap::new();
    for case in failing {
        let frame = case.frames.iter().rev().find(|frame| Some(&frame.path) != case.path.as_ref());
        let place = match frame {
            Some(frame) => format!("{}:{}", frame.path, frame.function.as_deref().unwrap_or_default()),
            None => case.path.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        by_place.entry(place).or_default().push(case.id.clone());
    }
    if all.is_empty() {
        return Vec::new();
    }
    let parts = by_place.len();
    let mut groups = vec![all];
    if parts > 1 {
        groups.extend(by_place.into_values());
    }
    groups
}

fn trials(result: &ToolResult) -> Vec<Trial> {
    serde_json::from_value(result.data.clone()).unwrap_or_default()
}

fn passed(trials: &[Trial], candidate: &Candidate) -> bool {
    trials.iter().any(|trial| trial.id == candidate.id && trial.outcome == TrialOutcome::Passed)
}

fn key(candidate: &Candidate) -> String {
    Value::from_iter(candidate.edits.iter().map(|edit| json!([edit.path, edit.span.start, edit.span.end, edit.text]))).to_string()
}

/// The edits that take `edits` back, made for the text after them.
fn inverse(files: &dyn Files, edits: &[Edit]) -> Vec<Edit> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.path.clone(), edit.span.start));
    let (mut back, mut shift, mut path) = (Vec::new(), 0isize, None);
    for edit in sorted {
        if path != Some(&edit.path) {
            (shift, path) = (0, Some(&edit.path));
        }
        let old = files.read(&edit.path).and_then(|text| text.get(edit.span.clone()).map(str::to_owned)).unwrap_or_default();
        let start = edit.span.start.saturating_add_signed(shift);
        back.push(Edit { path: edit.path.clone(), span: start..start + edit.text.len(), text: old });
        shift += edit.text.len() as isize - edit.span.len() as isize;
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{MemoryFiles, RelPath, apply_edits};

    #[test]
    fn the_inverse_takes_edits_back() -> Result<(), Box<dyn std::error::Error>> {
        let path = RelPath::new("a.py")?;
        let files = MemoryFiles([(path.clone(), "alpha beta gamma".into())].into());
        let edits = vec![
            Edit { path: path.clone(), span: 11..16, text: "c".into() },
            Edit { path: path.clone(), span: 0..5, text: "longer".into() },
        ];
        let changed = apply_edits("alpha beta gamma", &edits)?;
        assert_eq!(changed, "longer beta c");
        assert_eq!(apply_edits(&changed, &inverse(&files, &edits))?, "alpha beta gamma");
        Ok(())
    }
}
