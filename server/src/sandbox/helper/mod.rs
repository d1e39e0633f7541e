//! The inner helper: our own binary, re-executed behind the outer wall, puts up the inner walls and only then runs the
//! command. It exists because what must hold inside (Landlock, seccomp, limits, no capabilities) can only be set and
//! *checked* from inside, and because something we trust has to outlive the command there to kill all it leaves behind.
//!
//! In tier A it is process 1 of the PID namespace: when it ends, the kernel kills everything else. In tier B it is the
//! subreaper of everything the command starts. In both it dies, and takes all with it, when its control pipe closes,
//! which happens when the server stops the command, drops the run, or dies.

mod census;
mod confine;
mod filter;
mod spec;
mod tree;
mod verify;
mod watch;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit};

pub(super) use confine::landlock_abi;
pub(super) use spec::{Report, Spec};

use super::Tier;

/// Exit status of a helper that could not put up the walls; the command did not run.
const SETUP_FAILED: u8 = 125;

/// The hidden subcommand `lamplighter __walls SPEC STATUS CONTROL`: three numbers of inherited descriptors (what to run,
/// where to report, what to watch for the end). Never returns success without having run the command behind walls.
pub fn helper_main(args: &[String]) -> ExitCode {
    let Some((spec, status, control)) = inherited(args) else {
        let _ =
            writeln!(io::stderr(), "`__walls` belongs to the sandbox and takes three descriptors; there is nothing to run by hand here");
        return ExitCode::from(SETUP_FAILED);
    };
    let mut report = Reporter(File::from(status));
    match guard(spec, control, &mut report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            report.send(&Report::Setup { why });
            ExitCode::from(SETUP_FAILED)
        }
    }
}

/// Takes over the three descriptors and makes every other inherited one close on exec.
#[allow(unsafe_code)]
fn inherited(args: &[String]) -> Option<(OwnedFd, OwnedFd, OwnedFd)> {
    let [spec, status, control] = args else { return None };
    let numbers = [spec, status, control].map(|text| text.parse::<i32>().ok().filter(|fd| *fd > 2));
    super::walls::close_on_exec_from(3);
    let own = |fd: Option<i32>| {
        let fd = fd?;
        // SAFETY: `fcntl(F_GETFD)` only inspects; the descriptor was handed to this process for this purpose alone.
        (unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
    };
    Some((own(numbers[0])?, own(numbers[1])?, own(numbers[2])?))
}

/// Checks the outer wall, starts the command behind the inner one, and stays until nothing of it is left.
fn guard(spec: OwnedFd, control: OwnedFd, report: &mut Reporter) -> Result<(), String> {
    let mut text = String::new();
    File::from(spec).read_to_string(&mut text).map_err(|error| format!("the order cannot be read: {error}"))?;
    let spec: Spec = serde_json::from_str(&text).map_err(|error| format!("the order is not understood: {error}"))?;
    drop(text);
    let _ = rustix::thread::set_name(c"lamplighter");
    // Nobody inside may look into this process: not its memory, descriptors or environment.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(say("hide the helper"))?;
    if spec.tier == Tier::A {
        verify::outer_wall(&spec)?;
    } else {
        rustix::process::setsid().map_err(say("start a session"))?;
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(say("become the subreaper"))?;
    }
    let child = start(&spec, report)?;
    report.send(&Report::Started);
    let exit = watch::until_end(&spec, child, control.as_fd());
    if spec.tier != Tier::A {
        tree::kill_all();
    }
    report.send(&Report::Exit { exit });
    Ok(())
}

/// Forks, confines the child and executes the command in it; returns once the command really runs.
#[allow(unsafe_code)]
fn start(spec: &Spec, report: &mut Reporter) -> Result<Pid, String> {
    let (mut said, tell) = io::pipe().map_err(|error| format!("no pipe: {error}"))?;
    // SAFETY: this process has a single thread, so the child may go on as if nothing had happened.
    match unsafe { libc::fork() } {
        -1 => Err(format!("cannot fork: {}", io::Error::last_os_error())),
        0 => {
            drop(said);
            let failure = become_command(spec);
            let mut tell = tell;
            let line = serde_json::to_vec(&failure).unwrap_or_default();
            let _ = tell.write_all(&line);
            // SAFETY: ends the child at once, without running anything that belongs to the parent.
            unsafe { libc::_exit(i32::from(SETUP_FAILED)) }
        }
        pid => {
            drop(tell);
            let mut failure = Vec::new();
            said.read_to_end(&mut failure).map_err(|error| format!("the child cannot be heard: {error}"))?;
            if failure.is_empty() {
                return Pid::from_raw(pid).ok_or_else(|| "the child has no process id".to_owned());
            }
            match serde_json::from_slice(&failure) {
                Ok(Report::NotFound) => {
                    report.send(&Report::NotFound);
                    Err("not found".to_owned())
                }
                Ok(Report::Setup { why }) => Err(why),
                _ => Err("the child ended before the command began".to_owned()),
            }
        }
    }
}

/// In the child: inner walls, checks, exec. Comes back only with the reason why the command does not run.
#[allow(clippy::disallowed_methods)] // This is where commands are run behind walls.
fn become_command(spec: &Spec) -> Report {
    if let Err(why) = confined(spec) {
        return Report::Setup { why };
    }
    let Some((program, arguments)) = spec.argv.split_first() else {
        return Report::Setup { why: "there is no program to run".into() };
    };
    let error = std::process::Command::new(program).args(arguments).env_clear().envs(&spec.env).exec();
    match error.kind() {
        io::ErrorKind::NotFound => Report::NotFound,
        _ => Report::Setup { why: format!("the program cannot be executed: {error}") },
    }
}

#[allow(clippy::disallowed_methods)] // A process of one thread, about to become the command.
fn confined(spec: &Spec) -> Result<(), String> {
    let status = File::open("/proc/self/status").map_err(|error| format!("/proc cannot be read: {error}"))?;
    // A command that eats all memory shall be the one the kernel picks.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = rustix::process::nice(5);
    std::env::set_current_dir(&spec.cwd).map_err(|error| format!("{} cannot be entered: {error}", spec.cwd.display()))?;
    rlimits(spec)?;
    rustix::thread::set_no_new_privs(true).map_err(say("give up new privileges"))?;
    confine::landlock(spec)?;
    if spec.tier != Tier::A {
        confine::drop_capabilities()?;
    }
    filter::install(spec)?;
    verify::inner_wall(spec, status)
}

fn rlimits(spec: &Spec) -> Result<(), String> {
    let both = |value: u64| Rlimit { current: Some(value), maximum: Some(value) };
    let set = |resource, limit| rustix::process::setrlimit(resource, limit).map_err(say("set a resource limit"));
    set(Resource::Core, both(0))?;
    set(Resource::Fsize, both(spec.limits.file_mb.saturating_mul(1 << 20)))?;
    if let Some(cpu) = spec.limits.cpu {
        let seconds = cpu.as_secs().max(1);
        set(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds + 2) })?;
    }
    // Counted per user namespace, so only meaningful in one of its own; the watch counts in any case.
    if spec.own_user_namespace {
        set(Resource::Nproc, both(spec.limits.processes))?;
    }
    Ok(())
}

fn say<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("cannot {what}: {error}")
}

/// Sends reports to the server, one JSON object a line.
struct Reporter(File);

impl Reporter {
    fn send(&mut self, report: &Report) {
        if let Ok(mut line) = serde_json::to_vec(report) {
            line.push(b'\n');
            let _ = self.0.write_all(&line);
        }
    }
}

/// Waits until `fd` is readable or closed, at most `milliseconds`; true when it is.
fn ready(fds: &[std::os::fd::BorrowedFd<'_>], milliseconds: i64) -> Vec<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let wait = Timespec { tv_sec: milliseconds / 1000, tv_nsec: (milliseconds % 1000) * 1_000_000 };
    match poll(&mut polled, Some(&wait)) {
        Ok(_) => polled.iter().map(|fd| !fd.revents().is_empty()).collect(),
        Err(_) => vec![false; fds.len()],
    }
}
