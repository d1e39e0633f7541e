//! Who runs inside and what they use, read from `/proc` (proc(5), `/proc/[pid]/stat`).

use std::time::Duration;

/// One process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    pub pid: i32,
    pub parent: i32,
    pub state: u8,
    pub threads: u64,
    /// Resident bytes, shared ones included.
    pub resident: u64,
    /// CPU time of itself and of children it has waited for.
    pub cpu: Duration,
}

/// Every process in sight (in tier A: exactly those of the sandbox), unordered.
pub(super) fn all() -> Vec<Process> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
    folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// The descendants of `root`, itself not included, by asking each process for its children: quick on a busy machine, but
/// one that forks meanwhile may be missed until the next time. Where the kernel keeps no such list: [`descendants`].
pub(super) fn family(root: i32) -> Vec<Process> {
    let mut found = Vec::new();
    let mut ask = vec![root];
    while let Some(parent) = ask.pop() {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let Ok(children) = std::fs::read_to_string(thread.path().join("children")) else {
                if parent == root {
                    return descendants(root);
                }
                continue;
            };
            for pid in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
                ask.push(pid);
                found.extend(std::fs::read(format!("/proc/{pid}/stat")).ok().and_then(|stat| parse(&stat)));
            }
        }
    }
    found
}

/// The descendants of `root`, itself not included, from a look at every process there is.
pub(super) fn descendants(root: i32) -> Vec<Process> {
    let mut rest = all();
    let mut family = vec![root];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        let (children, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|process| process.parent == parent && process.pid != root);
        family.extend(children.iter().map(|child| child.pid));
        found.extend(children);
        rest = others;
    }
    found
}

/// The command's name stands in brackets and may itself hold brackets and blanks: fields count from the last `)`.
fn parse(stat: &[u8]) -> Option<Process> {
    let text = String::from_utf8_lossy(stat);
    let pid = text.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    let number = |field: usize| fields.get(field - 3)?.trim().parse::<u64>().ok();
    let ticks = number(14)? + number(15)? + number(16)? + number(17)?;
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        state: fields.first()?.bytes().next()?,
        threads: number(20)?,
        resident: number(24)? * rustix::param::page_size() as u64,
        cpu: Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1)),
    })
}

/// Bytes of memory that are a process's own, pages shared with others divided among their users.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Share {
    pub anonymous: u64,
    pub shared_memory: u64,
}

/// The share of `pid`; `None` where the kernel does not tell.
pub(super) fn share(pid: i32) -> Option<Share> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
    };
    let anonymous = bytes("Pss_Anon").or_else(|| bytes("Pss"))?;
    Some(Share { anonymous, shared_memory: bytes("Pss_Shmem").unwrap_or(0) })
}

/// Bytes of files without a name that processes hold open: no folder shows them, no mapping needs to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nameless {
    /// In memory files.
    pub memory: u64,
    /// In deleted files on disk.
    pub disk: u64,
}

/// What these processes hold open without a name, each file counted once.
pub(super) fn nameless(processes: &[Process]) -> Nameless {
    use std::os::unix::fs::MetadataExt;
    let mut seen = std::collections::BTreeSet::new();
    let mut sum = Nameless::default();
    for process in processes {
        for entry in std::fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten() {
            let Ok(target) = std::fs::read_link(entry.path()) else { continue };
            if !target.to_string_lossy().ends_with(" (deleted)") {
                continue;
            }
            let Ok(data) = std::fs::metadata(entry.path()) else { continue };
            if data.is_file() && data.nlink() == 0 && seen.insert((data.dev(), data.ino())) {
                let bytes = data.blocks() * 512;
                let sort = if target.to_string_lossy().starts_with("/memfd:") { &mut sum.memory } else { &mut sum.disk };
                *sort += bytes;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_and_blanks_do_not_shift_the_fields() {
        let line = b"42 (a) S 1 (b) S 7 42 42 0 -1 4194560 100 0 0 0 5 6 7 8 20 0 3 0 100 1000 25 18446744073709551615 0 0";
        let process = parse(line).unwrap();
        assert_eq!((process.pid, process.parent, process.threads), (42, 7, 3));
        assert_eq!(process.resident, 25 * rustix::param::page_size() as u64);
    }

    #[test]
    fn this_process_is_found_below_its_parent() {
        let me = i32::try_from(std::process::id()).unwrap();
        let parent = all().into_iter().find(|process| process.pid == me).unwrap().parent;
        assert!(descendants(parent).iter().any(|process| process.pid == me));
        assert!(family(parent).iter().any(|process| process.pid == me));
    }
}
