//! Do fast trials and plain runs agree on real code? Changes operators and constants of a project at random places, tries
//! each change both ways on a sample of its tests, and prints where the verdicts differ, and how long each way took.
//! `cargo run --example bench_agree WORKSPACE [CHANGES] [TESTS] [SEED]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lamplighter::proof::trials::{TrialOptions, try_candidates};
use lamplighter::proof::{Bench, Candidate, Host, Overrides, Selection, Suite, SuiteKind, TestId, TestStatus, TrialOutcome, suites, test};
use lamplighter::sandbox::{Copy, Limits, Walls};
use lamplighter::session::Snapshot;
use lamplighter::text::{Edit, Files, RelPath};
use tokio_util::sync::CancellationToken;

const SWAPS: [(&str, &str); 16] = [
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    (" < ", " <= "),
    (" > ", " >= "),
    (" == ", " != "),
    (" != ", " == "),
    (" and ", " or "),
    (" or ", " and "),
    (" && ", " || "),
    ("True", "False"),
    ("False", "True"),
    ("true", "false"),
    (" not ", " "),
    ("[0]", "[1]"),
    (" 1", " 2"),
];

/// Places where something can be swapped, in code that is not a test.
fn places(copy: &Copy, suite: &Suite) -> Vec<Edit> {
    let extension = if suite.kind == SuiteKind::Cargo { "rs" } else { "py" };
    let test = |path: &RelPath| {
        path.as_str().split('/').any(|part| part.contains("test") || part == "benches" || part == "examples" || part == "docs")
    };
    let mut found = Vec::new();
    for path in copy.files().into_iter().filter(|path| path.extension() == Some(extension) && suite.owns(path) && !test(path)) {
        let text = Files::read(copy, &path).unwrap_or_default();
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        for (old, new) in SWAPS {
            let edit = |(start, old): (usize, &str)| Edit { path: path.clone(), span: start..start + old.len(), text: new.to_owned() };
            found.extend(text[..end].match_indices(old).map(edit));
        }
    }
    found
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize, otherwise: usize| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let root = PathBuf::from(arguments.get(1).expect("a workspace")).canonicalize().expect("a folder");
    let (changes, sample) = (number(2, 40), number(3, 40));
    let mut random = fastrand::Rng::with_seed(number(4, 1) as u64);
    let cache = tempfile::tempdir().expect("a folder");
    let copy = Copy::open(cache.path(), &Snapshot::of_disk(&root)).expect("a copy");
    let program = std::env::current_exe().expect("this program");
    let helper = program.parent().and_then(Path::parent).expect("a target folder").join("lamplighter");
    let (walls, limits, cancel) =
        (Walls::probe_with_helper(helper).await, Limits { wall: Duration::from_secs(60), ..Limits::default() }, CancellationToken::new());
    let bench = Bench { sandbox: &walls, copy: &copy, limits: &limits, cancel: &cancel };
    let found = suites(&copy, &Host::current(), &Overrides::default());
    let suite = found.suites.first().unwrap_or_else(|| panic!("no suite: {found:?}"));

    let before = test(&bench, suite, &Selection::All).await.expect("a first run");
    let green = before.cases.iter().filter(|case| case.status == TestStatus::Passed && !case.id.0.contains("::doc$"));
    let mut ids: Vec<TestId> = green.map(|case| case.id.clone()).collect();
    random.shuffle(&mut ids);
    ids.truncate(sample);
    let mut edits = places(&copy, suite);
    random.shuffle(&mut edits);
    edits.truncate(changes);
    let candidates: Vec<Candidate> =
        edits.into_iter().enumerate().map(|(id, edit)| Candidate { id, title: edit.text.clone(), edits: vec![edit] }).collect();

    let began = Instant::now();
    let options = TrialOptions { per_candidate: Duration::from_secs(20), ..TrialOptions::default() };
    let trials = try_candidates(&bench, suite, &candidates, &ids, &options).await.expect("trials");
    let fast = began.elapsed().as_secs_f64();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let (mut cold, selection) = (0.0, Selection::Ids(ids.clone()));
    for candidate in &candidates {
        let edit = &candidate.edits[0];
        let text = Files::read(&copy, &edit.path).expect("a text");
        let new = lamplighter::text::apply_edits(&text, &candidate.edits).expect("an edit that fits");
        copy.write(&edit.path, new.as_bytes()).expect("a written candidate");
        let began = Instant::now();
        let report = test(&bench, suite, &selection).await.expect("a run");
        cold += began.elapsed().as_secs_f64();
        copy.write(&edit.path, text.as_bytes()).expect("the text as it was");
        let passed =
            report.complete && ids.iter().all(|id| report.cases.iter().any(|case| case.id == *id && case.status == TestStatus::Passed));
        let outcome = trials.iter().find(|trial| trial.id == candidate.id).map(|trial| &trial.outcome);
        let pair = (if outcome == Some(&TrialOutcome::Passed) { "passed" } else { "red" }, if passed { "passed" } else { "red" });
        *counts.entry(pair).or_default() += 1;
        if pair.0 != pair.1 {
            let line = text[..edit.span.start].lines().count();
            println!("  {}:{line} `{}` → `{}`: fast {outcome:?}, plain {:?}", edit.path, &text[edit.span.clone()], edit.text, report.notes);
        }
    }
    let (each, plain) = (fast * 1e3 / candidates.len() as f64, cold * 1e3 / candidates.len() as f64);
    let slowest = trials.iter().map(|trial| trial.seconds).fold(0.0, f64::max);
    println!(
        "{}: {} tests, (fast, plain) {counts:?}; {each:.1} ms each against {plain:.1} ms; slowest trial {slowest:.2} s",
        root.display(),
        ids.len()
    );
}
