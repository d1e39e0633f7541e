//! Python candidates and coverage through the fork server of `harness/`, one sandboxed process for a whole batch.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::proof::runners::{Exchange, import_folders};
use crate::proof::{Bench, Candidate, Coverage, Suite, SuiteKind, TestId, Trial, TrialOutcome};
use crate::sandbox::{Exit, Limits, Outcome, SandboxError};
use crate::text::{Files, RelPath};

use super::shadow::Shadow;
use super::{CoverageOptions, TrialOptions, by_file, lines, setup, texts};

/// The harness, file by file; it needs Python 3.8 and nothing else.
const HARNESS: [(&str, &str); 8] = [
    ("__init__.py", ""),
    ("server.py", include_str!("harness/server.py")),
    ("tasks.py", include_str!("harness/tasks.py")),
    ("processes.py", include_str!("harness/processes.py")),
    ("runners.py", include_str!("harness/runners.py")),
    ("overlay.py", include_str!("harness/overlay.py")),
    ("swap.py", include_str!("harness/swap.py")),
    ("cover.py", include_str!("harness/cover.py")),
];
const PACKAGE: &str = "lamplighter_trials";

/// What the harness is asked to do (`job.json`).
#[derive(Debug, Serialize)]
struct Job<'a> {
    runner: &'static str,
    folder: &'a str,
    /// Folders to import from, besides the suite's own.
    paths: BTreeSet<String>,
    tests: &'a [TestId],
    options: &'a [String],
    /// Per candidate: file → edits.
    candidates: Vec<BTreeMap<&'a str, Vec<Splice>>>,
    cover: bool,
    parallel: usize,
    per_task: f64,
    total: f64,
    stop_after_passes: Option<usize>,
}

/// A byte range and what takes its place.
#[derive(Debug, Serialize)]
struct Splice {
    start: usize,
    end: usize,
    text: String,
}

/// A line of `results.jsonl`.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Result { task: usize, outcome: TrialOutcome, seconds: f64, doubt: Option<String> },
    Ready {},
    Unfit {},
}

/// See [`super::try_candidates`]; every candidate is known to apply.
pub(super) async fn try_candidates(
    bench: &Bench<'_>,
    suite: &Suite,
    candidates: &[&Candidate],
    tests: &[TestId],
    options: &TrialOptions,
) -> Result<Vec<Trial>, SandboxError> {
    let began = Instant::now();
    let in_memory = |candidate: &&&Candidate| candidate.edits.iter().all(|edit| edit.path.extension() == Some("py"));
    let (swappable, mut written): (Vec<&Candidate>, Vec<&Candidate>) = candidates.iter().partition(in_memory);
    let mut trials = Vec::new();
    if !swappable.is_empty() {
        let job = Job { candidates: swappable.iter().map(|candidate| splices(candidate)).collect(), ..job(bench, suite, tests, options) };
        for Tried { task, outcome, seconds, doubt } in run(bench, suite, &job, None).await?.1 {
            let Some(candidate) = swappable.get(task) else { continue };
            match doubt {
                None => trials.push(Trial { id: candidate.id, outcome, seconds }),
                Some(_) => written.push(candidate),
            }
        }
    }
    written.sort_by_key(|candidate| candidates.iter().position(|other| other.id == candidate.id));
    for candidate in written {
        let passes = trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).count();
        let left = options.total.saturating_sub(began.elapsed());
        if left.is_zero() || bench.cancel.is_cancelled() || options.stop_after_passes.is_some_and(|stop| passes >= stop) {
            break;
        }
        let options = TrialOptions { total: left, stop_after_passes: None, ..options.clone() };
        trials.extend(try_written(bench, suite, candidate, tests, &options).await?);
    }
    Ok(trials)
}

/// One candidate that cannot be tried in memory (its tests start other programs, or it changes data files): written to the
/// shadow tree and run there.
async fn try_written(
    bench: &Bench<'_>,
    suite: &Suite,
    candidate: &Candidate,
    tests: &[TestId],
    options: &TrialOptions,
) -> Result<Option<Trial>, SandboxError> {
    let began = Instant::now();
    let shadow = Shadow::of(bench, &suite.toolchain.program).await?;
    let failed = |error| setup(&suite.toolchain.program, error);
    for (path, text) in texts(bench, candidate).map_err(|why| setup(&suite.toolchain.program, why))? {
        shadow.write(&path, &text).map_err(failed)?;
    }
    let job = Job { candidates: vec![BTreeMap::new()], ..job(bench, suite, tests, options) };
    let events = run(bench, suite, &job, Some(&shadow)).await;
    for (path, _) in by_file(candidate) {
        shadow.restore(bench, path).map_err(failed)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(events?.1.into_iter().next().map(|tried| Trial { id: candidate.id, outcome: tried.outcome, seconds }))
}

/// See [`super::coverage`].
pub(super) async fn coverage(
    bench: &Bench<'_>,
    suite: &Suite,
    tests: &[TestId],
    options: &CoverageOptions,
) -> Result<Coverage, SandboxError> {
    let bounds = TrialOptions { per_candidate: options.per_test, stop_after_passes: None, total: options.total };
    let job = Job { cover: true, ..job(bench, suite, tests, &bounds) };
    let (exchange, events) = run(bench, suite, &job, None).await?;
    let names: Vec<TestId> = json(&exchange, "names.json").unwrap_or_default();
    let mut coverage = Coverage::default();
    for Tried { task, .. } in events {
        let lines: Option<BTreeMap<RelPath, BTreeSet<u32>>> = json(&exchange, &format!("cover-{task}.json"));
        if let (Some(name), Some(lines)) = (names.get(task), lines) {
            coverage.lines.insert(name.clone(), lines);
        }
    }
    Ok(coverage)
}

/// A JSON file that came out, where it is there and has the shape asked for.
fn json<T: DeserializeOwned>(exchange: &Exchange, name: &str) -> Option<T> {
    serde_json::from_str(&exchange.take(name)?).ok()
}

fn job<'a>(bench: &Bench<'_>, suite: &'a Suite, tests: &'a [TestId], options: &TrialOptions) -> Job<'a> {
    let mut paths: BTreeSet<String> = import_folders(bench.copy, suite).into_iter().collect();
    if suite.kind == SuiteKind::Unittest {
        paths.extend(test_folders(bench, suite, tests));
    }
    Job {
        runner: if suite.kind == SuiteKind::Pytest { "pytest" } else { "unittest" },
        folder: &suite.folder,
        paths,
        tests,
        options: &suite.args,
        candidates: Vec::new(),
        cover: false,
        parallel: std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4)),
        per_task: options.per_candidate.as_secs_f64(),
        total: options.total.as_secs_f64(),
        stop_after_passes: options.stop_after_passes,
    }
}

/// The folders that unittest's dotted names start from: that of a test file, or the one above the packages it lies in.
fn test_folders(bench: &Bench<'_>, suite: &Suite, tests: &[TestId]) -> BTreeSet<String> {
    let is_package = |folder: &str| {
        RelPath::new(suite.below(&format!("{folder}/__init__.py"))).is_ok_and(|path| Files::read(bench.copy, &path).is_some())
    };
    let mut folders = BTreeSet::new();
    for path in bench.copy.files().iter().filter(|path| path.extension() == Some("py") && suite.owns(path)) {
        let Some(module) = suite.relative(path).and_then(|path| path.strip_suffix(".py")) else { continue };
        let mut folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
        while !folder.is_empty() && is_package(folder) {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
        let name = module[folder.len()..].trim_start_matches('/').replace('/', ".");
        let named = |id: &TestId| id.0.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if !folder.is_empty() && tests.iter().any(named) {
            folders.insert(folder.to_owned());
        }
    }
    folders
}

fn splices(candidate: &Candidate) -> BTreeMap<&str, Vec<Splice>> {
    let mut files: BTreeMap<&str, Vec<Splice>> = BTreeMap::new();
    for edit in &candidate.edits {
        let splice = Splice { start: edit.span.start, end: edit.span.end, text: edit.text.clone() };
        files.entry(edit.path.as_str()).or_default().push(splice);
    }
    files
}

/// One task's result.
#[derive(Debug)]
struct Tried {
    task: usize,
    outcome: TrialOutcome,
    seconds: f64,
    /// Why the result may differ from a run on written files.
    doubt: Option<String>,
}

/// Runs one job; the exchange folder is handed back for what else lies in it.
async fn run(bench: &Bench<'_>, suite: &Suite, job: &Job<'_>, tree: Option<&Shadow>) -> Result<(Exchange, Vec<Tried>), SandboxError> {
    let program = &suite.toolchain.program;
    let exchange = Exchange::new(bench.copy, &[("run.py", include_str!("harness/run.py"))])?;
    std::fs::create_dir(exchange.inbox().join(PACKAGE)).map_err(|error| setup(program, error))?;
    for (name, text) in HARNESS {
        exchange.put(&format!("{PACKAGE}/{name}"), text)?;
    }
    exchange.put("job.json", &serde_json::to_string(job).map_err(|error| setup(program, error))?)?;
    let mut command = suite.toolchain.command([exchange.inbox().join("run.py").to_string_lossy()]);
    exchange.mount(&mut command);
    command.cwd.clone_from(&suite.folder);
    command.tree = tree.map(|shadow| shadow.root().to_owned());
    command.env.entry("PYTHONHASHSEED".into()).or_insert_with(|| "0".into());
    command.limits = Limits { wall: Duration::from_secs_f64(job.total) + Duration::from_secs(10), ..bench.limits.clone() };
    let outcome = bench.run(command).await?;
    let events: Vec<Event> = lines(&exchange.take("results.jsonl").unwrap_or_default());
    if events.is_empty() && !matches!(outcome.exit, Exit::Cancelled | Exit::Timeout) {
        return Err(setup(program, failure(&outcome)));
    }
    let results = events.into_iter().filter_map(|event| match event {
        Event::Result { task, outcome, seconds, doubt } => Some(Tried { task, outcome, seconds, doubt }),
        Event::Ready {} | Event::Unfit {} => None,
    });
    Ok((exchange, results.collect()))
}

/// Why nothing came back, in a few lines.
fn failure(outcome: &Outcome) -> String {
    let text = outcome.stderr.text();
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    format!("the test harness ended with {:?}: {}", outcome.exit, lines.into_iter().rev().collect::<Vec<_>>().join(" | "))
}
