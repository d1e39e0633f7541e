//! Which tiers hold here, found by trying: the very call that commands get is made with an attack as the command, and a
//! tier counts only if the attack ran and bounced off.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Kit, Tier};

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    kit: Result<Kit, String>,
    /// Why a tier cannot be had; `Ok` where it holds.
    a: Result<(), String>,
    b: Result<(), String>,
}

/// The answer of [`probe`] for `helper`, found once per process.
pub(super) fn cached(helper: Option<PathBuf>) -> Arc<Found> {
    static KNOWN: Mutex<BTreeMap<Option<PathBuf>, Arc<Found>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(helper).or_insert_with_key(|helper| Arc::new(probe(helper.as_deref()))).clone()
}

impl Found {
    pub(super) fn nothing(why: String) -> Self {
        Self { kit: Err(why.clone()), a: Err(why.clone()), b: Err(why) }
    }

    /// The strongest tier that holds.
    pub(super) fn best(&self) -> Tier {
        match (&self.a, &self.b) {
            (Ok(()), _) => Tier::A,
            (_, Ok(())) => Tier::B,
            _ => Tier::C,
        }
    }

    /// Why `tier` may not be chosen.
    pub(super) fn refusal(&self, tier: Tier) -> Option<String> {
        match tier {
            Tier::A => self.a.clone().err(),
            Tier::B => self.b.clone().err(),
            Tier::C => None,
        }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn kit(&self) -> Result<&Kit, String> {
        self.kit.as_ref().map_err(Clone::clone)
    }

    pub(super) fn why_nothing(&self) -> String {
        match (&self.a, &self.b) {
            (Err(a), Err(b)) if a == b => a.clone(),
            (Err(a), Err(b)) => format!("namespaces: {a}; Landlock: {b}"),
            _ => "tier C was chosen: nothing is run".into(),
        }
    }

    pub(super) fn describe(&self, tier: Tier) -> String {
        let mut lines = vec![match tier {
            Tier::A => "tier A: own namespaces (bubblewrap), file allow-list, seccomp, limits; network: loopback only".to_owned(),
            Tier::B => "tier B: file allow-list (Landlock), seccomp, limits; no network at all, tests that need loopback count as not run"
                .to_owned(),
            Tier::C => "tier C: no walls, so nothing is run and edits are drafts that were not checked".to_owned(),
        }];
        match &self.kit {
            Ok(kit) => {
                let landlock =
                    if kit.landlock_abi > 0 { format!("Landlock ABI {}", kit.landlock_abi) } else { "no Landlock in this kernel".into() };
                let bwrap = kit.bwrap.as_ref().map_or_else(|| "no bubblewrap".to_owned(), |path| path.display().to_string());
                lines.push(format!("found: {bwrap}, {landlock}, Linux {}", kernel()));
            }
            Err(why) => lines.push(format!("found: {why}")),
        }
        for (name, result) in [("A", &self.a), ("B", &self.b)] {
            if let Err(why) = result {
                lines.push(format!("tier {name} does not hold: {why}"));
            }
        }
        if self.a.is_err() && cfg!(target_os = "linux") {
            lines.push(
                "for tier A: install bubblewrap 0.7 or later (`apt-get install bubblewrap`) and allow unprivileged user namespaces".into(),
            );
        }
        lines.join("\n")
    }
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

#[cfg(not(target_os = "linux"))]
fn probe(_: Option<&Path>) -> Found {
    Found::nothing("there are no walls for this operating system yet".into())
}

#[cfg(target_os = "linux")]
fn probe(helper: Option<&Path>) -> Found {
    let kit = match kit(helper) {
        Ok(kit) => kit,
        Err(why) => return Found::nothing(why),
    };
    let a = if kit.bwrap.is_some() { attack(&kit, Tier::A) } else { Err("bubblewrap is not installed".into()) };
    let b = if kit.landlock_abi > 0 { attack(&kit, Tier::B) } else { Err("this kernel has no Landlock, or it is switched off".into()) };
    Found { kit: Ok(kit), a, b }
}

#[cfg(target_os = "linux")]
fn kit(helper: Option<&Path>) -> Result<Kit, String> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = match helper {
        Some(path) => path.to_owned(),
        None => own_program()?,
    };
    let helper = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_CLOEXEC)
        .open(&path)
        .map_err(|error| format!("the helper {} cannot be opened: {error}", path.display()))?;
    let bwrap = super::bubblewrap::PROGRAMS.iter().map(PathBuf::from).find(|path| trusted(path));
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && home != Path::new("/"));
    Ok(Kit { helper, bwrap, landlock_abi: crate::sandbox::helper::landlock_abi(), home })
}

/// The running program, if it is `lamplighter`; else the `lamplighter` beside it or one folder up, where cargo puts the
/// program that test programs and examples belong to.
#[cfg(target_os = "linux")]
fn own_program() -> Result<PathBuf, String> {
    let running = std::env::current_exe().map_err(|error| format!("the running program cannot be found: {error}"))?;
    if running.file_stem().is_some_and(|name| name == "lamplighter") {
        return Ok("/proc/self/exe".into());
    }
    let folders = running.ancestors().skip(1).take(2);
    folders
        .map(|folder| folder.join("lamplighter"))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{} is not `lamplighter` and there is none beside it to serve as the sandbox's helper", running.display()))
}

/// Owned by root, and without a set-user-id bit: a setuid bubblewrap runs with privileges we do not want to hand arguments to.
#[cfg(target_os = "linux")]
fn trusted(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.mode() & 0o6000 == 0 && file.mode() & 0o022 == 0 && file.uid() == 0)
}

/// Tries to read and to write outside the workspace, to look into this process and to signal it; and, so that a command
/// that never ran is not taken for a wall that held, writes into the workspace.
#[cfg(target_os = "linux")]
fn attack(kit: &Kit, tier: Tier) -> Result<(), String> {
    use super::{Place, bare, bubblewrap, supervise};
    use crate::sandbox::Command;
    let failed = |error: std::io::Error| format!("the probe could not prepare: {error}");
    let place = tempfile::Builder::new().prefix("lamplighter-probe-").tempdir().map_err(failed)?;
    let path = place.path().canonicalize().map_err(failed)?;
    let (work, outside) = (path.join("slot/work"), path.join("outside"));
    std::fs::create_dir_all(&work).map_err(failed)?;
    std::fs::write(&outside, "canary").map_err(failed)?;
    let root = path.join("root");
    let script = "echo ran > ran; cat \"$1\" && echo leaked; echo in >> \"$1\"; \
                  cat /proc/$2/environ && echo leaked; kill -0 $2 && echo leaked; true";
    let mut command = Command::new(["/bin/sh", "-c", script, "sh"]);
    command.argv.extend([outside.display().to_string(), std::process::id().to_string()]);
    command.limits.wall = std::time::Duration::from_secs(20);
    let place = Place { root: &root, work: &work, slot: &path.join("slot") };
    let order = match tier {
        Tier::A => bubblewrap::order(kit, &place, &command)?,
        _ => bare::order(kit, &place, &command)?,
    };
    let outcome = supervise::run_here(order, None).map_err(|error| error.to_string())?;
    if !outcome.exit.ok() || !work.join("ran").is_file() {
        return Err(format!("the probe did not run to its end ({:?}: {})", outcome.exit, outcome.stderr.text().trim()));
    }
    let touched = std::fs::read(&outside).map_err(failed)? != b"canary";
    if touched || outcome.stdout.text().contains("leaked") {
        return Err("an attack of the probe came through".into());
    }
    Ok(())
}
