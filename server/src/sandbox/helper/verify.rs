//! Walls that were not enforced are an error: the helper looks at what the kernel says holds, before and after it adds
//! its own, and the command does not run unless everything is there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Spec;
use crate::sandbox::{Network, Tier};

/// What the outer wall (tier A) must have done: own namespaces, this process first in them, a read-only root that holds
/// nothing but the listed mounts, no network device but loopback, no capabilities.
pub(super) fn outer_wall(spec: &Spec) -> Result<(), String> {
    if std::process::id() != 1 {
        return Err("the helper is not the first process of a PID namespace".into());
    }
    for (name, outer) in &spec.outer_namespaces {
        if name == "net" && spec.network == Network::Host {
            continue;
        }
        let inner = std::fs::read_link(format!("/proc/self/ns/{name}")).map_err(|error| format!("namespace {name}: {error}"))?;
        if inner.to_string_lossy() == *outer {
            return Err(format!("the {name} namespace is the server's own"));
        }
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").map_err(|error| format!("the mounts cannot be read: {error}"))?;
    mounts_are_expected(spec, &mounts)?;
    if spec.network != Network::Host {
        let devices = std::fs::read_to_string("/proc/self/net/dev").map_err(|error| format!("network devices: {error}"))?;
        let other = devices.lines().skip(2).filter_map(|line| line.split(':').next()).map(str::trim).find(|name| *name != "lo");
        if let Some(name) = other {
            return Err(format!("the network device {name} is reachable"));
        }
    }
    let mut status = String::new();
    File::open("/proc/self/status").and_then(|mut file| file.read_to_string(&mut status)).map_err(|error| format!("status: {error}"))?;
    powerless(&status, true)
}

/// Every mount is one we asked for; whatever may only be read is mounted so.
fn mounts_are_expected(spec: &Spec, mountinfo: &str) -> Result<(), String> {
    for line in mountinfo.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (Some(point), Some(options)) = (fields.get(4), fields.get(5)) else {
            return Err(format!("a mount is not understood: {line}"));
        };
        let point = unescape(point);
        let read_only = options.split(',').any(|option| option == "ro");
        if spec.write.contains(&point) || ["/proc", "/dev"].iter().any(|place| point.starts_with(place)) {
            continue;
        }
        let known = point == Path::new("/") || spec.read.iter().any(|path| point.starts_with(path));
        if !known {
            return Err(format!("{} is mounted and should not be", point.display()));
        }
        if !read_only {
            return Err(format!("{} is writable and should not be", point.display()));
        }
    }
    Ok(())
}

/// Mount points write blanks, tabs, newlines and backslashes as octal numbers.
fn unescape(point: &str) -> PathBuf {
    let mut text = point.to_owned();
    for (code, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        text = text.replace(code, character);
    }
    PathBuf::from(text)
}

/// What must hold in the process that becomes the command, read from its own `/proc/self/status` opened before Landlock.
pub(super) fn inner_wall(spec: &Spec, mut status: File) -> Result<(), String> {
    let mut text = String::new();
    status.read_to_string(&mut text).map_err(|error| format!("status: {error}"))?;
    powerless(&text, spec.tier == Tier::A)?;
    if field(&text, "Seccomp") != Some("2") {
        return Err("no seccomp filter is in force".into());
    }
    Ok(())
}

/// No capability in any set (the bounding set too where `bounding`), and none to be gained.
fn powerless(status: &str, bounding: bool) -> Result<(), String> {
    let sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"].into_iter().chain(bounding.then_some("CapBnd"));
    for set in sets {
        let value = field(status, set).ok_or_else(|| format!("{set} is not reported"))?;
        if value.chars().any(|digit| digit != '0') {
            return Err(format!("capabilities are left: {set} {value}"));
        }
    }
    match field(status, "NoNewPrivs") {
        Some("1") => Ok(()),
        _ => Err("new privileges could be gained".into()),
    }
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_or_a_missing_no_new_privs_is_seen() {
        let clean = "CapInh:\t0000\nCapPrm:\t0000\nCapEff:\t0000\nCapBnd:\t0000\nCapAmb:\t0000\nNoNewPrivs:\t1\n";
        assert_eq!(powerless(clean, true), Ok(()));
        assert!(powerless(&clean.replace("CapEff:\t0000", "CapEff:\t0001"), false).is_err());
        assert!(powerless(&clean.replace("CapBnd:\t0000", "CapBnd:\t0001"), true).is_err());
        assert!(powerless(&clean.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0"), true).is_err());
        assert!(powerless("", true).is_err());
    }

    #[test]
    fn octal_escapes_of_mount_points_are_read() {
        assert_eq!(unescape("/a\\040b\\134c"), PathBuf::from("/a b\\c"));
    }
}
