//! Building the shadow tree's tests: only what the wanted tests need, and fast rather than optimised. Lints stay as the
//! project has them: a candidate that its `#![deny(…)]` refuses is broken in a plain build too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::proof::runners::{Build, TestBinary, cargo_failure, read_build, workspace_path};
use crate::proof::{Bench, Suite, TestId};
use crate::sandbox::{Exit, SandboxError};
use crate::text::RelPath;

use super::super::setup;
use super::super::shadow::Shadow;

/// What came of a build.
#[derive(Debug)]
pub(super) enum Built {
    /// The test binaries.
    Ready(Vec<TestBinary>),
    /// Compiler errors, each with the places it names.
    Errors(Vec<CompileError>),
    /// It ran out of time, or the run was cancelled.
    Unfinished,
}

/// A compiler error.
#[derive(Debug, Clone)]
pub(super) struct CompileError {
    /// Code and message.
    pub(super) message: String,
    /// File and line of every place it names, the main one first.
    pub(super) places: Vec<(RelPath, u32)>,
}

#[derive(Debug, Deserialize)]
struct Line {
    message: Option<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    level: String,
    message: String,
    code: Option<Code>,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    is_primary: bool,
    label: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    span: Span,
}

/// Builds the test targets that hold `tests`.
pub(super) async fn build(bench: &Bench<'_>, suite: &Suite, shadow: &Shadow, tests: &[TestId]) -> Result<Built, SandboxError> {
    let mut arguments: Vec<String> = ["test", "--no-run", "--message-format=json"].map(str::to_owned).into();
    arguments.extend(targets(tests));
    arguments.extend(without_debug_info(tests));
    arguments.extend(suite.args.iter().cloned());
    let mut command = suite.toolchain.command(arguments);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    command.tree = Some(shadow.root().to_owned());
    command.env.insert("CARGO_INCREMENTAL".to_owned(), "1".to_owned());
    let outcome = bench.run(command).await?;
    let stdout = outcome.stdout.text();
    if outcome.exit.ok() {
        let mut build = Build::default();
        read_build(bench.copy, suite, &stdout, &mut build);
        return Ok(Built::Ready(build.binaries));
    }
    if !matches!(outcome.exit, Exit::Code(_)) {
        return Ok(Built::Unfinished);
    }
    let errors: Vec<CompileError> = stdout.lines().filter_map(|line| error(bench, suite, line)).collect();
    if errors.is_empty() { Err(setup(&suite.toolchain.program, cargo_failure(&outcome.stderr.text()))) } else { Ok(Built::Errors(errors)) }
}

/// Settings that leave debug information out of the packages under test; dependencies stay as the runner builds them.
fn without_debug_info(tests: &[TestId]) -> Vec<String> {
    let packages: BTreeSet<&str> = tests.iter().filter_map(|id| id.0.split(['$', ':']).next()).collect();
    packages.into_iter().flat_map(|package| ["--config".to_owned(), format!("profile.dev.package.{package}.debug=false")]).collect()
}

/// The build folder of a suite, from the workspace's root.
pub(super) fn target_folder(suite: &Suite) -> Option<RelPath> {
    RelPath::new(suite.below("target")).ok()
}

/// Cargo's selection of the targets that hold `tests`, from the first part of their ids (see the runner).
fn targets(tests: &[TestId]) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    for binary in tests.iter().filter_map(|id| id.0.split_once('$')).map(|(binary, _)| binary) {
        let (package, target) = binary.split_once("::").unwrap_or((binary, ""));
        flags.insert(format!("--package={package}"));
        flags.insert(match target.split_once('/') {
            Some((kind, name)) => format!("--{kind}={name}"),
            None if target.is_empty() => "--lib".to_owned(),
            None => format!("--test={target}"),
        });
    }
    flags
}

fn error(bench: &Bench<'_>, suite: &Suite, line: &str) -> Option<CompileError> {
    let message = serde_json::from_str::<Line>(line).ok()?.message.filter(|message| message.level.starts_with("error"))?;
    let mut places = Vec::new();
    let (main, other): (Vec<&Span>, Vec<&Span>) = message.spans.iter().partition(|span| span.is_primary);
    for span in main.iter().chain(&other).copied().chain(message.children.iter().flat_map(|child| &child.spans)) {
        add_places(bench, suite, span, &mut places);
    }
    if message.spans.is_empty() && message.message.starts_with("aborting due to") {
        return None;
    }
    let code = message.code.map(|code| format!("[{}]", code.code)).unwrap_or_default();
    let label = main.first().and_then(|span| span.label.clone()).map(|label| format!(": {label}")).unwrap_or_default();
    Some(CompileError { message: format!("error{code}: {}{label}", message.message), places })
}

/// The span's own place, and where the macro it lies in was called.
fn add_places(bench: &Bench<'_>, suite: &Suite, span: &Span, places: &mut Vec<(RelPath, u32)>) {
    places.extend(workspace_path(bench.copy, &suite.folder, &span.file_name).map(|path| (path, span.line_start)));
    if let Some(expansion) = &span.expansion {
        add_places(bench, suite, &expansion.span, places);
    }
}

/// The wanted tests by the binary that holds them, in the order they are first named.
pub(super) fn by_binary<'b>(binaries: &'b [TestBinary], tests: &[TestId]) -> Vec<(&'b TestBinary, Vec<String>)> {
    let mut found: Vec<(&TestBinary, Vec<String>)> = Vec::new();
    let known: BTreeMap<&str, &TestBinary> = binaries.iter().map(|binary| (binary.id.as_str(), binary)).collect();
    for (binary, name) in tests.iter().filter_map(|id| id.0.split_once('$')) {
        let Some(binary) = known.get(binary) else { continue };
        match found.iter_mut().find(|(other, _)| other.id == binary.id) {
            Some((_, names)) => names.push(name.to_owned()),
            None => found.push((binary, vec![name.to_owned()])),
        }
    }
    found
}
