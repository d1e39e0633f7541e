//! Running the written tests for real, through the project's own runner: twice on the original, and on mutants until they fail on one.

use std::time::Duration;

use super::{Budget, Restore, TestgenError};
use crate::proof::{self, Bench, Selection, Suite, TestCase, TestId, TestStatus};
use crate::text::{Edit, Files, RelPath, apply_edits};

/// Real runs on mutants at most, in the order given.
const MUTANT_RUNS: usize = 4;

/// How the written tests did.
#[derive(Debug)]
enum Run {
    /// Every one passed; their ids, as the runner knows them.
    Green(Vec<TestId>),
    /// These did not.
    Red(Vec<String>),
    /// The runner came to no verdict, and why.
    Unclear(String),
}

/// Where written tests are tried.
pub(super) struct Prover<'a> {
    /// The copy and its walls.
    pub(super) bench: Bench<'a>,
    /// The runner.
    pub(super) suite: &'a Suite,
    /// The texts the edits were made for.
    pub(super) files: &'a dyn Files,
    /// The file the tests stand in.
    pub(super) path: &'a RelPath,
    /// What is left to spend.
    pub(super) budget: &'a Budget,
}

impl Prover<'_> {
    /// Runs tests until those left pass twice in a row. `edits` writes the tests with the given names. Returns the names left.
    pub(super) async fn settle(
        &self,
        mut names: Vec<String>,
        edits: impl Fn(&[String]) -> Vec<Edit>,
        notes: &mut Vec<String>,
    ) -> Result<(Vec<String>, Vec<TestId>), TestgenError> {
        let mut restore = Restore::new(self.bench);
        let (mut green, mut known) = (0, Vec::new());
        while green < 2 {
            self.write(&mut restore, &edits(&names), None)?;
            let selection = if known.is_empty() { Selection::Files(vec![self.path.clone()]) } else { Selection::Ids(known.clone()) };
            match self.run(&names, &selection, self.budget.left()).await? {
                Run::Green(ids) => (green, known) = (green + 1, ids),
                Run::Red(failed) => {
                    (green, known) = (0, Vec::new());
                    names.retain(|name| !failed.contains(name));
                    notes
                        .extend(failed.iter().map(|name| format!("`{name}` did not pass under the project's own runner and was left out")));
                }
                Run::Unclear(why) => return Err(super::nothing(&format!("the written tests could not be run: {why}"), notes)),
            }
            if names.is_empty() {
                return Err(super::nothing("none of the written tests passed under the project's own runner", notes));
            }
        }
        Ok((names, known))
    }

    /// Whether the tests fail on one of the changed texts of `path`.
    pub(super) async fn notices(&self, names: &[String], ids: &[TestId], edits: &[Edit], mutants: Vec<Edit>) -> Result<bool, TestgenError> {
        let mut restore = Restore::new(self.bench);
        for mutant in mutants.into_iter().take(MUTANT_RUNS) {
            self.write(&mut restore, edits, Some(mutant))?;
            let wall = self.budget.left().min(Duration::from_secs(60));
            if let Run::Red(_) = self.run(names, &Selection::Ids(ids.to_vec()), wall).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the tests into the copy until the guard is dropped.
    pub(super) fn hold(&self, edits: &[Edit]) -> Result<Restore<'_>, TestgenError> {
        let mut restore = Restore::new(self.bench);
        self.write(&mut restore, edits, None)?;
        Ok(restore)
    }

    /// Writes the edited files into the copy, with one more change where a mutant is tried.
    fn write(&self, restore: &mut Restore<'_>, edits: &[Edit], mutant: Option<Edit>) -> Result<(), TestgenError> {
        let mut paths: Vec<&RelPath> = edits.iter().chain(&mutant).map(|edit| &edit.path).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let old = restore.first(path).or_else(|| self.files.read(path).map(|text| text.to_string())).unwrap_or_default();
            let mine: Vec<Edit> = edits.iter().chain(&mutant).filter(|edit| edit.path == *path).cloned().collect();
            let text = apply_edits(&old, &mine)
                .map_err(|error| TestgenError::Observer { why: format!("the written tests do not fit into {path}: {error}") })?;
            restore.write(path, &text)?;
        }
        Ok(())
    }

    async fn run(&self, names: &[String], selection: &Selection, wall: Duration) -> Result<Run, TestgenError> {
        let mut limits = self.bench.limits.clone();
        limits.wall = wall.min(limits.wall);
        let bench = Bench { limits: &limits, ..self.bench };
        let report = proof::test(&bench, self.suite, selection).await?;
        let case = |name: &String| -> Option<&TestCase> {
            report.cases.iter().find(|case| case.id.0.rsplit(['.', ':', '$']).next() == Some(name))
        };
        let passed = |name: &&String| case(name).is_some_and(|case| case.status == TestStatus::Passed);
        let red = |name: &&String| case(name).map_or(report.complete, |case| case.status != TestStatus::Passed);
        if names.iter().all(|name| passed(&name)) {
            return Ok(Run::Green(names.iter().filter_map(|name| Some(case(name)?.id.clone())).collect()));
        }
        let failed: Vec<String> = names.iter().filter(red).cloned().collect();
        if !failed.is_empty() {
            return Ok(Run::Red(failed));
        }
        let errors = report.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).take(3);
        let mut why: Vec<String> = report.notes.iter().cloned().chain(errors).collect();
        let tail: Vec<&str> = report.tail.lines().filter(|line| !line.trim().is_empty()).collect();
        why.push(tail.get(tail.len().saturating_sub(6)..).unwrap_or_default().join(" · "));
        Ok(Run::Unclear(why.join("; ")))
    }
}
