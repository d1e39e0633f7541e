//! Tier A: the outer wall is bubblewrap, started with an empty environment and its arguments in a descriptor, so that
//! neither shows anything. Inside, the file system is built up from nothing: what is not listed does not exist.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::bare::{Renames, environment, memory_file, outer_namespaces};
use super::binds::{self, Checked};
use super::supervise::Order;
use super::{Kit, Place, Tier};
use crate::sandbox::helper::Spec;
use crate::sandbox::{Command, Network};

/// Where bubblewrap may be installed; never looked up on a PATH.
pub(super) const PROGRAMS: &[&str] = &["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap"];
/// The home folder inside.
const HOME: &str = "/tmp/home";
/// Programs and libraries. Links (`/bin` → `usr/bin`) are made anew.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];
/// Folders of `/etc` that programs read and that hold no secret; the rest of `/etc` is written for the sandbox.
const ETC_FOLDERS: &[&str] = &["/etc/alternatives", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted"];
/// Likewise files. They are copied in: every mount makes bubblewrap read the list of all mounts again.
const ETC_FILES: &[&str] = &["/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/os-release", "/etc/mime.types"];
/// And files that only matter with a network.
const ETC_NETWORK: &[&str] = &["/etc/resolv.conf", "/etc/services", "/etc/protocols"];

/// Everything of `/etc` that may be read, for walls that cannot make a new one.
pub(super) fn etc_paths() -> impl Iterator<Item = &'static str> {
    ETC_FOLDERS.iter().chain(ETC_FILES).copied()
}

/// Builds the call for `command`.
pub(super) fn order(kit: &Kit, place: &Place<'_>, command: &Command) -> Result<Order, String> {
    let program = kit.bwrap.clone().ok_or("bubblewrap is not installed")?;
    let tree = tree(place, command)?;
    let mut mounts: Vec<Checked> =
        command.binds.iter().map(|bind| binds::check(bind, place, kit.home.as_deref())).collect::<Result<_, _>>()?;
    mounts.push(Checked { host: tree, inside: place.root.to_owned(), writable: true });
    mounts.sort_by_key(|mount| mount.inside.components().count());
    let mut call = Call::default();
    call.words(["--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"]);
    if command.network == Network::Host {
        call.words(["--share-net"]);
    }
    call.words(["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", &(256_u64 << 20).to_string()]);
    call.words([
        "--tmpfs",
        "/dev/shm",
        "--remount-ro",
        "/dev",
        "--perms",
        "1777",
        "--size",
        &(command.limits.tmp_mb.max(1) << 20).to_string(),
    ]);
    call.words(["--tmpfs", "/tmp", "--dir", HOME]);
    call.system(command.network)?;
    for mount in &mounts {
        call.bind(&mount.host, &mount.inside, mount.writable)?;
    }
    call.words(["--remount-ro", "/", "--chdir", "/"]);

    let mut spec = spec(kit, place, command, &call)?;
    spec.write.extend(mounts.iter().filter(|mount| mount.writable).map(|mount| mount.inside.clone()));
    let (handover, helper_call) = Order::handover(&spec).map_err(|error| format!("no descriptors: {error}"))?;
    let helper: OwnedFd = kit.helper.try_clone().map_err(|error| format!("the helper is gone: {error}"))?.into();
    let (words, mut inherited) = (call.words, call.files);
    let options = memory_file("options", words.join("\0").as_bytes()).map_err(|error| format!("no descriptors: {error}"))?;
    let mut arguments = vec!["--args".to_owned(), options.as_raw_fd().to_string(), "--".to_owned()];
    arguments.push(format!("/proc/self/fd/{}", helper.as_raw_fd()));
    arguments.extend(helper_call);
    inherited.extend(handover.inherited);
    inherited.extend([helper, options]);
    Ok(Order {
        program,
        arguments,
        inherited,
        reports: handover.reports,
        control: handover.control,
        name: command.argv.first().cloned().unwrap_or_default(),
        tier: Tier::A,
        limits: command.limits.clone(),
        renames: Renames::default(),
        scratch: None,
    })
}

/// The tree that stands for the workspace: the copy's own, or another one that the command names in the same slot.
pub(super) fn tree(place: &Place<'_>, command: &Command) -> Result<PathBuf, String> {
    if !place.root.is_absolute() || place.root == Path::new("/") {
        return Err(format!("{} cannot be a workspace", place.root.display()));
    }
    let Some(tree) = &command.tree else { return Ok(place.work.to_owned()) };
    match (tree.canonicalize(), place.slot.canonicalize()) {
        (Ok(tree), Ok(slot)) if tree != slot && tree.starts_with(&slot) => Ok(tree),
        _ => Err(format!("{} is not a tree of this copy", tree.display())),
    }
}

fn spec(kit: &Kit, place: &Place<'_>, command: &Command, call: &Call) -> Result<Spec, String> {
    Ok(Spec {
        tier: Tier::A,
        argv: command.argv.clone(),
        env: environment(command, Path::new(HOME), Path::new("/tmp")),
        cwd: if command.cwd.is_empty() { place.root.to_owned() } else { place.root.join(&command.cwd) },
        read: call.read.iter().cloned().chain(["/proc".into(), "/etc".into(), "/dev".into()]).collect(),
        write: vec!["/tmp".into(), "/dev/shm".into()],
        devices: ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"].map(|name| Path::new("/dev").join(name)).to_vec(),
        scratch: None,
        landlock_abi: kit.landlock_abi,
        network: command.network,
        limits: command.limits.clone(),
        own_user_namespace: true,
        outer_namespaces: outer_namespaces(),
    })
}

/// The words of a bubblewrap call, the files it copies in, and what it shows.
#[derive(Default)]
struct Call {
    words: Vec<String>,
    files: Vec<OwnedFd>,
    read: Vec<PathBuf>,
}

impl Call {
    fn words<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        self.words.extend(words.into_iter().map(str::to_owned));
    }

    fn bind(&mut self, host: &Path, inside: &Path, writable: bool) -> Result<(), String> {
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not UTF-8", path.display()));
        self.words.extend([if writable { "--bind" } else { "--ro-bind" }.to_owned(), text(host)?, text(inside)?]);
        if !writable {
            self.read.push(inside.to_owned());
        }
        Ok(())
    }

    /// Programs, libraries and a small `/etc` of our own.
    fn system(&mut self, network: Network) -> Result<(), String> {
        for path in SYSTEM.iter().map(Path::new) {
            match path.read_link() {
                Ok(target) => self.symlink(&target, path),
                Err(_) if path.exists() => self.bind(path, path, false)?,
                Err(_) => {}
            }
        }
        for path in ETC_FOLDERS.iter().map(Path::new) {
            if let Ok(real) = path.canonicalize() {
                self.bind(&real, path, false)?;
            }
        }
        for path in ETC_FILES.iter().chain(if network == Network::Host { ETC_NETWORK } else { &[] }) {
            match Path::new(path).read_link() {
                // `/etc/localtime`: programs read the name of the zone from the link.
                Ok(target) if target.starts_with("/usr") => self.symlink(&target, Path::new(path)),
                _ => {
                    if let Ok(file) = std::fs::File::open(path) {
                        self.file(file.into(), path);
                    }
                }
            }
        }
        let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        for (path, text) in etc(user, group) {
            self.file(memory_file(path, text.as_bytes()).map_err(|error| format!("{path}: {error}"))?, path);
        }
        Ok(())
    }

    fn symlink(&mut self, target: &Path, path: &Path) {
        self.words(["--symlink", &target.to_string_lossy(), &path.to_string_lossy()]);
    }

    fn file(&mut self, file: OwnedFd, path: &str) {
        self.words(["--file", &file.as_raw_fd().to_string(), path]);
        self.files.push(file);
    }
}

/// The files of `/etc` that are written for the sandbox.
fn etc(user: u32, group: u32) -> BTreeMap<&'static str, String> {
    let mut passwd = format!("root:x:0:0:root:{HOME}:/bin/sh\n");
    let mut groups = "root:x:0:\n".to_owned();
    if user != 0 {
        passwd.push_str(&format!("user:x:{user}:{group}:user:{HOME}:/bin/sh\n"));
    }
    if group != 0 {
        groups.push_str(&format!("user:x:{group}:\n"));
    }
    if user != 65534 {
        passwd.push_str("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    }
    if group != 65534 {
        groups.push_str("nogroup:x:65534:\n");
    }
    BTreeMap::from([
        ("/etc/passwd", passwd),
        ("/etc/group", groups),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n".to_owned()),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n".to_owned()),
    ])
}
