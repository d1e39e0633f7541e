//! The verdict: before against after, test by test and finding by finding, under rules that do not trust appearances.
//!
//! A fix turns something red to green and breaks nothing. What is missing, skipped or expected to fail afterwards is not
//! green. A run that did not come to its end proves nothing. Weakened tests and settings block, whatever the results say.

mod compare;
mod weigh;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Patch, RelPath};

use super::{CheckReport, Context, Observation, Screening, TestCase, TestId, TestReport};

use compare::{NEW, compare_findings, compare_tests, counts, findings, named};
use weigh::weigh;

/// What a change is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// Something that is red — a test, or an error of a check — turns green.
    Fix,
    /// Exactly these turn green.
    FixOf(Targets),
    /// Tests are added.
    Tests,
    /// A goal in words: nothing breaks.
    Goal,
}

/// What a fix was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Red tests.
    pub tests: Vec<TestId>,
    /// Findings: file and message, as a check reported them.
    pub diagnostics: Vec<(RelPath, String)>,
}

/// Yes, no, or cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictStatus {
    /// Proven.
    Verified,
    /// Nothing speaks against it, and nothing that ran proves it.
    Unverified,
    /// It breaks something, weakens something, or does not do what was wanted.
    Failed,
    /// Nothing was changed.
    NoChange,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Yes, no, or cannot say.
    pub status: VerdictStatus,
    /// Why, in sentences; the most important first.
    pub reasons: Vec<String>,
    /// Tests (by id) and findings (`error E0425 in src/lib.rs: …`) that were red and are green.
    pub red_to_green: Vec<String>,
    /// Red before and red now.
    pub still_red: Vec<String>,
    /// Green before and not any more, and findings that are new.
    pub broken: Vec<String>,
    /// Tests that are new and pass.
    pub new: Vec<String>,
    /// Tests whose result changed from one run to the next.
    pub flaky: Vec<String>,
    /// Files of the patch that others execute or follow: a yes of their own is needed.
    pub needs_confirmation: Vec<RelPath>,
    /// What the screening of the patch's texts found.
    pub screening: Screening,
    /// What was run, before and after.
    pub evidence: Vec<Evidence>,
}

/// One entry of the result's `evidence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// `test`, `check`, `mutant` or `review`.
    pub kind: String,
    /// The command line.
    pub command: Vec<String>,
    /// The outcome before, in words (`11 passed, 1 failed`).
    pub before: String,
    /// The outcome after.
    pub after: String,
    /// What turned green.
    pub red_to_green: Vec<String>,
    /// What broke.
    pub broken: Vec<String>,
}

/// What happened to one suite or check, before being weighed.
#[derive(Debug, Default)]
struct Tally {
    red_to_green: Vec<String>,
    still_red: Vec<String>,
    broken: Vec<String>,
    new: Vec<String>,
    /// Tests that no longer say anything.
    weakened: Vec<String>,
    /// Why the result cannot be believed or compared.
    unknown: Vec<String>,
}

/// Weighs `after` against `before` for `patch`.
pub fn judge(before: &Observation, after: &Observation, patch: &Patch, want: &Want) -> Verdict {
    let screening = super::screen(patch, &context(before, want));
    judge_screened(before, after, patch, want, screening)
}

/// The context of the screening that an observation gives.
pub(super) fn context(before: &Observation, want: &Want) -> Context {
    let cases = || before.tests.iter().flat_map(|report| &report.cases);
    let is_doc = |case: &&TestCase| {
        case.id.0.contains("::doc$") || case.id.0.split_once("::").is_some_and(|(file, rest)| file.ends_with(".py") && rest.contains('.'))
    };
    Context {
        test_files: cases().filter_map(|case| case.path.clone()).filter(|path| path.extension() == Some("py")).collect(),
        doc_test_files: cases().filter(is_doc).filter_map(|case| case.path.clone()).collect(),
        settings_allowed: *want == Want::Goal,
    }
}

pub(super) fn judge_screened(before: &Observation, after: &Observation, patch: &Patch, want: &Want, screening: Screening) -> Verdict {
    let mut total = Tally::default();
    let mut evidence = Vec::new();
    for report in &after.tests {
        let old = before.tests.iter().find(|old| same_suite(old, report));
        let tally = compare_tests(old, report, patch);
        evidence.push(entry("test", &report.command, old.map_or_else(|| "not run".to_owned(), counts), counts(report), &tally));
        total.add(tally);
    }
    for old in before.tests.iter().filter(|old| !after.tests.iter().any(|report| same_suite(old, report))) {
        total.unknown.push(format!("{} ran before and was not run again", old.runner));
    }
    let tally = compare_findings(before, after, want);
    for report in &after.checks {
        let old = before.checks.iter().find(|old| same_check(old, report));
        evidence.push(check_entry(old, report, &tally));
        if !report.complete && old.is_none_or(|old| old.complete) {
            total.unknown.push(format!("{} did not come to its end: {}", report.checker, report.notes.join("; ")));
        }
    }
    for old in before.checks.iter().filter(|old| !after.checks.iter().any(|report| same_check(old, report))) {
        total.unknown.push(format!("{} ran before and was not run again", old.checker));
    }
    total.add(tally);
    conclude(total, evidence, patch, want, screening, after)
}

fn same_check(a: &CheckReport, b: &CheckReport) -> bool {
    a.folder == b.folder && a.checker == b.checker
}

/// A check's part of what happened to findings: those it reported before or reports now.
fn check_entry(old: Option<&CheckReport>, report: &CheckReport, tally: &Tally) -> Evidence {
    let own: BTreeSet<String> = old.into_iter().chain([report]).flat_map(|report| &report.diagnostics).map(named).collect();
    let of = |names: &[String]| names.iter().filter(|name| own.contains(name.trim_end_matches(NEW))).cloned().collect::<Vec<_>>();
    let part = Tally { red_to_green: of(&tally.red_to_green), broken: of(&tally.broken), ..Tally::default() };
    let before = old.map_or_else(|| "not run".to_owned(), |old| findings(&old.diagnostics));
    entry("check", &report.command, before, findings(&report.diagnostics), &part)
}

fn same_suite(a: &TestReport, b: &TestReport) -> bool {
    let family = |report: &TestReport| report.runner.split(' ').next().unwrap_or_default().to_owned();
    a.folder == b.folder && family(a) == family(b)
}

fn entry(kind: &str, command: &[String], before: String, after: String, tally: &Tally) -> Evidence {
    let (red_to_green, broken) = (tally.red_to_green.clone(), [tally.broken.clone(), tally.weakened.clone()].concat());
    Evidence { kind: kind.to_owned(), command: command.to_vec(), before, after, red_to_green, broken }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.red_to_green.extend(other.red_to_green);
        self.still_red.extend(other.still_red);
        self.broken.extend(other.broken);
        self.new.extend(other.new);
        self.weakened.extend(other.weakened);
        self.unknown.extend(other.unknown);
    }
}

fn conclude(tally: Tally, evidence: Vec<Evidence>, patch: &Patch, want: &Want, screening: Screening, after: &Observation) -> Verdict {
    let (status, mut reasons) = weigh(&tally, patch, want, &screening, after);
    reasons.extend(screening.refused.iter().map(|finding| format!("`{}` was dropped from the change: {}", finding.path, finding.why)));
    reasons.extend(
        screening.needs_confirmation.iter().map(|finding| format!("`{}` needs a confirmation of its own: {}", finding.path, finding.why)),
    );
    let paths: BTreeSet<RelPath> = screening.needs_confirmation.iter().map(|finding| finding.path.clone()).collect();
    Verdict {
        status,
        reasons,
        red_to_green: tally.red_to_green,
        still_red: tally.still_red,
        broken: [tally.broken, tally.weakened].concat(),
        new: tally.new,
        flaky: Vec::new(),
        needs_confirmation: paths.into_iter().collect(),
        screening,
        evidence,
    }
}

#[cfg(test)]
mod tests;
