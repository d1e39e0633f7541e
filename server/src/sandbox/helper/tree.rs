//! Killing everything a command left behind where no PID namespace does it for us (tier B): we are the subreaper, so
//! whatever daemonises becomes our child; stop all, kill all, wait, until no descendant is left.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use super::census;

/// Kills all descendants of this process and reaps them; comes back when none is left.
pub(super) fn kill_all() {
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    loop {
        reap();
        let family = census::descendants(me);
        if family.is_empty() {
            return;
        }
        // First stop them, so that none forks while the others die.
        for signal in [Signal::STOP, Signal::KILL] {
            for pid in family.iter().filter(|process| process.state != b'Z').filter_map(|process| Pid::from_raw(process.pid)) {
                let _ = kill_process(pid, signal);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Takes note of every child that has ended, without waiting.
pub(super) fn reap() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}
