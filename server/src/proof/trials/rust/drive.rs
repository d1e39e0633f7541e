//! Running test binaries many times inside one sandboxed command: a shell script that hands tasks to a few workers and keeps
//! their time, so that the walls are put up once and not per candidate.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::proof::runners::{Exchange, TestBinary, libtest};
use crate::proof::{Bench, Suite, TestStatus, TrialOutcome};
use crate::sandbox::{Command, Limits, SandboxError};

use super::super::setup;
use super::super::shadow::Shadow;

/// One start of a test binary.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    /// What is started.
    pub(super) binary: &'a TestBinary,
    /// Names of the tests in it.
    pub(super) names: Vec<String>,
}

/// Steps in order, the next only after the last one passed.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The task's name: a plain number.
    pub(super) name: usize,
    /// Indices of steps.
    pub(super) steps: Vec<usize>,
    /// Environment of the task.
    pub(super) env: Vec<(&'static str, String)>,
}

/// Bounds of one drive.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) per_task: Duration,
    pub(super) total: Duration,
    pub(super) stop_after_passes: Option<usize>,
}

/// What came of the tasks that were reached.
pub(super) struct Driven {
    /// Task, outcome, seconds.
    pub(super) results: Vec<(usize, TrialOutcome, f64)>,
    /// Where tasks may have left files.
    pub(super) exchange: Exchange,
}

/// Runs `tasks` on the shadow tree, a few at a time. `{out}` in a task's environment stands for the folder it may write to.
pub(super) async fn drive(
    bench: &Bench<'_>,
    suite: &Suite,
    shadow: &Shadow,
    steps: &[Step<'_>],
    tasks: &[Task],
    bounds: &Bounds,
) -> Result<Driven, SandboxError> {
    let exchange = Exchange::new(bench.copy, &[])?;
    exchange.put("drive.sh", &script(bench, &exchange, steps, tasks, bounds))?;
    let list: Vec<String> = tasks.iter().map(|task| format!("{} {}\n", task.name, words(&task.steps))).collect();
    exchange.put("tasks", &list.concat())?;
    let mut command = Command::new(["/bin/sh".to_owned(), exchange.inbox().join("drive.sh").to_string_lossy().into_owned()]);
    command.binds.clone_from(&suite.toolchain.binds);
    command.env.clone_from(&suite.toolchain.env);
    command.env.insert("ROOT".to_owned(), bench.copy.root().to_string_lossy().into_owned());
    command.tree = Some(shadow.root().to_owned());
    command.limits = Limits { wall: bounds.total + Duration::from_secs(2), ..bench.limits.clone() };
    exchange.mount(&mut command);
    let outcome = bench.run(command).await?;
    let results: Vec<(usize, TrialOutcome, f64)> = tasks.iter().filter_map(|task| result(&exchange, task, steps, bounds)).collect();
    if results.is_empty() && outcome.exit.ok() && !tasks.is_empty() {
        return Err(setup("/bin/sh", format!("the tests were not started: {}", outcome.stderr.text().trim())));
    }
    Ok(Driven { results, exchange })
}

fn words(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A word of shell that stands for exactly `text`.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same for a text that names paths below the workspace's root: where they are inside, only the environment knows.
fn quote_path(text: &str, root: &Path) -> String {
    text.split(&*root.to_string_lossy()).map(quote).collect::<Vec<_>>().join("\"$R\"")
}

/// The script. Claims are files that only one worker can create; outputs are capped by the file size limit.
fn script(bench: &Bench<'_>, exchange: &Exchange, steps: &[Step<'_>], tasks: &[Task], bounds: &Bounds) -> String {
    let outbox = exchange.outbox().to_string_lossy().into_owned();
    let mut out = format!("ulimit -f 262144\nset -C\nR=$ROOT\nunset ROOT\nO={}\n", quote(&outbox));
    for (number, step) in steps.iter().enumerate() {
        let root = bench.copy.root();
        let _ = write!(out, "step_{number}() {{ cd {} && ", quote_path(&root.join(&step.binary.cwd).to_string_lossy(), root));
        for (name, value) in &step.binary.env {
            let _ = write!(out, "export {name}={} && ", quote_path(value, root));
        }
        let _ = write!(out, "exec timeout -s KILL {:.3} {}", bounds.per_task.as_secs_f64(), quote_path(&step.binary.executable, root));
        if step.binary.harness {
            out.push_str(" -Z unstable-options --format json --test-threads 1 --exact");
            step.names.iter().for_each(|name| out.extend([" ", &quote(name)]));
        }
        out.push_str("; }\n");
    }
    out.push_str("env_of() { case $1 in\n");
    for task in tasks {
        let _ = write!(out, "{}) export RUSTC_BOOTSTRAP=1", task.name);
        for (name, value) in &task.env {
            let _ = write!(out, " {name}={}", quote(&value.replace("{out}", &outbox)));
        }
        out.push_str(";;\n");
    }
    out.push_str("esac; }\n");
    let _ = write!(
        out,
        r#"run() {{ (env_of $1; step_$2) >"$O/$1.$2.out" 2>"$O/$1.$2.err" </dev/null; s=$?; echo $s >"$O/$1.$2.status"; return $s; }}
worker() {{
  while read -r t steps; do
    [ -e "$O/stop" ] && return
    {{ true >"$O/$t.claim"; }} 2>/dev/null || continue
    ok=1
    for s in $steps; do run $t $s || {{ ok=; break; }}; done
    [ "$ok" ] || continue
    true >"$O/$t.pass"
    set -- "$O"/*.pass
    if [ $# -ge {} ]; then true >|"$O/stop"; fi
  done <{}
}}
"#,
        bounds.stop_after_passes.unwrap_or(usize::MAX >> 1),
        quote(&exchange.inbox().join("tasks").to_string_lossy()),
    );
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
    out.push_str(&"worker &\n".repeat(workers));
    out.push_str("wait\n");
    out
}

/// Reads one task's files; `None` where it was not reached or not ended.
fn result(exchange: &Exchange, task: &Task, steps: &[Step<'_>], bounds: &Bounds) -> Option<(usize, TrialOutcome, f64)> {
    let time = |name: String| std::fs::metadata(exchange.outbox().join(name)).and_then(|meta| meta.modified()).ok();
    let began = time(format!("{}.claim", task.name))?;
    let (mut passed, mut seconds) = (0, 0.0);
    for number in &task.steps {
        let name = |kind: &str| format!("{}.{number}.{kind}", task.name);
        let status: i32 = exchange.take(&name("status"))?.trim().parse().ok()?;
        seconds = time(name("status"))?.duration_since(began).unwrap_or_default().as_secs_f64();
        if status == 137 && seconds >= bounds.per_task.as_secs_f64() {
            return Some((task.name, TrialOutcome::Timeout, seconds));
        }
        let step = steps.get(*number)?;
        let errors = exchange.take(&name("err")).unwrap_or_default();
        if let Err((some, failed, message)) = judge(step, status, &exchange.take(&name("out")).unwrap_or_default(), &errors) {
            return Some((task.name, TrialOutcome::Red { passed: passed + some, failed, message: clip(&message) }, seconds));
        }
        passed += step.names.len();
    }
    Some((task.name, TrialOutcome::Passed, seconds))
}

/// Whether a step passed; else how many of its tests did, how many did not, and the first message.
fn judge(step: &Step<'_>, status: i32, stdout: &str, stderr: &str) -> Result<(), (usize, usize, String)> {
    let died = || {
        let last: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
        let how = if status > 128 { format!("signal {}", status - 128) } else { format!("status {status}") };
        format!("the test process ended with {how} before its tests came to an end: {}", last.join(" "))
    };
    if !step.binary.harness {
        return if status == 0 { Ok(()) } else { Err((0, 1, died())) };
    }
    let account = libtest::read_events(stdout);
    let passed = account.outcomes.iter().filter(|one| one.status == TestStatus::Passed).count();
    let red = account.outcomes.iter().find(|one| one.status != TestStatus::Passed);
    let missing = step.names.iter().find(|name| !account.outcomes.iter().any(|one| one.name == **name));
    match (red, missing) {
        (Some(one), _) if one.status == TestStatus::Skipped => {
            Err((passed, step.names.len() - passed, format!("skipped: {}", one.output.trim())))
        }
        (Some(one), _) => {
            let message = libtest::panic(&one.output).map_or_else(|| one.output.trim().to_owned(), |panic| panic.message);
            Err((passed, step.names.len().saturating_sub(passed), message))
        }
        _ if !account.agrees_with(status) => Err((passed, step.names.len().saturating_sub(passed).max(1), died())),
        (None, Some(name)) => Err((passed, 1, format!("the test `{name}` was not found"))),
        (None, None) => Ok(()),
    }
}

/// The first 2000 bytes or so: enough to tell one failure from another.
fn clip(message: &str) -> String {
    let end = (0..=message.len().min(2000)).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    message[..end].to_owned()
}
