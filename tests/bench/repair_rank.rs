//! How early the search comes to the true fix: ranks over seeded defects, to steer the priors of the operators.
//!
//! `cargo run --example repair_rank` measures the bundled samples; with paths of `.py`/`.rs` files it seeds defects there
//! (`--seed N`, `--per-file N`) with a mutator of its own, so that the operators are not measured against themselves.

#[path = "mutate.rs"]
mod mutate;
#[path = "seeded.rs"]
mod seeded;

use std::collections::BTreeMap;

use seeded::Defect;

/// Candidates looked at for one defect.
const LIMIT: usize = 1500;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let files: Vec<&String> = arguments.iter().filter(|argument| argument.ends_with(".py") || argument.ends_with(".rs")).collect();
    let mut cases: Vec<(String, String, Defect)> = Vec::new();
    if files.is_empty() {
        for (path, text) in [("sample.py", include_str!("seeded/sample.py")), ("src/lib.rs", include_str!("seeded/sample.rs"))] {
            cases.extend(seeded::defects(text).into_iter().map(|defect| (path.to_owned(), path.to_owned(), defect)));
        }
    } else {
        for file in files {
            let text = std::fs::read_to_string(file).expect("a readable file");
            let name = if file.ends_with(".py") { "sample.py" } else { "src/lib.rs" };
            let made = mutate::defects(name, &text, number("--seed", 1), number("--per-file", 10) as usize);
            cases.extend(made.into_iter().map(|(kind, defect)| (kind, name.to_owned(), defect)));
        }
    }
    let only = arguments.iter().position(|argument| argument == "--only").and_then(|at| arguments.get(at + 1));
    cases.retain(|(kind, ..)| only.is_none_or(|only| only == kind));
    report(&cases, verbose);
}

fn report(cases: &[(String, String, Defect)], verbose: bool) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (kind, path, defect) in cases {
        let rank = seeded::rank(path, defect, LIMIT).unwrap_or(usize::MAX);
        if verbose || rank > 300 {
            let shown = if rank == usize::MAX { "-".into() } else { rank.to_string() };
            let line = defect.text[..defect.at].lines().count();
            println!("{shown:>6}  {kind:<14} line {line:<5} {}", defect.label.replace('\n', "⏎"));
        }
        groups.entry(kind.clone()).or_default().push(rank);
        groups.entry(format!("all {}", path.rsplit('.').next().unwrap_or_default())).or_default().push(rank);
    }
    println!("{:<16} {:>5} {:>7} {:>7} {:>7} {:>8} {:>8}", "group", "n", "median", "p75", "p90", "≤100", "≤300");
    for (group, mut ranks) in groups {
        ranks.sort_unstable();
        let at = |share: f64| ranks[((ranks.len() as f64 * share) as usize).min(ranks.len() - 1)];
        let show = |rank: usize| if rank == usize::MAX { "-".to_owned() } else { rank.to_string() };
        let within =
            |limit: usize| format!("{:.0} %", 100.0 * ranks.iter().filter(|rank| **rank <= limit).count() as f64 / ranks.len() as f64);
        println!(
            "{group:<16} {:>5} {:>7} {:>7} {:>7} {:>8} {:>8}",
            ranks.len(),
            show(at(0.5)),
            show(at(0.75)),
            show(at(0.9)),
            within(100),
            within(300)
        );
    }
}
