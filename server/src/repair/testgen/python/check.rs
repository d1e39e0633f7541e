//! Running the written tests for real, through the project's own runner, on the original and on a mutant.

use std::time::Duration;

use super::super::{Restore, TestgenError};
use super::project::{Place, Style};
use super::render::{self, Test, Writer};
use crate::proof::{Bench, Suite, SuiteKind};
use crate::sandbox::{Exit, Outcome};
use crate::text::{RelPath, apply_edits};

/// How the runner ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Every test passed.
    Green,
    /// These failed.
    Red(Vec<String>),
    /// It did not come to a verdict; the last lines of its output.
    Unclear(String),
}

/// Writes the tests' files into the copy.
pub(super) fn write(restore: &mut Restore<'_>, place: &Place, writer: &Writer, tests: &[Test]) -> Result<(), TestgenError> {
    let edits = render::edits(place, writer, tests);
    let mut paths: Vec<&RelPath> = edits.iter().map(|edit| &edit.path).collect();
    paths.dedup();
    for path in paths {
        let old = if *path == place.path { place.text.as_deref().unwrap_or_default() } else { "" };
        let mine: Vec<_> = edits.iter().filter(|edit| edit.path == *path).cloned().collect();
        let text = apply_edits(old, &mine).map_err(|error| TestgenError::Observer { why: format!("the written tests do not fit {path}: {error}") })?;
        restore.write(path, &text)?;
    }
    Ok(())
}

/// Runs the tests.
pub(super) async fn run(
    bench: Bench<'_>,
    suite: &Suite,
    place: &Place,
    writer: &Writer,
    tests: &[Test],
    wall: Duration,
) -> Result<Run, TestgenError> {
    let path = place.path.as_str();
    let file = path.strip_prefix(&format!("{}/", suite.folder)).unwrap_or(path);
    let mut arguments: Vec<String> = ["-m", if suite.kind == SuiteKind::Pytest { "pytest" } else { "unittest" }].map(str::to_owned).to_vec();
    if suite.kind == SuiteKind::Pytest {
        arguments.extend(suite.args.iter().cloned());
        arguments.extend(["-q", "-rfE", "--tb=short", "-p", "no:cacheprovider"].map(str::to_owned));
        arguments.extend(tests.iter().map(|test| match place.style {
            Style::Pytest => format!("{file}::{}", test.name),
            Style::Unittest => format!("{file}::{}::{}", render::class_name(writer, &test.about), test.name),
        }));
    } else {
        let (folder, name) = file.rsplit_once('/').unwrap_or((".", file));
        arguments.extend(["discover", "-v", "-s", folder, "-p", name].map(str::to_owned));
        arguments.extend(tests.iter().flat_map(|test| ["-k".to_owned(), test.name.clone()]));
    }
    let mut command = suite.toolchain.command(arguments);
    command.cwd.clone_from(&suite.folder);
    command.env.insert("PYTHONDONTWRITEBYTECODE".into(), "1".into());
    command.limits = bench.limits.clone();
    command.limits.wall = wall.min(bench.limits.wall);
    let outcome = bench.run(command).await?;
    Ok(verdict(&outcome, suite.kind, tests))
}

fn verdict(outcome: &Outcome, kind: SuiteKind, tests: &[Test]) -> Run {
    let output = format!("{}\n{}", outcome.stdout.text(), outcome.stderr.text());
    let headers = if kind == SuiteKind::Pytest { ["FAILED ", "ERROR "] } else { ["FAIL: ", "ERROR: "] };
    let marked: Vec<&str> = output.lines().filter(|line| headers.iter().any(|header| line.starts_with(header))).collect();
    let names = |line: &str, name: &str| line.split(|char: char| !char.is_alphanumeric() && char != '_').any(|word| word == name);
    let failed: Vec<String> = tests.iter().map(|test| test.name.clone()).filter(|name| marked.iter().any(|line| names(line, name))).collect();
    let all_ran = match kind {
        SuiteKind::Pytest => output.contains(&format!("{} passed", tests.len())),
        _ => output.lines().any(|line| line.starts_with(&format!("Ran {} test", tests.len()))),
    };
    match &outcome.exit {
        Exit::Code(0) if all_ran => Run::Green,
        Exit::Code(1) if !failed.is_empty() => Run::Red(failed),
        exit => {
            let tail: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
            let tail = tail.get(tail.len().saturating_sub(6)..).unwrap_or_default().join(" · ");
            Run::Unclear(format!("{exit:?}: {tail}"))
        }
    }
}
