//! Which host paths may be shown inside. A bind is asked for by code that reads the project's configuration, so it is
//! checked here once more: no secrets, no sockets, nothing that contains them, nothing that shadows our own mounts.

use std::path::{Component, Path, PathBuf};

use super::Place;
use crate::sandbox::Bind;

/// Below the home folder: what only its owner's own programs should read.
const SECRETS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".config/gcloud",
    ".config/gh",
    ".config/lamplighter",
    ".netrc",
    ".git-credentials",
    ".config/git/credentials",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".password-store",
    ".local/share/keyrings",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
    ".bash_history",
    ".zsh_history",
    ".bashrc",
    ".profile",
];
/// Of the system: secrets, other people's files, sockets of daemons, the kernel's interfaces.
const SYSTEM: &[&str] =
    &["/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/ssl/private", "/etc/sudoers", "/run", "/var/run", "/proc", "/sys", "/dev", "/boot"];
/// Never written to.
const PROGRAMS: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/var/lib"];

/// A bind that passed, with its host path resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub host: PathBuf,
    pub inside: PathBuf,
    pub writable: bool,
}

/// Checks one bind of a command; `home` is the user's real home folder.
pub(super) fn check(bind: &Bind, place: &Place<'_>, home: Option<&Path>) -> Result<Checked, String> {
    let refuse = |why: &str| Err(format!("{} may not be shown to a command: {why}", bind.host.display()));
    let Ok(host) = bind.host.canonicalize() else {
        return refuse("it does not exist");
    };
    let Ok(kind) = host.metadata() else {
        return refuse("it cannot be looked at");
    };
    if !kind.is_dir() && !kind.is_file() {
        return refuse("it is a socket, a pipe or a device");
    }
    if host == Path::new("/") {
        return refuse("it is the whole file system");
    }
    if let Some(home) = home {
        if home.starts_with(&host) {
            return refuse("it is, or holds, the home folder");
        }
        let resolved = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        if resolved.starts_with(&host) {
            return refuse("it is, or holds, the home folder");
        }
        for secret in SECRETS.iter().map(|name| resolved.join(name)).filter(|secret| secret.symlink_metadata().is_ok()) {
            if overlaps(&host, &secret) {
                return refuse(&format!("it would show {}", secret.display()));
            }
        }
    }
    if let Some(system) = SYSTEM.iter().find(|system| overlaps(&host, Path::new(system))) {
        return refuse(&format!("it would show {system}"));
    }
    if bind.writable
        && (PROGRAMS.iter().any(|place| host.starts_with(place)) || overlaps(&host, place.root) && !host.starts_with(place.slot))
    {
        return refuse("commands write to private copies only");
    }
    inside_is_free(&bind.inside, place)?;
    Ok(Checked { host, inside: bind.inside.clone(), writable: bind.writable })
}

/// Whether one of the paths holds the other.
fn overlaps(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The place inside is an absolute plain path, does not cover what the walls themselves mount, and (below the workspace)
/// is not reached through a link, over which bubblewrap would walk while it still sees the host.
fn inside_is_free(inside: &Path, place: &Place<'_>) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("nothing can be mounted at {}: {why}", inside.display()));
    let plain = inside.is_absolute() && inside.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !plain || inside.to_str().is_none() {
        return refuse("it is not a plain absolute path");
    }
    if place.root.starts_with(inside) {
        return refuse("it would cover the workspace");
    }
    let reserved = ["/", "/tmp", "/usr", "/etc", "/dev", "/proc", "/bin", "/sbin", "/lib", "/lib64"];
    if reserved.iter().any(|taken| inside == Path::new(taken)) || ["/dev", "/proc"].iter().any(|taken| inside.starts_with(taken)) {
        return refuse("that place is the sandbox's own");
    }
    if let Ok(below) = inside.strip_prefix(place.root) {
        let mut walked = place.work.to_owned();
        for part in below.components() {
            walked.push(part);
            if walked.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
                return refuse("a symbolic link stands there in the workspace");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(host: &Path, home: &Path, writable: bool) -> Result<Checked, String> {
        let scratch = tempfile::tempdir().unwrap();
        let place = Place { root: Path::new("/workspace"), work: scratch.path(), slot: scratch.path() };
        check(&Bind { host: host.to_owned(), inside: "/shown".into(), writable }, &place, Some(home))
    }

    #[test]
    fn homes_secrets_and_what_holds_them_are_refused() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".ssh")).unwrap();
        std::fs::create_dir_all(home.path().join(".cargo/registry")).unwrap();
        std::fs::write(home.path().join(".cargo/credentials.toml"), "").unwrap();
        std::fs::write(home.path().join(".ssh/id"), "").unwrap();
        for refused in ["", ".ssh", ".ssh/id", ".cargo", ".cargo/credentials.toml"] {
            assert!(checked(&home.path().join(refused), home.path(), false).is_err(), "{refused}");
        }
        for system in ["/", "/etc", "/etc/shadow", "/proc/self", "/dev/null", "/run"] {
            assert!(checked(Path::new(system), home.path(), false).is_err(), "{system}");
        }
        let link = home.path().join("innocent");
        std::os::unix::fs::symlink(home.path().join(".ssh"), &link).unwrap();
        assert!(checked(&link, home.path(), false).is_err());
        assert!(checked(&home.path().join(".cargo/registry"), home.path(), false).is_ok());
    }

    #[test]
    fn sockets_and_program_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(checked(&socket, Path::new("/nonexistent"), false).is_err());
        assert!(checked(Path::new("/usr/share"), Path::new("/nonexistent"), true).is_err());
        assert!(checked(Path::new("/usr/share"), Path::new("/nonexistent"), false).is_ok());
        assert!(checked(folder.path(), Path::new("/nonexistent"), true).is_ok());
    }
}
