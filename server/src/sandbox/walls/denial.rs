//! Recognises a refusal of the walls in what a failed command printed, so that the model and the user read "sandbox
//! denied: network" and not a bare `EPERM` they would try to fix in the code.

use crate::sandbox::{Denial, Exit, Output, Tier};

const NETWORK: &[&str] = &[
    "network is unreachable",
    "enetunreach",
    "temporary failure in name resolution",
    "name or service not known",
    "could not resolve host",
    "couldn't resolve host",
    "failed to lookup address information",
    "nodename nor servname provided",
    "eai_again",
    "failed to resolve address",
];
const READ_ONLY: &[&str] = &["read-only file system", "erofs"];
const NOT_ALLOWED: &[&str] = &["permission denied", "operation not permitted", "eacces", "eperm", "permissionerror"];
const FULL: &[&str] = &["no space left on device", "enospc", "file too large", "efbig"];
const NO_FORK: &[&str] = &["resource temporarily unavailable", "can't start new thread", "cannot fork", "fork failed"];

/// A kind of refusal, which (lower-case) lines tell of it, and the way out.
type Sign<'a> = (&'static str, &'a dyn Fn(&str) -> bool, &'static str);

/// What the walls refused, as far as a failed command's words tell; at most one of each kind.
pub(super) fn recognise(tier: Tier, exit: &Exit, stdout: &Output, stderr: &Output) -> Vec<Denial> {
    if let Exit::Limit(what) = exit {
        let detail =
            format!("the command used more {what} than its limit and was stopped; use less, or raise the limit in the user's settings");
        return vec![Denial { what: what.clone(), detail }];
    }
    if exit.ok() || *exit == Exit::Cancelled {
        return Vec::new();
    }
    let texts = [stderr.text(), stdout.text()];
    let kinds: [Sign<'_>; 5] = [
        ("network", &|line| has(line, NETWORK), network_way_out(tier)),
        ("write", &|line| has(line, READ_ONLY), "only the workspace and the temporary folder can be written to"),
        (
            "permission",
            &|line| has(line, NOT_ALLOWED),
            "only the workspace, toolchains and system libraries can be read, and some system calls are refused",
        ),
        ("disk", &|line| has(line, FULL), "the temporary folder and single files have a size limit"),
        ("processes", &|line| has(line, NO_FORK), "the number of processes and threads is limited"),
    ];
    let lines = || texts.iter().flat_map(|text| text.lines());
    kinds
        .into_iter()
        .filter_map(|(what, matches, way_out)| {
            let line = lines().find(|line| matches(&line.to_lowercase()))?;
            Some(Denial { what: what.into(), detail: format!("sandbox denied: {what} ({way_out}); seen: {}", shown(line)) })
        })
        .collect()
}

fn network_way_out(tier: Tier) -> &'static str {
    match tier {
        Tier::B => "there is no network at all here, not even loopback; with bubblewrap installed there would be loopback",
        _ => "only loopback inside the sandbox can be reached",
    }
}

fn has(line: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| line.contains(pattern))
}

/// One line, short and without control characters.
fn shown(line: &str) -> String {
    line.trim().chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(tier: Tier, exit: Exit, stderr: &str) -> Vec<String> {
        let output = Output { bytes: stderr.into(), dropped: 0 };
        recognise(tier, &exit, &Output::default(), &output).into_iter().map(|denial| denial.what).collect()
    }

    #[test]
    fn refusals_are_named_by_what_was_refused() {
        let failed = Exit::Code(1);
        assert_eq!(kinds(Tier::A, failed.clone(), "OSError: [Errno 101] Network is unreachable"), ["network"]);
        assert_eq!(kinds(Tier::A, failed.clone(), "touch: /etc/x: Read-only file system"), ["write"]);
        assert_eq!(kinds(Tier::A, failed.clone(), "cat: /root/x: Permission denied"), ["permission"]);
        assert_eq!(kinds(Tier::A, failed, "assertion failed: 1 == 2"), Vec::<String>::new());
        assert_eq!(kinds(Tier::A, Exit::Code(0), "Network is unreachable"), Vec::<String>::new());
        assert_eq!(kinds(Tier::A, Exit::Limit("memory".into()), ""), ["memory"]);
    }
}
