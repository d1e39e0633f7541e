//! `cargo test` in two steps: cargo builds, then every test binary is run by us, so that each has its own exit status.
//!
//! Test ids are those of nextest: `<binary>$<test::path>`, where `<binary>` is `package` for unit tests of the library,
//! `package::target` for an integration test, `package::bin/name` and so on for other targets. Doc tests are
//! `package::doc$src/lib.rs - item`, without the line number, which any edit would change.

use std::collections::BTreeMap;

use crate::proof::{Bench, Frame, Suite, TestCase, TestId, TestReport, TestStatus};
use crate::sandbox::{Command, Copy, Exit, SandboxError};

use super::{Selection, blank, cut_short, denials, doctests, libtest, nextest, tail, workspace_path};

use super::cargo_build::{Build, TestBinary, build};

/// Rounds of one-by-one runs after a test process died.
const ALONE_AT_MOST: usize = 400;

pub(super) async fn run(bench: &Bench<'_>, suite: &Suite, selection: &Selection) -> Result<TestReport, SandboxError> {
    let build = build(bench, suite).await?;
    let mut report = blank(suite, "cargo test", &build.command);
    report.seconds = build.seconds;
    report.tail.clone_from(&build.tail);
    report.notes.clone_from(&build.notes);
    report.diagnostics.clone_from(&build.diagnostics);
    report.complete = build.complete;
    if !build.complete {
        return Ok(report);
    }
    if let Some(program) = suite.tool("nextest") {
        nextest::run(bench, suite, program, &build, selection, &mut report).await?;
    } else {
        run_binaries(bench, suite, &build, selection, &mut report).await?;
    }
    add_frames(bench, suite, &build, &mut report).await?;
    doctests::run(bench, suite, &build, selection, &mut report).await?;
    Ok(report)
}

/// Runs the selected tests binary by binary, as cargo does: they may share files of the workspace, and each is parallel in itself.
pub(super) async fn run_binaries(
    bench: &Bench<'_>,
    suite: &Suite,
    build: &Build,
    selection: &Selection,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    for binary in &build.binaries {
        if bench.cancel.is_cancelled() {
            report.complete = false;
            break;
        }
        if let Some(names) = wanted(binary, selection) {
            run_binary(bench, suite, binary, names.as_deref(), report).await?;
        }
    }
    Ok(())
}

/// The tests of `binary` that are selected: `None` for none of them, `Some(None)` for all.
#[allow(clippy::option_option)]
fn wanted(binary: &TestBinary, selection: &Selection) -> Option<Option<Vec<String>>> {
    match selection {
        Selection::All => Some(None),
        Selection::Ids(ids) => {
            let names = ids.iter().filter_map(|id| id.0.strip_prefix(&binary.id)?.strip_prefix('$').map(str::to_owned));
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then_some(Some(names))
        }
        Selection::Files(files) => {
            let root = binary.source.as_ref()?;
            if files.contains(root) {
                return Some(None);
            }
            let folder = root.parent().unwrap_or_default();
            let modules: Vec<String> = files.iter().filter_map(|file| module_of(folder, file.as_str())).collect();
            (!modules.is_empty()).then(|| Some(modules.into_iter().map(|module| format!("{module}::*")).collect()))
        }
    }
}

/// `src`, `src/a/b.rs` → `a::b`.
fn module_of(folder: &str, file: &str) -> Option<String> {
    let inside = if folder.is_empty() { file } else { file.strip_prefix(folder)?.strip_prefix('/')? };
    let stem = inside.strip_suffix(".rs")?;
    Some(stem.strip_suffix("/mod").unwrap_or(stem).replace('/', "::"))
}

/// The command that runs a test binary.
fn command(bench: &Bench<'_>, suite: &Suite, binary: &TestBinary, arguments: &[String]) -> Command {
    let mut command = suite.toolchain.command(arguments.to_vec());
    command.argv[0].clone_from(&binary.executable);
    command.cwd.clone_from(&binary.cwd);
    command.env.extend(binary.env.clone());
    command.limits = bench.limits.clone();
    if binary.harness {
        command.env.insert("RUSTC_BOOTSTRAP".to_owned(), "1".to_owned());
    }
    command
}

fn arguments(names: Option<&[String]>) -> Vec<String> {
    let mut arguments: Vec<String> = ["-Z", "unstable-options", "--format", "json", "--report-time"].map(str::to_owned).into();
    let modules = names.is_some_and(|names| names.iter().any(|name| name.ends_with("::*")));
    if names.is_some() && !modules {
        arguments.push("--exact".to_owned());
    }
    arguments.extend(names.unwrap_or_default().iter().map(|name| name.strip_suffix('*').unwrap_or(name).to_owned()));
    arguments
}

async fn run_binary(
    bench: &Bench<'_>,
    suite: &Suite,
    binary: &TestBinary,
    names: Option<&[String]>,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    if !binary.harness {
        return run_plain(bench, suite, binary, report).await;
    }
    const CHUNK: usize = 500;
    let Some(names) = names.filter(|names| names.len() > CHUNK) else {
        return run_harness(bench, suite, binary, names, report).await;
    };
    for chunk in names.chunks(CHUNK) {
        run_harness(bench, suite, binary, Some(chunk), report).await?;
    }
    Ok(())
}

async fn run_harness(
    bench: &Bench<'_>,
    suite: &Suite,
    binary: &TestBinary,
    names: Option<&[String]>,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    let outcome = bench.run(command(bench, suite, binary, &arguments(names))).await?;
    report.seconds += outcome.elapsed.as_secs_f64();
    report.notes.extend(denials(&outcome));
    let account = libtest::read_events(&outcome.stdout.text());
    let agrees = matches!(outcome.exit, Exit::Code(code) if account.agrees_with(code));
    if agrees {
        report.cases.extend(account.outcomes.into_iter().map(|one| case(bench.copy, suite, binary, one)));
        return Ok(());
    }
    report.tail = tail(&outcome);
    if matches!(outcome.exit, Exit::Code(_) | Exit::Signal(_)) {
        return run_alone(bench, suite, binary, names, report).await;
    }
    let running = account.unfinished.iter().next().map_or_else(|| format!("`{}`", binary.id), |name| format!("`{}${name}`", binary.id));
    report.cases.extend(account.outcomes.into_iter().map(|one| case(bench.copy, suite, binary, one)));
    report.complete = false;
    report.notes.extend(cut_short(&outcome.exit, bench.limits, &running));
    Ok(())
}

/// A test took its whole process down (abort, stack overflow, `exit`): each test again in a process of its own, so that
/// the culprit is red and the others get their true results.
async fn run_alone(
    bench: &Bench<'_>,
    suite: &Suite,
    binary: &TestBinary,
    names: Option<&[String]>,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    let mut list = arguments(names);
    list.drain(..5);
    list.extend(["--list", "--format", "terse"].map(str::to_owned));
    let listed = bench.run(command(bench, suite, binary, &list)).await?;
    let text = listed.stdout.text();
    let tests: Vec<String> = text.lines().filter_map(|line| line.strip_suffix(": test").map(str::to_owned)).collect();
    if !listed.exit.ok() || tests.is_empty() || tests.len() > ALONE_AT_MOST {
        report.complete = false;
        let why = format!("the test process of `{}` ended early and its tests could not be run one by one; see the output", binary.id);
        report.notes.push(why);
        return Ok(());
    }
    for name in tests {
        let outcome = bench.run(command(bench, suite, binary, &arguments(Some(std::slice::from_ref(&name))))).await?;
        report.seconds += outcome.elapsed.as_secs_f64();
        let account = libtest::read_events(&outcome.stdout.text());
        let id = format!("{}${name}", binary.id);
        match (&outcome.exit, account) {
            (Exit::Code(code), account) if account.agrees_with(*code) => {
                report.cases.extend(account.outcomes.into_iter().map(|one| case(bench.copy, suite, binary, one)));
            }
            (Exit::Code(_) | Exit::Signal(_), _) => {
                let output = format!("the test took its process down ({})\n{}", ended(&outcome.exit), tail(&outcome));
                let seconds = outcome.elapsed.as_secs_f64();
                let one = libtest::Outcome { name, status: TestStatus::Failed, output, seconds };
                report.cases.push(case(bench.copy, suite, binary, one));
            }
            (exit, _) => {
                report.complete = false;
                report.notes.extend(cut_short(exit, bench.limits, &format!("`{id}`")));
            }
        }
    }
    Ok(())
}

fn ended(exit: &Exit) -> String {
    match exit {
        Exit::Code(code @ 129..=192) => format!("signal {}", code - 128),
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        other => format!("{other:?}"),
    }
}

/// A test target with a `main` of its own: libtest-like text is read where it is written, else the exit status is the one test.
async fn run_plain(bench: &Bench<'_>, suite: &Suite, binary: &TestBinary, report: &mut TestReport) -> Result<(), SandboxError> {
    let outcome = bench.run(command(bench, suite, binary, &[])).await?;
    let seconds = outcome.elapsed.as_secs_f64();
    report.seconds += seconds;
    report.notes.extend(denials(&outcome));
    let Exit::Code(code) = outcome.exit else {
        report.complete = false;
        report.notes.extend(cut_short(&outcome.exit, bench.limits, &format!("`{}`", binary.id)));
        return Ok(());
    };
    let account = libtest::read_text(&outcome.stdout.text());
    let red = account.outcomes.iter().any(|one| one.status.is_red());
    if !account.outcomes.is_empty() && account.closed && red == (code != 0) {
        report.cases.extend(account.outcomes.into_iter().map(|one| case(bench.copy, suite, binary, one)));
        return Ok(());
    }
    let status = if code == 0 { TestStatus::Passed } else { TestStatus::Failed };
    let output = if code == 0 { String::new() } else { format!("exit status {code}\n{}", tail(&outcome)) };
    let one = libtest::Outcome { name: "main".to_owned(), status, output, seconds };
    report.cases.push(case(bench.copy, suite, binary, one));
    Ok(())
}

/// A harness result as a [`TestCase`]: message and place from the captured panic.
pub(super) fn case(copy: &Copy, suite: &Suite, binary: &TestBinary, one: libtest::Outcome) -> TestCase {
    let panic = libtest::panic(&one.output).filter(|_| one.status.is_red());
    // rustc names files from the folder cargo ran in.
    let place = panic.as_ref().and_then(|panic| panic.place.clone());
    let frame = place.and_then(|(file, line)| Some(Frame { path: workspace_path(copy, &suite.folder, &file)?, line, function: None }));
    let error = if panic.is_some() { Some("panic") } else { one.output.starts_with("Error: ").then_some("Error") };
    TestCase {
        id: TestId(format!("{}${}", binary.id, one.name)),
        status: one.status,
        message: panic.map_or_else(|| one.output.trim().to_owned(), |panic| panic.message),
        error: error.filter(|_| one.status.is_red()).map(str::to_owned),
        frames: frame.into_iter().collect(),
        path: binary.source_of(copy, &one.name),
        seconds: one.seconds,
    }
}

/// Runs the failed tests once more with backtraces on, for the places between the test and the panic.
async fn add_frames(bench: &Bench<'_>, suite: &Suite, build: &Build, report: &mut TestReport) -> Result<(), SandboxError> {
    const AT_MOST: usize = 40;
    let red: Vec<usize> = (0..report.cases.len()).filter(|at| report.cases[*at].error.as_deref() == Some("panic")).take(AT_MOST).collect();
    let mut by_binary: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
    for at in red {
        let id = &report.cases[at].id.0;
        let binary =
            build.binaries.iter().find(|binary| binary.harness && id.strip_prefix(&binary.id).is_some_and(|rest| rest.starts_with('$')));
        if let Some(binary) = binary {
            by_binary.entry(&binary.id).or_default().push((at, id.get(binary.id.len() + 1..).unwrap_or_default().to_owned()));
        }
    }
    for binary in &build.binaries {
        let Some(tests) = by_binary.get(binary.id.as_str()) else {
            continue;
        };
        let names: Vec<String> = tests.iter().map(|(_, name)| name.clone()).collect();
        let mut again = command(bench, suite, binary, &arguments(Some(&names)));
        again.env.insert("RUST_BACKTRACE".to_owned(), "1".to_owned());
        let outcome = bench.run(again).await?;
        report.seconds += outcome.elapsed.as_secs_f64();
        let account = libtest::read_events(&outcome.stdout.text());
        for (at, name) in tests {
            let Some(one) = account.outcomes.iter().find(|one| one.name == *name) else {
                continue;
            };
            let frames = frames(bench.copy, binary, &one.output);
            if frames.len() > report.cases[*at].frames.len() {
                report.cases[*at].frames = frames;
            }
        }
    }
    Ok(())
}

/// The backtrace's places in the workspace, outermost first; what libtest itself calls is left out.
fn frames(copy: &Copy, binary: &TestBinary, output: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = libtest::backtrace(output)
        .into_iter()
        .take_while(|(function, ..)| !function.starts_with("test::") && !function.starts_with("__rust_begin_short_backtrace"))
        .filter_map(|(function, file, line)| {
            let path = workspace_path(copy, &binary.cwd, &file)?;
            let function = function.split("::{{closure}}").next().unwrap_or(&function).to_owned();
            Some(Frame { path, line, function: Some(function) })
        })
        .collect();
    // The call of the test through its wrapper closure stands on the line of its attribute or name: the same test again.
    if let [.., inner, outer] = frames.as_slice()
        && inner.function == outer.function
    {
        frames.pop();
    }
    frames.reverse();
    frames.truncate(64);
    frames
}
