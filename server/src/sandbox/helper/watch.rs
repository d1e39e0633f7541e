//! Stays with a running command: notices its end at once, the server's word to stop at once, and use of memory,
//! processes and CPU time beyond the limits within a fraction of a second.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, WaitOptions, WaitStatus, pidfd_open, waitpid};

use super::census::{self, Process};
use super::{Spec, ready};
use crate::sandbox::{Exit, Tier};

/// How often use is counted; where counting takes long, less often, but never less than four times a second.
const INTERVAL: Duration = Duration::from_millis(40);
const LONGEST: Duration = Duration::from_millis(250);
/// Free memory of the machine and free space of the disk below which a command is stopped to save the rest.
const LOW_MEMORY: u64 = 192 << 20;
const LOW_DISK: u64 = 512 << 20;

/// Waits for the end of `child`; returns early with the reason when `control` closes or a limit is passed. What then
/// still runs is the caller's to kill.
pub(super) fn until_end(spec: &Spec, child: Pid, control: BorrowedFd<'_>) -> Exit {
    let handle = pidfd_open(child, PidfdFlags::empty()).ok();
    let mut next_count = Instant::now() + INTERVAL;
    loop {
        // Without process handles (before Linux 5.3) the end is seen by looking.
        let most = if handle.is_some() { INTERVAL } else { Duration::from_millis(5) };
        let wait = next_count.saturating_duration_since(Instant::now()).min(most).as_millis() as i64;
        let stopped = match &handle {
            Some(handle) => {
                use std::os::fd::AsFd;
                ready(&[control, handle.as_fd()], wait.max(1))[0]
            }
            None => ready(&[control], wait.max(1))[0],
        };
        if let Ok(Some((_, status))) = waitpid(Some(child), WaitOptions::NOHANG) {
            return ended(status);
        }
        if stopped {
            return Exit::Cancelled;
        }
        if Instant::now() >= next_count {
            let began = Instant::now();
            if let Some(what) = over_limit(spec) {
                return Exit::Limit(what);
            }
            reap_others(child);
            next_count = Instant::now() + (began.elapsed() * 15).clamp(INTERVAL, LONGEST);
        }
    }
}

fn ended(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(libc::SIGXCPU)) => Exit::Limit("cpu".into()),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    }
}

/// Orphans become our children; those that have ended are let go, the command itself is left to be waited for.
fn reap_others(child: Pid) {
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let dead = census::all().into_iter().filter(|process| process.parent == me && process.state == b'Z');
    for pid in dead.filter_map(|process| Pid::from_raw(process.pid)).filter(|pid| *pid != child) {
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

/// The first limit that is passed, by name.
fn over_limit(spec: &Spec) -> Option<String> {
    let limits = &spec.limits;
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let inside: Vec<Process> = match spec.tier {
        Tier::A => census::all().into_iter().filter(|process| process.pid != me).collect(),
        _ => census::family(me),
    };
    let processes: u64 = inside.iter().map(|process| process.threads.max(1)).sum();
    if processes > limits.processes {
        return Some("processes".into());
    }
    let nameless = census::nameless(&inside);
    if too_much_memory(&inside, nameless.memory, limits.memory_mb.saturating_mul(1 << 20)) {
        return Some("memory".into());
    }
    let cpu: Duration = inside.iter().map(|process| process.cpu).sum();
    if limits.cpu.is_some_and(|limit| cpu > limit) {
        return Some("cpu".into());
    }
    let scratch = spec.scratch.as_deref().map(|path| size(path, &mut 20_000).saturating_add(nameless.disk));
    if scratch.is_some_and(|bytes| bytes > limits.tmp_mb << 20) {
        return Some("disk".into());
    }
    machine_in_need(spec)
}

/// Resident pages first, which is quick and too much; only if that is over the limit, each process's share.
fn too_much_memory(inside: &[Process], memory_files: u64, most: u64) -> bool {
    let resident: u64 = inside.iter().map(|process| process.resident).sum();
    if resident + memory_files <= most {
        return false;
    }
    let shares =
        inside.iter().map(|process| census::share(process.pid).unwrap_or(census::Share { anonymous: process.resident, shared_memory: 0 }));
    let sum = shares.fold(census::Share::default(), |sum, one| census::Share {
        anonymous: sum.anonymous + one.anonymous,
        shared_memory: sum.shared_memory + one.shared_memory,
    });
    // A memory file that is mapped is in both.
    sum.anonymous + sum.shared_memory.max(memory_files) > most
}

/// Unattached segments and writes to the copy are counted nowhere: the machine's own state is the last line.
fn machine_in_need(spec: &Spec) -> Option<String> {
    let memory = std::fs::read_to_string("/proc/meminfo").ok()?;
    let available = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?.split_whitespace().next()?.parse::<u64>().ok()?;
    if available << 10 < LOW_MEMORY {
        return Some("memory".into());
    }
    for path in spec.write.iter().filter(|path| !path.starts_with("/dev")) {
        let Ok(space) = rustix::fs::statvfs(path) else { continue };
        // A tmpfs of ours may be full; it hurts nobody else.
        let ours = spec.tier == Tier::A && path.starts_with("/tmp") && space.f_blocks * space.f_frsize <= spec.limits.tmp_mb << 20;
        if !ours && space.f_bavail * space.f_frsize < LOW_DISK.min(space.f_blocks * space.f_frsize / 20) {
            return Some("disk".into());
        }
    }
    None
}

/// Bytes on disk below `path`, links not followed, looking at no more than `entries`.
fn size(path: &std::path::Path, entries: &mut usize) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut sum = 0;
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if *entries == 0 {
            return u64::MAX; // So many files that counting them takes too long is too much as well.
        }
        *entries -= 1;
        match entry.metadata() {
            Ok(data) if data.is_dir() => sum = size(&entry.path(), entries).saturating_add(sum),
            Ok(data) => sum = sum.saturating_add(data.blocks() * 512),
            Err(_) => {}
        }
    }
    sum
}
