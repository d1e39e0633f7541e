//! Starts an order, reads what it prints, keeps the time, and stays until nothing of it is left.
//!
//! A thread per command, not a task: the kernel's "die with your parent" is tied to the *thread* that forked, and
//! threads of an async runtime come and go.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::output::Ring;
use super::{SandboxError, Tier, denial};
use crate::sandbox::helper::{Report, Spec};
use crate::sandbox::{Exit, Limits, Outcome};

/// How long the helper has to clean up after it was told to stop, before the outer process is killed outright.
const GRACE: Duration = Duration::from_millis(800);

/// A command, ready to be started behind its outer wall.
#[derive(Debug)]
pub(super) struct Order {
    /// Absolute path of the outer program, and its arguments.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Descriptors it inherits, under the numbers they have here; all others are closed.
    pub inherited: Vec<OwnedFd>,
    /// Where the helper reports.
    pub reports: OwnedFd,
    /// Closing it stops the command.
    pub control: OwnedFd,
    /// The command's own program, for messages.
    pub name: String,
    pub tier: Tier,
    pub limits: Limits,
    /// Paths to give their own names back in the output (tier B).
    pub renames: super::bare::Renames,
    /// Removed when the command has ended.
    pub scratch: Option<super::bare::Scratch>,
}

impl Order {
    /// Puts `spec` and the two pipes of the helper into descriptors; `helper_call` are the last arguments of the call.
    pub(super) fn handover(spec: &Spec) -> io::Result<(Handover, [String; 4])> {
        let (reports, report_to) = io::pipe()?;
        let (stop, control) = io::pipe()?;
        let text = serde_json::to_vec(spec).map_err(io::Error::other)?;
        let spec = super::bare::memory_file("order", &text)?;
        let inherited: Vec<OwnedFd> = vec![spec, report_to.into(), stop.into()];
        let mut call = ["__walls".to_owned(), String::new(), String::new(), String::new()];
        for (slot, fd) in call[1..].iter_mut().zip(&inherited) {
            *slot = fd.as_raw_fd().to_string();
        }
        Ok((Handover { inherited, reports: reports.into(), control: control.into() }, call))
    }
}

/// The descriptors of one order.
#[derive(Debug)]
pub(super) struct Handover {
    pub inherited: Vec<OwnedFd>,
    pub reports: OwnedFd,
    pub control: OwnedFd,
}

/// Runs an order to its end; kills it when `cancel` fires or the future is dropped.
pub(super) async fn run(order: Order, cancel: &CancellationToken) -> Result<Outcome, SandboxError> {
    let name = order.name.clone();
    let failed = |why: String| SandboxError::Setup { program: name.clone(), why };
    let (abandoned, keep) = io::pipe().map_err(|error| failed(format!("no pipe: {error}")))?;
    let (answer, answered) = oneshot::channel();
    std::thread::Builder::new()
        .name("walls".into())
        .spawn(move || {
            let _ = answer.send(run_here(order, Some(abandoned.into())));
        })
        .map_err(|error| failed(format!("no thread: {error}")))?;
    let mut answered = answered;
    let outcome = tokio::select! {
        outcome = &mut answered => outcome,
        () = cancel.cancelled() => {
            drop(keep);
            answered.await
        }
    };
    outcome.unwrap_or_else(|_| Err(failed("its supervisor ended early".into())))
}

/// Runs an order on this thread; kills it when the other end of `abandoned` closes.
pub(super) fn run_here(order: Order, abandoned: Option<OwnedFd>) -> Result<Outcome, SandboxError> {
    let Order { program, arguments, inherited, reports, control, name, tier, limits, renames, scratch } = order;
    let setup = |why: String| SandboxError::Setup { program: name.clone(), why };
    let started = Instant::now();
    let mut child = spawn(&program, &arguments, &inherited).map_err(|error| setup(format!("{}: {error}", program.display())))?;
    drop(inherited);
    let mut seat = Seat::new(&mut child, reports, control, abandoned, &limits).map_err(|error| setup(error.to_string()))?;
    seat.attend(&mut child, started + limits.wall);
    let _ = child.wait();
    seat.drain();
    drop(scratch);
    let Seat { stdout, stderr, reports, stopped, .. } = seat;
    let (mut stdout, mut stderr) = (stdout.ring.finish(), stderr.ring.finish());
    renames.back(&mut stdout.bytes);
    renames.back(&mut stderr.bytes);
    let exit = match conclusion(&reports.ring.finish().bytes) {
        Conclusion::NotFound => return Err(SandboxError::NotFound { program: name }),
        _ if stopped.is_some() => stopped.unwrap_or(Exit::Cancelled),
        Conclusion::Setup(why) => return Err(setup(why)),
        Conclusion::Nothing => {
            let said: Vec<String> = stderr.text().lines().take(3).map(|line| line.chars().take(300).collect()).collect();
            return Err(setup(format!("the outer wall gave up: {}", said.join("; "))));
        }
        Conclusion::Vanished => Exit::Signal(libc::SIGKILL),
        Conclusion::Ended(exit) => exit,
    };
    let denials = denial::recognise(tier, &exit, &stdout, &stderr);
    Ok(Outcome { exit, stdout, stderr, elapsed: started.elapsed(), denials })
}

enum Conclusion {
    Nothing,
    Setup(String),
    NotFound,
    /// It ran, and its helper was killed from outside.
    Vanished,
    Ended(Exit),
}

fn conclusion(reports: &[u8]) -> Conclusion {
    let mut conclusion = Conclusion::Nothing;
    for report in serde_json::Deserializer::from_slice(reports).into_iter::<Report>().map_while(Result::ok) {
        conclusion = match report {
            Report::NotFound => return Conclusion::NotFound,
            Report::Setup { why } => Conclusion::Setup(why),
            Report::Started => Conclusion::Vanished,
            Report::Exit { exit } => Conclusion::Ended(exit),
        };
    }
    conclusion
}

/// Forks and executes with an empty environment, no input, and no descriptor but the listed ones.
#[allow(unsafe_code, clippy::disallowed_methods)] // This is where the walls themselves are started.
fn spawn(program: &std::path::Path, arguments: &[String], inherited: &[OwnedFd]) -> io::Result<Child> {
    let mut command = std::process::Command::new(program);
    command.args(arguments).env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let numbers: Vec<RawFd> = inherited.iter().map(AsRawFd::as_raw_fd).collect();
    // SAFETY: between fork and exec only system calls on numbers made before; nothing allocates or locks.
    unsafe {
        command.pre_exec(move || {
            close_on_exec_from(3);
            for number in &numbers {
                if libc::fcntl(*number, libc::F_SETFD, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Marks every descriptor from `first` on to be closed on exec.
#[allow(unsafe_code)]
pub(crate) fn close_on_exec_from(first: u32) {
    const CLOEXEC: u32 = 4; // CLOSE_RANGE_CLOEXEC, Linux 5.11
    // SAFETY: changes one flag of this process's descriptors, whichever exist.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, u32::MAX, CLOEXEC) != 0 {
            for number in first as i32..65_536 {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
    }
}

/// Where one running command is attended: its pipes and how to stop it.
struct Seat {
    stdout: Pipe,
    stderr: Pipe,
    reports: Pipe,
    control: Option<OwnedFd>,
    abandoned: Option<OwnedFd>,
    process: Option<OwnedFd>,
    stopped: Option<Exit>,
}

impl Seat {
    fn new(child: &mut Child, reports: OwnedFd, control: OwnedFd, abandoned: Option<OwnedFd>, limits: &Limits) -> io::Result<Self> {
        let missing = || io::Error::other("no output pipe");
        let process = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        Ok(Self {
            stdout: Pipe::new(child.stdout.take().ok_or_else(missing)?.into(), limits.output),
            stderr: Pipe::new(child.stderr.take().ok_or_else(missing)?.into(), limits.output),
            reports: Pipe::new(reports, 1 << 16),
            control: Some(control),
            abandoned,
            process: process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()),
            stopped: None,
        })
    }

    /// Until the outer process has ended; stops it at `deadline` or when abandoned.
    fn attend(&mut self, child: &mut Child, deadline: Instant) {
        let mut give_up = None;
        loop {
            let until = give_up.unwrap_or(deadline).saturating_duration_since(Instant::now());
            let most = if self.process.is_some() { Duration::from_secs(1) } else { Duration::from_millis(5) };
            let events = self.wait(until.min(most));
            if events.ended || self.process.is_none() && matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            let now = Instant::now();
            if self.stopped.is_none() && (events.abandoned || now >= deadline) {
                self.stopped = Some(if events.abandoned { Exit::Cancelled } else { Exit::Timeout });
                self.control = None;
                give_up = Some(now + GRACE);
            }
            if give_up.is_some_and(|when| now >= when) {
                let _ = child.kill();
                give_up = Some(now + GRACE);
            }
        }
    }

    /// Waits for something to happen and reads what there is to read.
    fn wait(&mut self, most: Duration) -> Events {
        let timeout = Timespec { tv_sec: most.as_secs().cast_signed(), tv_nsec: i64::from(most.subsec_nanos()) + 1 };
        let abandoned = if self.stopped.is_some() { None } else { self.abandoned.as_ref() };
        let watched: Vec<(Watched, BorrowedFd<'_>)> = [
            (Watched::Stdout, self.stdout.fd.as_ref().map(AsFd::as_fd)),
            (Watched::Stderr, self.stderr.fd.as_ref().map(AsFd::as_fd)),
            (Watched::Reports, self.reports.fd.as_ref().map(AsFd::as_fd)),
            (Watched::Process, self.process.as_ref().map(AsFd::as_fd)),
            (Watched::Abandoned, abandoned.map(AsFd::as_fd)),
        ]
        .into_iter()
        .filter_map(|(what, fd)| Some((what, fd?)))
        .collect();
        let mut polled: Vec<PollFd<'_>> = watched.iter().map(|(_, fd)| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        let _ = poll(&mut polled, Some(&timeout));
        let ready: Vec<Watched> =
            watched.iter().zip(&polled).filter(|(_, polled)| !polled.revents().is_empty()).map(|((what, _), _)| *what).collect();
        for what in &ready {
            match what {
                Watched::Stdout => self.stdout.read(),
                Watched::Stderr => self.stderr.read(),
                Watched::Reports => self.reports.read(),
                Watched::Process | Watched::Abandoned => {}
            }
        }
        Events { ended: ready.contains(&Watched::Process), abandoned: ready.contains(&Watched::Abandoned) }
    }

    /// After the end: what is still in the pipes. Bounded, should a stranger hold one open.
    fn drain(&mut self) {
        self.process = None;
        self.abandoned = None;
        let enough = Instant::now() + Duration::from_secs(1);
        while [&self.stdout, &self.stderr, &self.reports].iter().any(|pipe| pipe.fd.is_some()) && Instant::now() < enough {
            self.wait(Duration::from_millis(100));
        }
    }
}

struct Events {
    ended: bool,
    abandoned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    Stdout,
    Stderr,
    Reports,
    Process,
    Abandoned,
}

/// The reading end of a pipe, until it is closed.
struct Pipe {
    fd: Option<std::fs::File>,
    ring: Ring,
}

impl Pipe {
    fn new(fd: OwnedFd, limit: usize) -> Self {
        Self { fd: Some(fd.into()), ring: Ring::new(limit) }
    }

    /// Reads once (the pipe is known to be readable or closed).
    fn read(&mut self) {
        let Some(file) = &mut self.fd else { return };
        let mut buffer = [0; 65_536];
        match file.read(&mut buffer) {
            Ok(0) | Err(_) => self.fd = None,
            Ok(count) => self.ring.push(&buffer[..count]),
        }
    }
}
