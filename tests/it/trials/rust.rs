//! Rust: variants in one build must judge as cargo does on written files.

use super::*;

/// A library with the shapes of function that a run-time choice must get into, and those it cannot.
const SHAPES: &str = r#"
//- Cargo.toml
[package]
name = "shapes"
version = "0.1.0"
edition = "2021"
//- src/lib.rs
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
//! Shapes.
extern crate alloc;
use alloc::{boxed::Box, vec::Vec};

/// Generic.
pub fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    let mut best = *items.first()?;
    for item in items {
        if *item < best {
            best = *item;
        }
    }
    Some(best)
}

/// A trait.
pub trait Area {
    /// The area.
    fn area(&self) -> f64;
    /// Twice it.
    fn twice(&self) -> f64 {
        self.area() * 3.0
    }
}

/// A square.
pub struct Square(pub f64);

impl Area for Square {
    fn area(&self) -> f64 {
        self.0 + self.0
    }
}

impl Square {
    /// The side.
    pub const fn side(&self) -> f64 {
        self.0 * 2.0
    }
    /// Grows in place.
    pub fn grow<'a>(&'a mut self, by: f64) -> &'a mut Self {
        self.0 -= by;
        self
    }
}

/// Opaque.
pub fn evens(limit: u32) -> impl Iterator<Item = u32> {
    (0..limit).filter(|n| n % 2 == 1)
}

/// Boxed.
pub fn adder(n: i32) -> Box<dyn Fn(i32) -> i32> {
    Box::new(move |x| x - n)
}

/// The number of steps.
pub const STEPS: usize = 3;

/// Counts.
pub fn steps() -> Vec<usize> {
    (1..STEPS).collect()
}

macro_rules! halve {
    ($x:expr) => {
        $x / 3
    };
}

/// By macro.
pub fn half(x: u32) -> u32 {
    halve!(x)
}

/// In a module.
pub mod deep {
    /// Waits.
    pub async fn later(x: u32) -> u32 {
        x + 2
    }
}
//- tests/shapes.rs
use shapes::*;
use std::future::Future;
use std::task::{Context, Poll, Waker};

#[test]
fn finds_largest() { assert_eq!(largest(&[1, 3, 2]), Some(3)); assert_eq!(largest(&[1.5, 0.5]), Some(1.5)); assert_eq!(largest::<u8>(&[]), None); }
#[test]
fn areas() { assert_eq!(Square(3.0).area(), 9.0); }
#[test]
fn doubles() { assert_eq!(Square(2.0).twice(), 8.0); }
#[test]
fn sides() { assert_eq!(Square(2.0).side(), 2.0); }
#[test]
fn grows() { assert_eq!(Square(2.0).grow(1.0).0, 3.0); }
#[test]
fn even() { assert_eq!(evens(5).collect::<Vec<_>>(), [0, 2, 4]); }
#[test]
fn adds() { assert_eq!(adder(2)(3), 5, "sum of 2 and 3"); }
#[test]
fn counts() { assert_eq!(steps(), [1, 2, 3]); }
#[test]
fn halves() { assert_eq!(half(6), 3); }
#[test]
fn waits() {
    let mut future = std::pin::pin!(deep::later(1));
    assert_eq!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(2));
}
"#;

type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const CASES: &[Case] = &[
    ("finds_largest", &[("*item < best", "*item > best")], "passed"),
    ("finds_largest", &[("*item < best", "*item >= best")], "passed"),
    ("finds_largest", &[("*item < best", "*item == best")], "red"),
    ("finds_largest", &[("*item < best", "*item < bset")], "broken"),
    ("finds_largest", &[("*item < best", "*item + best > best")], "broken"),
    ("finds_largest", &[("*item < best", "item > &best"), ("    Some(best)\n", "    let unused = 1;\n    Some(best)\n")], "broken"),
    ("finds_largest", &[("    for item in items {\n", "    while items.len() < 9 {}\n    for item in items {\n")], "timeout"),
    ("areas", &[("self.0 + self.0", "self.0 * self.0")], "passed"),
    ("areas", &[("self.0 + self.0", "{ extern crate std; std::process::exit(0) }")], "red"),
    ("areas", &[("self.0 + self.0", "{ extern crate std; std::process::abort() }")], "red"),
    ("doubles", &[("* 3.0", "* 2.0"), ("self.0 + self.0", "self.0 * self.0")], "passed"),
    ("doubles", &[("* 3.0", "* 2.0")], "passed"),
    ("doubles", &[("* 3.0", "* 2")], "broken"),
    ("sides", &[("self.0 * 2.0", "self.0")], "passed"),
    ("sides", &[("self.0 * 2.0", "self.0 *")], "broken"),
    ("grows", &[("self.0 -= by", "self.0 += by")], "passed"),
    ("grows", &[("        self\n", "        &mut Square(by)\n")], "broken"),
    ("even", &[("n % 2 == 1", "n % 2 == 0")], "passed"),
    ("even", &[("n % 2 == 1", "n % 3 == 0")], "red"),
    ("adds", &[("x - n", "x + n")], "passed"),
    ("adds", &[("x - n", "n - x")], "red"),
    ("adds", &[("move |x| x - n", "|x| x + n")], "broken"),
    ("counts", &[("STEPS: usize = 3", "STEPS: usize = 4")], "passed"),
    ("counts", &[("1..STEPS", "1..=STEPS")], "passed"),
    ("counts", &[("1..STEPS", "0..=STEPS")], "red"),
    ("halves", &[("$x / 3", "$x / 2")], "passed"),
    ("halves", &[("halve!(x)", "halve!(x + x / 2)")], "passed"),
    ("halves", &[("halve!(x)", "halve!(y)")], "broken"),
    ("waits", &[("x + 2", "x + 1")], "passed"),
    ("waits", &[("x + 2", "x + 2 - 1")], "passed"),
    ("waits", &[("x + 2", "later(x).await")], "broken"),
];

/// What cargo says of the candidate's text written over the project.
fn cold(project: &Project, case: &Case) -> &'static str {
    let (test, changes, expected) = case;
    if *expected == "timeout" {
        return "timeout"; // it loops by its wording
    }
    let folder = written(project, "cold", "src/lib.rs", changes);
    if !run("cargo", &["test", "-q", "--offline", "--no-run", "--test", "shapes"], &folder).status.success() {
        return "broken";
    }
    let output = run("cargo", &["test", "--offline", "--test", "shapes", "--", "--exact", test], &folder);
    if String::from_utf8_lossy(&output.stdout).contains("test result: ok. 1 passed") { "passed" } else { "red" }
}

#[tokio::test]
async fn variants_in_one_build_come_to_cargos_verdicts() {
    let project = Project::new(SHAPES);
    let mut wrong = Vec::new();
    let tests: std::collections::BTreeSet<&str> = CASES.iter().map(|case| case.0).collect();
    for test in tests {
        let cases: Vec<(usize, &Case)> = CASES.iter().enumerate().filter(|(_, case)| case.0 == test).collect();
        let candidates: Vec<Candidate> = cases.iter().map(|(id, case)| project.candidate(*id, "src/lib.rs", case.1)).collect();
        let id = format!("shapes::shapes${test}");
        let trials = project.trials(SuiteKind::Cargo, &candidates, &[&id], &seconds(10)).await;
        assert_eq!(trials.len(), cases.len(), "{test}: {trials:?}");
        for (trial, (_, case)) in trials.iter().zip(cases) {
            let verdicts = (kind(&trial.outcome), cold(&project, case), case.2);
            if verdicts.0 != verdicts.2 || verdicts.1 != verdicts.2 {
                wrong.push(format!("{test} {:?}: fast, cold, expected {verdicts:?}: {}", case.1, message(&trial.outcome)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const CRATES: &str = r#"
//- Cargo.toml
[workspace]
members = ["core", "app", "derive"]
resolver = "2"
//- core/Cargo.toml
[package]
name = "core-rules"
version = "0.1.0"
edition = "2021"
//- core/src/lib.rs
pub mod price;
#[cfg(test)]
mod tests {
    #[test]
    fn totals() { assert_eq!(crate::price::total(&[1, 2]), 3); }
    #[test]
    fn rounds() { assert_eq!(crate::price::round(7), 10); }
}
//- core/src/price.rs
pub fn total(items: &[i64]) -> i64 {
    items.iter().product::<i64>() + missing()
}
pub fn round(n: i64) -> i64 {
    (n + 4) / 10 * 10
}
//- derive/Cargo.toml
[package]
name = "derive"
version = "0.1.0"
edition = "2021"
[lib]
proc-macro = true
//- derive/src/lib.rs
use proc_macro::TokenStream;
fn answer() -> u32 { 41 }
#[proc_macro]
pub fn number(_: TokenStream) -> TokenStream { answer().to_string().parse().unwrap() }
//- app/Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
derive = { path = "../derive" }
//- app/src/main.rs
fn main() { println!("{}", text(derive::number!())); }
fn text(n: u32) -> String { format!("{n}?") }
#[test]
fn texts() { assert_eq!(text(derive::number!()), "42!"); }
//- app/tests/prints.rs
use std::process::Command;
#[test]
fn prints() {
    let out = Command::new(env!("CARGO_BIN_EXE_app")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "41!\n");
}
"#;

#[tokio::test]
async fn candidates_that_mend_a_build_are_tried_although_the_original_does_not_compile() {
    let project = Project::new(CRATES);
    let changes: [&[(&str, &str)]; 5] = [
        &[("product::<i64>() + missing()", "sum::<i64>()")],
        &[("product::<i64>() + missing()", "product::<i64>()")],
        &[("product::<i64>() + missing()", "sum::<i64>() + lost()")],
        &[("(n + 4)", "(n + 5)")],
        &[("product::<i64>() + missing()", "sum::<i64>()"), ("(n + 4)", "(n + 5)")],
    ];
    let candidates: Vec<Candidate> =
        changes.iter().enumerate().map(|(id, change)| project.candidate(id, "core/src/price.rs", change)).collect();
    let trials = project.trials(SuiteKind::Cargo, &candidates, &["core-rules$tests::totals"], &seconds(10)).await;
    let kinds: Vec<&str> = trials.iter().map(|trial| kind(&trial.outcome)).collect();
    assert_eq!(kinds, ["passed", "red", "broken", "broken", "passed"], "{trials:?}");
    assert!(message(&trials[1].outcome).contains("left: 2\n right: 3"), "{trials:?}");
    assert!(message(&trials[2].outcome).contains("E0425"), "{trials:?}");
}

#[tokio::test]
async fn an_error_outside_of_functions_breaks_all_candidates_but_those_that_mend_it() {
    let project =
        Project::new(&CRATES.replace("pub fn total", "use std::collections::HashMpa as _;\npub fn total").replace(" + missing()", ""));
    let right = ("product::<i64>()", "sum::<i64>()");
    let candidates = [
        project.candidate(0, "core/src/price.rs", &[right]),
        project.candidate(1, "core/src/price.rs", &[right, ("HashMpa", "HashMap")]),
        project.candidate(2, "core/src/price.rs", &[("HashMpa", "HashMap")]),
    ];
    let trials = project.trials(SuiteKind::Cargo, &candidates, &["core-rules$tests::totals"], &seconds(10)).await;
    let kinds: Vec<&str> = trials.iter().map(|trial| kind(&trial.outcome)).collect();
    assert_eq!(kinds, ["broken", "passed", "red"], "{trials:?}");
    assert!(message(&trials[0].outcome).contains("HashMpa"), "{trials:?}");
}

#[tokio::test]
async fn programs_started_by_tests_and_procedural_macros_see_the_candidate() {
    let project = Project::new(CRATES);
    let text = [project.candidate(0, "app/src/main.rs", &[("{n}?", "{n}!")]), project.candidate(1, "app/src/main.rs", &[("{n}?", "{n}")])];
    let trials = project.trials(SuiteKind::Cargo, &text, &["app::prints$prints"], &seconds(10)).await;
    let kinds: Vec<&str> = trials.iter().map(|trial| kind(&trial.outcome)).collect();
    assert_eq!(kinds, ["passed", "red"], "{trials:?}");
    let mut both = project.candidate(0, "derive/src/lib.rs", &[("41", "42")]);
    both.edits.extend(text[0].edits.clone());
    let trials = project.trials(SuiteKind::Cargo, &[both], &["app::bin/app$texts"], &seconds(10)).await;
    assert_eq!(kind(&trials[0].outcome), "passed", "{trials:?}");
}

#[tokio::test]
async fn coverage_names_the_blocks_each_test_runs() {
    let project = Project::new(SHAPES);
    let coverage =
        project.coverage(SuiteKind::Cargo, &["shapes::shapes$finds_largest", "shapes::shapes$doubles", "shapes::shapes$waits"]).await;
    let text = project.0.read("src/lib.rs");
    let line = |part: &str| text.lines().position(|line| line.contains(part)).expect("a line") as u32 + 1;
    let covered = |test: &str, part: &str| {
        let files = &coverage.lines[&TestId(format!("shapes::shapes${test}"))];
        assert_eq!(files.keys().map(RelPath::as_str).collect::<Vec<_>>(), ["src/lib.rs"]);
        files.values().any(|lines| lines.contains(&line(part)))
    };
    assert!(covered("finds_largest", "*item < best") && covered("finds_largest", "best = *item"), "{coverage:?}");
    assert!(!covered("finds_largest", "self.area() * 3.0"), "{coverage:?}");
    assert!(covered("doubles", "self.area() * 3.0") && covered("doubles", "self.0 + self.0"), "{coverage:?}");
    assert!(!covered("doubles", "self.0 -= by") && !covered("doubles", "*item < best"), "{coverage:?}");
    assert!(covered("waits", "x + 2"), "{coverage:?}");
}
