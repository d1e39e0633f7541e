//! Tier B: no namespaces, so nothing can be mounted. The helper is started directly; the command runs in the copy where
//! it lies, Landlock keeps it to listed files and the seccomp filter from making sockets. Paths of the workspace in
//! arguments and environment are translated to the copy's, and back in the output.
//!
//! Here too: what both tiers hand over to the helper.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::binds::{self, Checked};
use super::supervise::Order;
use super::{Kit, Place, Tier, bubblewrap};
use crate::sandbox::helper::Spec;
use crate::sandbox::{Command, Network};

/// Programs, libraries and facts about the machine. Not `/proc`: it shows other processes.
const READ: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
    "/proc/filesystems",
    "/proc/sys/vm",
    "/proc/sys/kernel",
    "/sys/devices/system/cpu",
];

/// Builds the call for `command`.
pub(super) fn order(kit: &Kit, place: &Place<'_>, command: &Command) -> Result<Order, String> {
    if command.network == Network::Host {
        return Err("without namespaces there is no network; install bubblewrap, or fetch dependencies by hand".into());
    }
    let tree = bubblewrap::tree(place, command)?;
    let binds: Vec<Checked> = command.binds.iter().map(|bind| binds::check(bind, place, kit.home.as_deref())).collect::<Result<_, _>>()?;
    let renames = Renames::new(place.root, &tree, &binds)?;
    let scratch = Scratch::new(place.slot).map_err(|error| format!("no scratch folder in {}: {error}", place.slot.display()))?;
    let (home, tmp) = (scratch.path().join("home"), scratch.path().join("tmp"));
    let environment = environment(command, &home, &tmp);
    let hosts = |writable: bool| binds.iter().filter(move |bind| bind.writable == writable).map(|bind| bind.host.clone());
    let spec = Spec {
        tier: Tier::B,
        argv: command.argv.iter().map(|word| renames.there(word)).collect(),
        env: environment.into_iter().map(|(key, value)| (key, renames.there(&value))).collect(),
        cwd: if command.cwd.is_empty() { tree.clone() } else { tree.join(&command.cwd) },
        read: READ.iter().copied().chain(bubblewrap::etc_paths()).map(PathBuf::from).chain(hosts(false)).collect(),
        write: [tree, scratch.path().to_owned()].into_iter().chain(hosts(true)).collect(),
        devices: ["null", "zero", "full", "random", "urandom"].map(|name| Path::new("/dev").join(name)).to_vec(),
        scratch: Some(scratch.path().to_owned()),
        landlock_abi: kit.landlock_abi,
        network: command.network,
        limits: command.limits.clone(),
        own_user_namespace: false,
        outer_namespaces: BTreeMap::new(),
    };
    let (handover, call) = Order::handover(&spec).map_err(|error| format!("no descriptors: {error}"))?;
    let helper: OwnedFd = kit.helper.try_clone().map_err(|error| format!("the helper is gone: {error}"))?.into();
    let program = PathBuf::from(format!("/proc/self/fd/{}", helper.as_raw_fd()));
    let mut inherited = handover.inherited;
    inherited.push(helper);
    Ok(Order {
        program,
        arguments: call.to_vec(),
        inherited,
        reports: handover.reports,
        control: handover.control,
        name: command.argv.first().cloned().unwrap_or_default(),
        tier: Tier::B,
        limits: command.limits.clone(),
        renames,
        scratch: Some(scratch),
    })
}

/// The whole environment of a command: what it asks for, over what every command gets.
pub(super) fn environment(command: &Command, home: &Path, tmp: &Path) -> BTreeMap<String, String> {
    let own = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("HOME", home.display().to_string()),
        ("TMPDIR", tmp.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
    ];
    let mut environment: BTreeMap<String, String> = own.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    environment.extend(command.env.clone());
    environment
}

/// This process's namespaces, so that the helper can see that it is in others.
pub(super) fn outer_namespaces() -> BTreeMap<String, String> {
    let names = ["pid", "mnt", "net", "ipc", "uts"];
    let link = |name: &str| std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?.into_os_string().into_string().ok();
    names.into_iter().filter_map(|name| Some((name.to_owned(), link(name)?))).collect()
}

/// A file that exists in memory only, holding `bytes`, read from its beginning.
pub(super) fn memory_file(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let fd = rustix::fs::memfd_create(name.trim_start_matches('/'), rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(fd);
    file.write_all(bytes)?;
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}

/// A folder for one command's temporary files and home; gone with it.
#[derive(Debug)]
pub(super) struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new(slot: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("scratch-").tempdir_in(slot)?;
        std::fs::create_dir(folder.path().join("home"))?;
        std::fs::create_dir(folder.path().join("tmp"))?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Which path stands for which: the workspace's for the copy's, and binds that are elsewhere inside.
#[derive(Debug, Default)]
pub(super) struct Renames(Vec<(String, String)>);

impl Renames {
    fn new(root: &Path, tree: &Path, binds: &[Checked]) -> Result<Self, String> {
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not UTF-8", path.display()));
        let mut pairs = vec![(text(root)?, text(tree)?)];
        for bind in binds {
            pairs.push((text(&bind.inside)?, text(&bind.host)?));
        }
        pairs.sort_by_key(|(inside, _)| std::cmp::Reverse(inside.len()));
        Ok(Self(pairs))
    }

    /// `text` with the paths as the command must name them.
    fn there(&self, text: &str) -> String {
        let pairs: Vec<(&[u8], &[u8])> = self.0.iter().map(|(inside, host)| (inside.as_bytes(), host.as_bytes())).collect();
        replaced(text.as_bytes(), &pairs).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
    }

    /// Output with the paths as the user knows them.
    pub(super) fn back(&self, bytes: &mut Vec<u8>) {
        let mut pairs: Vec<(&[u8], &[u8])> = self.0.iter().map(|(inside, host)| (host.as_bytes(), inside.as_bytes())).collect();
        pairs.sort_by_key(|(host, _)| std::cmp::Reverse(host.len()));
        if let Some(new) = replaced(bytes, &pairs) {
            *bytes = new;
        }
    }
}

/// Replaces whole leading paths, the first pair that fits winning; `None` where nothing is to be replaced.
fn replaced(bytes: &[u8], pairs: &[(&[u8], &[u8])]) -> Option<Vec<u8>> {
    let name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte) || *byte >= 0x80);
    let mut out: Option<Vec<u8>> = None;
    let (mut done, mut at) = (0, 0);
    while let Some(slash) = bytes[at..].iter().position(|byte| *byte == b'/') {
        at += slash;
        let begins = at == 0 || !name(bytes.get(at - 1));
        let fit = pairs.iter().find(|(old, _)| begins && bytes[at..].starts_with(old) && !name(bytes.get(at + old.len())));
        match fit {
            Some((old, new)) => {
                let out = out.get_or_insert_default();
                out.extend_from_slice(&bytes[done..at]);
                out.extend_from_slice(new);
                at += old.len();
                done = at;
            }
            None => at += 1,
        }
    }
    let mut out = out?;
    out.extend_from_slice(&bytes[done..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_leading_paths_are_renamed() {
        let pairs: &[(&[u8], &[u8])] = &[(b"/home/me/app/.venv", b"/home/me/app/.venv"), (b"/home/me/app", b"/cache/1/work")];
        let cases = [
            ("/home/me/app/x.py:3", Some("/cache/1/work/x.py:3")),
            ("--root=/home/me/app", Some("--root=/cache/1/work")),
            ("/home/me/app/.venv/bin/python", Some("/home/me/app/.venv/bin/python")),
            ("/home/me/app2/x", None),
            ("/mnt/home/me/app/x", None),
            ("nothing", None),
            ("a:/home/me/app:/home/me/app/lib", Some("a:/cache/1/work:/cache/1/work/lib")),
        ];
        for (from, to) in cases {
            assert_eq!(replaced(from.as_bytes(), pairs).map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), to, "{from}");
        }
    }
}
