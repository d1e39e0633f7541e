//! Rust candidates and coverage: many variants in one build, one run of the wanted tests each.
//!
//! [`syntax`] says which bodies may be rewritten, [`variants`] and [`probes`] rewrite them, [`build`] compiles the shadow
//! tree, [`drive`] runs the binaries. What no variant can express is built alone, while there is time.

mod build;
mod coverage;
mod drive;
mod probes;
mod syntax;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::proof::{Bench, Candidate, Suite, TestId, Trial, TrialOutcome};
use crate::sandbox::{Limits, SandboxError};
use crate::text::{Files, RelPath};

pub(super) use self::coverage::coverage;

use self::build::{Built, CompileError, build, by_binary, target_folder};
use self::drive::{Bounds, Step, Task, drive};
use self::variants::{Arm, Body, Sources, VARIABLE, Variant};
use super::shadow::Shadow;
use super::{TrialOptions, setup, texts};

/// Added source per build: beyond it a build takes longer than a second one.
const LARGEST_WEAVE: usize = 300_000;
const MOST_VARIANTS: usize = 400;

/// Tests that stand in a binary: doc tests are compiled by rustdoc one by one, which only a full run does.
fn built(tests: &[TestId]) -> Vec<TestId> {
    tests.iter().filter(|id| id.0.contains('$') && !id.0.contains("::doc$")).cloned().collect()
}

/// See [`super::try_candidates`]; every candidate is known to apply.
pub(super) async fn try_candidates(
    bench: &Bench<'_>,
    suite: &Suite,
    candidates: &[&Candidate],
    tests: &[TestId],
    options: &TrialOptions,
) -> Result<Vec<Trial>, SandboxError> {
    let tests = built(tests);
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let began = Instant::now();
    let shadow = shadow(bench, suite).await?;
    let sources = Sources::of(candidates, |path| Files::read(bench.copy, path).map(|text| text.to_string()));
    let mut trying = Trying { bench, suite, tests: &tests, options, began, shadow, sources, written: BTreeSet::new(), trials: Vec::new() };
    let mut alone: Vec<usize> = Vec::new();
    let mut batch = Vec::new();
    for candidate in candidates {
        match trying.sources.variant(candidate).filter(|_| compiled_into_tests(bench, candidate)) {
            Some(variant) => batch.push(variant),
            None => alone.push(candidate.id),
        }
        if batch.len() >= MOST_VARIANTS || batch.iter().map(Variant::size).sum::<usize>() >= LARGEST_WEAVE {
            alone.extend(trying.weave(std::mem::take(&mut batch)).await?);
        }
    }
    alone.extend(trying.weave(batch).await?);
    for candidate in candidates.iter().filter(|candidate| alone.contains(&candidate.id)) {
        trying.alone(candidate).await?;
    }
    Ok(trying.trials)
}

/// The shadow tree, with the copy's build of the dependencies.
async fn shadow(bench: &Bench<'_>, suite: &Suite) -> Result<Shadow, SandboxError> {
    let shadow = Shadow::of(bench, &suite.toolchain.program).await?;
    if let Some(target) = target_folder(suite) {
        shadow.seed(bench, &target);
    }
    Ok(shadow)
}

/// Whether the changed code runs in the tests' own process: not in a build script or a procedural macro.
fn compiled_into_tests(bench: &Bench<'_>, candidate: &Candidate) -> bool {
    candidate.edits.iter().all(|edit| {
        let mut folder = edit.path.parent();
        let mut manifest = None;
        while let (None, Some(above)) = (&manifest, folder) {
            manifest = RelPath::new(format!("{above}/Cargo.toml")).ok().and_then(|path| Files::read(bench.copy, &path));
            folder = above.rsplit_once('/').map(|(above, _)| above);
        }
        let manifest = manifest.or_else(|| Files::read(bench.copy, &RelPath::new("Cargo.toml").ok()?));
        let macros = manifest.is_some_and(|text| text.lines().any(|line| line.replace(' ', "").starts_with("proc-macro=true")));
        edit.path.file_name() != "build.rs" && !macros
    })
}

/// One call's state.
struct Trying<'a> {
    bench: &'a Bench<'a>,
    suite: &'a Suite,
    tests: &'a [TestId],
    options: &'a TrialOptions,
    began: Instant,
    shadow: Shadow,
    sources: Sources,
    /// Files of the shadow that differ from the copy.
    written: BTreeSet<RelPath>,
    trials: Vec<Trial>,
}

impl Trying<'_> {
    fn left(&self) -> Duration {
        self.options.total.saturating_sub(self.began.elapsed())
    }

    fn over(&self) -> bool {
        let passes = self.trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).count();
        self.left().is_zero() || self.bench.cancel.is_cancelled() || self.options.stop_after_passes.is_some_and(|stop| passes >= stop)
    }

    /// Makes the shadow the copy with `files` in it, touching nothing that stays the same.
    fn write(&mut self, files: &BTreeMap<RelPath, String>) -> Result<(), SandboxError> {
        let failed = |error| setup(&self.suite.toolchain.program, error);
        for path in self.written.iter().filter(|path| !files.contains_key(*path)) {
            self.shadow.restore(self.bench, path).map_err(failed)?;
        }
        for (path, text) in files {
            self.shadow.write(path, text).map_err(failed)?;
        }
        self.written = files.keys().cloned().collect();
        Ok(())
    }

    async fn build(&self) -> Result<Built, SandboxError> {
        let limits = Limits { wall: self.left().min(self.bench.limits.wall), ..self.bench.limits.clone() };
        build(&Bench { limits: &limits, ..*self.bench }, self.suite, &self.shadow, self.tests).await
    }

    fn broken(&mut self, id: usize, error: &CompileError) {
        let outcome = TrialOutcome::Broken { message: error.message.clone() };
        self.trials.push(Trial { id, outcome, seconds: 0.0 });
    }

    /// Tries variants in one build; hands back the candidates that have to be built alone.
    async fn weave(&mut self, mut variants: Vec<Variant>) -> Result<Vec<usize>, SandboxError> {
        let mut dead: BTreeSet<Body> = BTreeSet::new();
        while !variants.is_empty() && !self.over() {
            let woven = self.sources.weave(&variants, &dead);
            self.write(&woven.files)?;
            match self.build().await? {
                Built::Unfinished => break,
                Built::Ready(binaries) => {
                    let tasks = variants.iter().enumerate().map(|(number, variant)| (variant.id, number + 1));
                    self.run(&binaries, tasks.collect()).await?;
                    break;
                }
                Built::Errors(errors) => {
                    let owners = |error: &CompileError| error.places.iter().find_map(|(path, line)| woven.owner(path, *line).cloned());
                    let owned: Vec<(Arm, &CompileError)> = errors.iter().filter_map(|error| Some((owners(error)?, error))).collect();
                    if owned.is_empty() {
                        return self.unwoven(variants).await;
                    }
                    for (arm, error) in owned {
                        let lost: Vec<usize> = match arm {
                            Arm::Variant(id) => variants.iter().map(|variant| variant.id).filter(|other| *other == id).collect(),
                            Arm::Original(place) => {
                                dead.insert(place.clone());
                                variants.iter().filter(|variant| !variant.replaces(&place)).map(|variant| variant.id).collect()
                            }
                        };
                        variants.retain(|variant| !lost.contains(&variant.id));
                        lost.into_iter().for_each(|id| self.broken(id, error));
                    }
                }
            }
        }
        Ok(Vec::new())
    }

    /// The errors are no variant's: either the code does not compile as it is, and a candidate that leaves those files alone
    /// cannot help, or it does not stand being rewritten. Hands back the candidates that have to be built alone.
    async fn unwoven(&mut self, variants: Vec<Variant>) -> Result<Vec<usize>, SandboxError> {
        self.write(&BTreeMap::new())?;
        let errors = match self.build().await? {
            Built::Unfinished => return Ok(Vec::new()),
            Built::Ready(_) => return Ok(variants.iter().map(|variant| variant.id).collect()),
            Built::Errors(errors) => errors,
        };
        let named = |variant: &Variant| errors.iter().flat_map(|error| &error.places).any(|(path, _)| variant.changes(path));
        let (near, far): (Vec<Variant>, Vec<Variant>) = variants.into_iter().partition(named);
        if let Some(error) = errors.first() {
            far.iter().for_each(|variant| self.broken(variant.id, error));
        }
        Ok(near.iter().map(|variant| variant.id).collect())
    }

    /// One candidate written over the shadow and built as it is.
    async fn alone(&mut self, candidate: &Candidate) -> Result<(), SandboxError> {
        if self.over() {
            return Ok(());
        }
        let began = Instant::now();
        let files = texts(self.bench, candidate).map_err(|why| setup(&self.suite.toolchain.program, why))?;
        self.write(&files.into_iter().collect())?;
        match self.build().await? {
            Built::Unfinished => {}
            Built::Errors(errors) => {
                if let Some(error) = errors.first() {
                    self.broken(candidate.id, error);
                }
            }
            Built::Ready(binaries) => self.run(&binaries, vec![(candidate.id, 0)]).await?,
        }
        if let Some(trial) = self.trials.last_mut().filter(|trial| trial.id == candidate.id) {
            trial.seconds = began.elapsed().as_secs_f64();
        }
        Ok(())
    }

    /// Runs the wanted tests for (candidate, variant number) each: the first test alone, as most candidates fail on it.
    async fn run(&mut self, binaries: &[crate::proof::runners::TestBinary], tasks: Vec<(usize, usize)>) -> Result<(), SandboxError> {
        let (first, rest) = self.tests.split_at(1);
        let groups = by_binary(binaries, first).into_iter().chain(by_binary(binaries, rest));
        let steps: Vec<Step<'_>> = groups.map(|(binary, names)| Step { binary, names }).collect();
        let found: usize = steps.iter().map(|step| step.names.len()).sum();
        if found < self.tests.len() {
            let missing = self.tests.iter().find(|id| !binaries.iter().any(|binary| id.0.starts_with(&format!("{}$", binary.id))));
            let message = format!("the test `{}` was not found", missing.map_or("", |id| &id.0));
            let red = |(id, _): (usize, usize)| Trial {
                id,
                outcome: TrialOutcome::Red { passed: 0, failed: self.tests.len(), message: message.clone() },
                seconds: 0.0,
            };
            self.trials.extend(tasks.into_iter().map(red));
            return Ok(());
        }
        let passes = self.trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).count();
        let bounds = Bounds {
            per_task: self.options.per_candidate,
            total: self.left(),
            stop_after_passes: self.options.stop_after_passes.map(|stop| stop.saturating_sub(passes)),
        };
        let all: Vec<usize> = (0..steps.len()).collect();
        let list: Vec<Task> =
            tasks.iter().map(|(_, number)| Task { name: *number, steps: all.clone(), env: vec![(VARIABLE, number.to_string())] }).collect();
        let driven = drive(self.bench, self.suite, &self.shadow, &steps, &list, &bounds).await?;
        for (number, outcome, seconds) in driven.results {
            self.trials.extend(tasks.iter().find(|task| task.1 == number).map(|(id, _)| Trial { id: *id, outcome, seconds }));
        }
        Ok(())
    }
}
