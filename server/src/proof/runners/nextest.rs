//! cargo-nextest, for projects that are set up for it (they may rely on a process per test), read from its libtest-like JSON.
//!
//! It names binaries `package::target`, which is less than an id: where a package has two targets of one name, its
//! binaries are run by us instead.

use crate::proof::{Bench, Suite, TestReport};
use crate::sandbox::{Exit, SandboxError};

use super::cargo::{case, run_binaries};
use super::cargo_build::{Build, TestBinary};
use super::{Selection, cut_short, denials, libtest, tail};

/// Runs the selected tests of the binaries in `build` with the nextest at `program`.
pub(super) async fn run(
    bench: &Bench<'_>,
    suite: &Suite,
    program: &str,
    build: &Build,
    selection: &Selection,
    report: &mut TestReport,
) -> Result<(), SandboxError> {
    let named = |binary: &TestBinary| build.binaries.iter().filter(|other| spelt(other) == spelt(binary)).count() == 1;
    let Some(filter) = filter(build, selection).filter(|_| build.binaries.iter().all(|binary| binary.harness && named(binary))) else {
        return run_binaries(bench, suite, build, selection, report).await;
    };
    let fixed = ["nextest", "run", "--no-fail-fast", "--no-tests=pass", "--message-format=libtest-json", "--color=never"];
    let mut arguments: Vec<String> = fixed.map(str::to_owned).into();
    arguments.extend(super::cargo_build::workspace_flag(bench.copy, suite));
    arguments.extend(suite.args.iter().cloned());
    arguments.extend(["-E".to_owned(), filter]);
    let mut command = suite.toolchain.command(arguments);
    command.argv[0] = program.to_owned();
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    command.env.insert("CARGO".to_owned(), suite.toolchain.program.clone());
    command.env.insert("NEXTEST_EXPERIMENTAL_LIBTEST_JSON".to_owned(), "1".to_owned());
    report.runner = "cargo nextest".to_owned();
    report.command.clone_from(&command.argv);
    let outcome = bench.run(command).await?;
    report.seconds += outcome.elapsed.as_secs_f64();
    report.tail = tail(&outcome);
    report.notes.extend(denials(&outcome));
    let account = libtest::read_events(&outcome.stdout.text());
    let red = account.outcomes.iter().any(|one| one.status.is_red());
    let expected = if red { 100 } else { 0 };
    if outcome.exit != Exit::Code(expected) || !account.unfinished.is_empty() {
        report.complete = false;
        let running = account.unfinished.iter().next().map_or_else(|| "nextest".to_owned(), |name| format!("`{name}`"));
        let early = "nextest's results and its exit status disagree, so the run is not complete; see the output".to_owned();
        report.notes.push(cut_short(&outcome.exit, bench.limits, &running).unwrap_or(early));
    }
    for mut one in account.outcomes {
        let split = one.name.split_once('$').map(|(binary, test)| (binary.to_owned(), test.to_owned()));
        let found = split.and_then(|(spelling, test)| Some((build.binaries.iter().find(|binary| spelt(binary) == spelling)?, test)));
        let Some((binary, test)) = found else {
            report.complete = false;
            report.notes.push(format!("nextest reported `{}`, which belongs to no test binary that was built", one.name));
            continue;
        };
        one.name = test;
        report.cases.push(case(bench.copy, suite, binary, one));
    }
    Ok(())
}

/// How nextest's JSON spells a binary.
fn spelt(binary: &TestBinary) -> String {
    format!("{}::{}", binary.package, binary.target)
}

/// nextest's filter expression for a selection; `None` where only whole files are named.
fn filter(build: &Build, selection: &Selection) -> Option<String> {
    match selection {
        Selection::All => Some("all()".to_owned()),
        Selection::Files(_) => None,
        Selection::Ids(ids) => {
            let split = ids.iter().filter_map(|id| id.0.split_once('$'));
            let known = split.filter(|(binary, _)| build.binaries.iter().any(|other| other.id == **binary));
            let terms: Vec<String> = known.map(|(binary, test)| format!("(binary_id(={binary}) & test(={test}))")).collect();
            Some(if terms.is_empty() { "none()".to_owned() } else { terms.join(" | ") })
        }
    }
}
