//! Documentation tests: `cargo test --doc`, package by package, read from rustdoc's text and held against its exit status.

use std::collections::BTreeMap;

use crate::proof::{Bench, Frame, Suite, TestCase, TestId, TestReport};
use crate::sandbox::{Copy, Exit, SandboxError};
use crate::text::{Files, RelPath};

use super::cargo_build::{Build, Package};
use super::{Selection, cut_short, denials, libtest, tail, workspace_path};

/// Runs the selected doc tests of every package that has some.
pub(super) async fn run(
    bench: &Bench<'_>,
    suite: &Suite,
    build: &Build,
    selection: &Selection,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    for package in build.packages.iter().filter(|package| package.doctests && has_examples(bench.copy, package)) {
        let wanted = match selection {
            Selection::All => None,
            Selection::Ids(ids) => Some(ids.iter().filter_map(|id| filter(&id.0, package)).collect::<Vec<_>>()),
            Selection::Files(files) => Some(files.iter().filter_map(|file| suite.relative(file)).map(str::to_owned).collect()),
        };
        if wanted.as_ref().is_none_or(|names| !names.is_empty()) && !bench.cancel.is_cancelled() {
            run_package(bench, suite, package, wanted.unwrap_or_default(), selection, report).await?;
        }
    }
    Ok(())
}

/// Whether any file of the package could hold an example: rustdoc need not be asked otherwise.
fn has_examples(copy: &Copy, package: &Package) -> bool {
    let prefix = if package.folder.is_empty() { String::new() } else { format!("{}/", package.folder) };
    let files = copy.files().into_iter().filter(|path| path.as_str().starts_with(&prefix) && path.extension() == Some("rs"));
    let holds = |text: &str| text.contains("```") || text.contains("~~~") || text.contains("doc = include_str!");
    files.into_iter().any(|path| Files::read(copy, &path).is_some_and(|text| holds(&text)))
}

/// `pkg::doc$src/lib.rs - f #2` → `f`, which rustdoc finds it by (among others: it splits its filters at spaces, so a name
/// cannot be given whole); the file where no item is named.
fn filter(id: &str, package: &Package) -> Option<String> {
    let name = id.strip_prefix(&package.name)?.strip_prefix("::doc$")?;
    let (file, item) = name.split_once(" - ").unwrap_or((name, ""));
    let word = item.split_whitespace().next().unwrap_or(file);
    Some(word.to_owned())
}

async fn run_package(
    bench: &Bench<'_>,
    suite: &Suite,
    package: &Package,
    names: Vec<String>,
    selection: &Selection,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    let mut arguments: Vec<String> = ["test", "--doc", "--no-fail-fast", "-p"].map(str::to_owned).into();
    arguments.push(package.name.clone());
    arguments.extend(suite.args.iter().cloned());
    arguments.push("--".to_owned());
    arguments.extend(names);
    let mut command = suite.toolchain.command(arguments);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    let outcome = bench.run(command).await?;
    report.seconds += outcome.elapsed.as_secs_f64();
    report.notes.extend(denials(&outcome));
    let account = libtest::read_text(&outcome.stdout.text());
    if !matches!(outcome.exit, Exit::Code(code) if account.agrees_with(code)) {
        report.complete = false;
        report.tail = tail(&outcome);
        let what = format!("the documentation tests of `{}`", package.name);
        let early = format!("{what} did not come to their end, or their results and the exit status disagree; see the output");
        report.notes.push(cut_short(&outcome.exit, bench.limits, &what).unwrap_or(early));
    }
    let cases = cases(bench.copy, suite, package, account.outcomes);
    report.cases.extend(cases.into_iter().filter(|case| match selection {
        Selection::Ids(ids) => ids.contains(&case.id),
        Selection::Files(files) => case.path.as_ref().is_some_and(|path| files.contains(path)),
        Selection::All => true,
    }));
    Ok(())
}

/// Results under ids without line numbers: several examples of one item are numbered in the order of their lines.
fn cases(copy: &Copy, suite: &Suite, package: &Package, mut outcomes: Vec<libtest::Outcome>) -> Vec<TestCase> {
    outcomes.sort_by_key(|outcome| split(&outcome.name).1);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for outcome in outcomes {
        let (name, line) = split(&outcome.name);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let number = if *count > 1 { format!(" #{count}") } else { String::new() };
        let file = name.split(" - ").next().unwrap_or_default();
        let path = locate(copy, suite, package, file);
        let panic = libtest::panic(&outcome.output);
        let red = outcome.status.is_red();
        let frame = path.clone().filter(|_| red).map(|path| Frame { path, line, function: None });
        cases.push(TestCase {
            id: TestId(format!("{}::doc${name}{number}", package.name)),
            status: outcome.status,
            error: red.then(|| if panic.is_some() { "panic".to_owned() } else { "Error".to_owned() }),
            message: panic.map_or(outcome.output, |panic| panic.message),
            frames: frame.into_iter().collect(),
            path,
            seconds: outcome.seconds,
        });
    }
    cases
}

/// `src/lib.rs - f (line 3) - compile fail` → `src/lib.rs - f`, 3. Rustdoc leaves the item empty for a file's own documentation.
fn split(name: &str) -> (String, u32) {
    let Some((item, rest)) = name.split_once("(line ") else {
        return (name.to_owned(), 1);
    };
    let line = rest.split(')').next().and_then(|line| line.parse().ok()).unwrap_or(1);
    (item.trim_end().trim_end_matches(" -").to_owned(), line)
}

/// The file rustdoc named, from the folder cargo ran in or from the package's.
fn locate(copy: &Copy, suite: &Suite, package: &Package, file: &str) -> Option<RelPath> {
    let places = [suite.folder.as_str(), package.folder.as_str()];
    places.iter().filter_map(|folder| workspace_path(copy, folder, file)).find(|path| Files::read(copy, path).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_lines() {
        assert_eq!(split("src/lib.rs - add (line 12)"), ("src/lib.rs - add".to_owned(), 12));
        assert_eq!(split("src/lib.rs - (line 3) - compile fail"), ("src/lib.rs".to_owned(), 3));
        let package = Package { name: "p".into(), folder: String::new(), doctests: true };
        assert_eq!(filter("p::doc$src/lib.rs - add #2", &package).as_deref(), Some("add"));
        assert_eq!(filter("p$tests::a", &package), None);
    }
}
