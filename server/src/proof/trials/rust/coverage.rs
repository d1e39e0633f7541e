//! Coverage of Rust tests: the workspace's library and program code with probes, each test in a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::proof::{Bench, Coverage, Suite, TestId, TrialOutcome};
use crate::sandbox::{Limits, SandboxError};
use crate::text::{Files, RelPath};

use super::super::{CoverageOptions, setup};
use super::build::{Built, build, by_binary};
use super::drive::{Bounds, Driven, Step, Task, drive};
use super::probes::{Probed, VARIABLE};
use super::shadow;

/// Source beyond this much is left without probes.
const MOST_SOURCE: usize = 4 << 20;
const MOST_BUILDS: usize = 6;

/// See [`super::super::coverage`].
pub(in crate::proof::trials) async fn coverage(
    bench: &Bench<'_>,
    suite: &Suite,
    tests: &[TestId],
    options: &CoverageOptions,
) -> Result<Coverage, SandboxError> {
    let tests = &super::built(tests);
    if tests.is_empty() {
        return Ok(Coverage::default());
    }
    let began = Instant::now();
    let shadow = shadow(bench, suite).await?;
    let sources = sources(bench, suite);
    let limits = Limits { wall: options.total.min(bench.limits.wall), ..bench.limits.clone() };
    let bench = &Bench { limits: &limits, ..*bench };
    let mut without: BTreeSet<(RelPath, usize)> = BTreeSet::new();
    let mut coverage = Coverage::default();
    for _ in 0..MOST_BUILDS {
        let mut probed = Probed::default();
        sources.iter().for_each(|(path, text)| probed.add(path, text, &without));
        for (path, text) in &probed.files {
            shadow.write(path, text).map_err(|error| setup(&suite.toolchain.program, error))?;
        }
        for (path, _) in sources.iter().filter(|(path, _)| !probed.files.contains_key(*path)) {
            shadow.restore(bench, path).map_err(|error| setup(&suite.toolchain.program, error))?;
        }
        match build(bench, suite, &shadow, tests).await? {
            Built::Unfinished => break,
            Built::Errors(errors) => {
                let known = without.len();
                without.extend(errors.iter().flat_map(|error| &error.places).filter_map(|(path, line)| probed.function_at(path, *line)));
                if without.len() == known {
                    break; // the code itself does not compile: nothing runs, so nothing is covered
                }
            }
            Built::Ready(binaries) => {
                let groups: Vec<_> = tests
                    .iter()
                    .flat_map(|test| by_binary(&binaries, std::slice::from_ref(test)).into_iter().map(move |group| (test, group)))
                    .collect();
                let steps: Vec<Step<'_>> = groups.iter().map(|(_, (binary, names))| Step { binary, names: names.clone() }).collect();
                let task = |number| Task { name: number, steps: vec![number], env: vec![(VARIABLE, format!("{{out}}/{number}.cover"))] };
                let list: Vec<Task> = (0..steps.len()).map(task).collect();
                let total = options.total.saturating_sub(began.elapsed());
                let bounds = Bounds { per_task: options.per_test, total, stop_after_passes: None };
                let driven = drive(bench, suite, &shadow, &steps, &list, &bounds).await?;
                let names: Vec<&TestId> = groups.iter().map(|(test, _)| *test).collect();
                coverage.lines.extend(read(&driven, &names, &probed));
                break;
            }
        }
    }
    Ok(coverage)
}

/// The suite's own Rust files that are not tests, benchmarks, examples or build scripts.
fn sources(bench: &Bench<'_>, suite: &Suite) -> BTreeMap<RelPath, String> {
    let aside = |path: &RelPath| {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        parts.iter().any(|part| matches!(*part, "tests" | "benches" | "examples" | "fuzz" | "tests.rs" | "test.rs" | "build.rs"))
    };
    let mut sources = BTreeMap::new();
    let mut size = 0;
    for path in bench.copy.files().into_iter().filter(|path| path.extension() == Some("rs") && suite.owns(path) && !aside(path)) {
        let Some(text) = Files::read(bench.copy, &path).filter(|text| size + text.len() <= MOST_SOURCE) else { continue };
        size += text.len();
        sources.insert(path, text.to_string());
    }
    sources
}

/// The lines behind the probes each test hit; a test that ran past its time is left out.
fn read(driven: &Driven, tests: &[&TestId], probed: &Probed) -> BTreeMap<TestId, BTreeMap<RelPath, BTreeSet<u32>>> {
    let mut all = BTreeMap::new();
    for (number, outcome, _) in &driven.results {
        let Some(test) = tests.get(*number).filter(|_| *outcome != TrialOutcome::Timeout) else { continue };
        let mut files: BTreeMap<RelPath, BTreeSet<u32>> = BTreeMap::new();
        let hits = driven.exchange.take(&format!("{number}.cover")).unwrap_or_default();
        for (path, lines) in hits.lines().filter_map(|line| probed.probes.get(line.parse::<usize>().ok()?)) {
            files.entry(path.clone()).or_default().extend(lines);
        }
        all.insert((*test).clone(), files);
    }
    all
}
