//! Landlock (files, abstract sockets, signals) and capabilities, applied by a process to itself before it becomes the
//! command. Rights follow the kernel's documentation, `Documentation/userspace-api/landlock.rst`.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{Spec, say};
use crate::sandbox::Tier;

/// The Landlock ABI version of the running kernel; 0 where there is none or it is switched off.
#[allow(unsafe_code)]
pub(crate) fn landlock_abi() -> i32 {
    const VERSION: u32 = 1;
    // SAFETY: with a null attribute and this flag the call only returns a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION) };
    i32::try_from(version).unwrap_or(0).max(0)
}

/// Restricts this process to what `spec` lists. With a Landlock in the kernel, anything short of full enforcement is an error.
pub(super) fn landlock(spec: &Spec) -> Result<(), String> {
    let abi = ABI::from(spec.landlock_abi);
    if abi == ABI::Unsupported {
        return if spec.tier == Tier::A { Ok(()) } else { Err("this kernel has no Landlock".into()) };
    }
    let failed = say::<landlock::RulesetError>("set up Landlock");
    let all = AccessFs::from_all(abi);
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(all).map_err(&failed)?;
    if abi >= ABI::V6 {
        ruleset = ruleset.scope(Scope::from_all(abi)).map_err(&failed)?;
    }
    if abi >= ABI::V4 && spec.tier != Tier::A {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi)).map_err(&failed)?;
    }
    let mut created = ruleset.create().map_err(&failed)?;
    // Only directories take rights about their entries, and only device files that about ioctl.
    let of_files = AccessFs::from_file(abi);
    let device = AccessFs::ReadFile | AccessFs::WriteFile | (all & AccessFs::IoctlDev);
    for (paths, rights) in [(&spec.read, AccessFs::from_read(abi)), (&spec.write, all), (&spec.devices, device)] {
        for path in paths {
            created = allow(created, path, rights, of_files)?;
        }
    }
    if spec.tier == Tier::A {
        // All there is was put there by us: names may be listed, so that looking around is no error.
        created = allow(created, Path::new("/"), AccessFs::ReadDir.into(), of_files)?;
    }
    let status = created.restrict_self().map_err(&failed)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        other => Err(format!("Landlock is only {other:?}")),
    }
}

fn allow(created: RulesetCreated, path: &Path, rights: BitFlags<AccessFs>, of_files: BitFlags<AccessFs>) -> Result<RulesetCreated, String> {
    let Ok(kind) = std::fs::metadata(path) else {
        return Ok(created); // What does not exist needs no right.
    };
    let rights = if kind.is_dir() { rights } else { rights & of_files };
    let place = PathFd::new(path).map_err(say("open a path for Landlock"))?;
    created.add_rule(PathBeneath::new(place, rights)).map_err(say("add a Landlock rule"))
}

/// Gives up every capability, now and for whatever is executed later.
pub(super) fn drop_capabilities() -> Result<(), String> {
    let none = CapabilitySets { effective: CapabilitySet::empty(), permitted: CapabilitySet::empty(), inheritable: CapabilitySet::empty() };
    for capability in CapabilitySet::all().iter() {
        // Fails where we never had the right to do so, which is as good: then there is nothing to gain either.
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    rustix::thread::set_capabilities(None, none).map_err(say("drop capabilities"))
}
