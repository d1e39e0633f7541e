//! Finds cargo and rustc: behind rustup's shims by reading rustup's own files, else as they lie on `PATH`.
//!
//! A `rust-toolchain` file of the project may *name* an installed toolchain. A path in it would choose a program, so it
//! is not followed. The registry is mounted read-only at its own place; cargo gets a private `CARGO_HOME` that points
//! there by links, so it can keep its locks and unpack crates without touching the user's.

use std::collections::BTreeMap;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as symlink;
use std::path::{Path, PathBuf};

use crate::proof::Toolchain;
use crate::proof::host::{Host, canonical, is_system, names_in, plain_name, read_small};
use crate::sandbox::{Bind, Copy};
use crate::text::{Files, RelPath};

use super::Missing;

const INSTALL: &str = "install Rust from https://rustup.rs, or `apt-get install cargo`";

/// A usable Rust installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rust {
    /// How to start cargo.
    pub(crate) toolchain: Toolchain,
    /// Whether `cargo clippy` is installed.
    pub(crate) clippy: bool,
    /// What the user should know (a toolchain that was asked for and is not installed).
    pub(crate) notes: Vec<String>,
}

/// Finds the cargo for the project in `folder` of `copy`; `program` is the user's own choice, if any.
pub(crate) fn find(copy: &Copy, folder: &str, host: &Host, program: Option<&Path>) -> Result<Rust, Missing> {
    let cargo = locate(copy.root(), host, program)?;
    let mut notes = Vec::new();
    let sysroot = if cargo.file_name().is_some_and(|name| name == "rustup") {
        rustup_sysroot(copy, folder, host, &mut notes)?
    } else {
        cargo.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default()
    };
    let bin = sysroot.join("bin");
    if !bin.join("rustc").is_file() || !bin.join("cargo").is_file() {
        return Err(Missing::new(format!("no cargo and rustc in {}", bin.display()), INSTALL));
    }
    let mut binds = Vec::new();
    if !is_system(&sysroot) {
        binds.push(Bind::read_only(&sysroot));
    }
    let mut env = BTreeMap::from([
        ("PATH".to_owned(), format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display())),
        ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
        ("CARGO_TERM_COLOR".to_owned(), "never".to_owned()),
        ("RUSTC_WRAPPER".to_owned(), String::new()),
        ("RUST_BACKTRACE".to_owned(), "0".to_owned()),
    ]);
    cargo_home(copy, host, &mut binds, &mut env);
    let clippy = bin.join("cargo-clippy").is_file();
    let program = bin.join("cargo").to_string_lossy().into_owned();
    Ok(Rust { toolchain: Toolchain { program, binds, env }, clippy, notes })
}

/// The real file behind the first `cargo` found.
fn locate(workspace: &Path, host: &Host, program: Option<&Path>) -> Result<PathBuf, Missing> {
    if let Some(program) = program {
        return canonical(program)
            .ok_or_else(|| Missing::new(format!("the configured cargo {} does not exist", program.display()), INSTALL));
    }
    let mut candidates = host.programs("cargo", workspace);
    candidates.extend(user_cargo_home(host).map(|home| home.join("bin/cargo")));
    candidates.push("/usr/bin/cargo".into());
    candidates.iter().find_map(|path| canonical(path)).ok_or_else(|| Missing::new("cargo was not found on PATH", INSTALL))
}

fn user_cargo_home(host: &Host) -> Option<PathBuf> {
    host.var_path("CARGO_HOME").or_else(|| Some(host.home.as_ref()?.join(".cargo")))
}

/// The folder of the toolchain rustup would choose: `RUSTUP_TOOLCHAIN`, the project's file, a directory override, the default
/// (<https://rust-lang.github.io/rustup/overrides.html>).
fn rustup_sysroot(copy: &Copy, folder: &str, host: &Host, notes: &mut Vec<String>) -> Result<PathBuf, Missing> {
    let home = host.var_path("RUSTUP_HOME").or_else(|| Some(host.home.as_ref()?.join(".rustup")));
    let home = home.ok_or_else(|| Missing::new("rustup's folder is unknown: neither RUSTUP_HOME nor HOME is set", INSTALL))?;
    let settings: toml::Table = read_small(&home.join("settings.toml")).and_then(|text| text.parse().ok()).unwrap_or_default();
    let toolchains = home.join("toolchains");
    let default = settings.get("default_toolchain").and_then(toml::Value::as_str);
    let asked =
        [host.var("RUSTUP_TOOLCHAIN").map(str::to_owned), project_channel(copy, folder, notes), directory_override(&settings, copy.root())];
    for name in asked.into_iter().flatten() {
        if let Some(found) = installed(&toolchains, &name, &settings) {
            return Ok(found);
        }
        let instead = default.unwrap_or("another one");
        notes.push(format!(
            "the toolchain `{name}` is not installed, so `{instead}` is used; install it with `rustup toolchain install {name}`"
        ));
    }
    let fallback = default.and_then(|name| installed(&toolchains, name, &settings));
    let any = || names_in(&toolchains).iter().find_map(|name| installed(&toolchains, name, &settings));
    fallback.or_else(any).ok_or_else(|| {
        Missing::new(format!("rustup has no toolchain in {}", toolchains.display()), "install one with `rustup toolchain install stable`")
    })
}

/// The toolchain folder for a full or short name (`stable`, `1.95`), links resolved.
fn installed(toolchains: &Path, name: &str, settings: &toml::Table) -> Option<PathBuf> {
    let name = plain_name(name)?;
    let triple = settings.get("default_host_triple").and_then(toml::Value::as_str).map(|triple| format!("{name}-{triple}"));
    let native = format!("{name}-{}-", std::env::consts::ARCH);
    let patch = format!("{name}.");
    let all = names_in(toolchains);
    let like = |prefix: &str| all.iter().find(|dir| dir.starts_with(prefix)).cloned();
    let names = [Some(name.to_owned()), triple, like(&native), plain_version(name).then(|| like(&patch)).flatten()];
    let folders = names.into_iter().flatten().filter_map(|name| canonical(&toolchains.join(name)));
    folders.into_iter().find(|folder| folder.join("bin/cargo").is_file() && folder.join("lib/rustlib").is_dir())
}

fn plain_version(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// The channel named in the nearest `rust-toolchain.toml` or `rust-toolchain`, from `folder` up to the root.
fn project_channel(copy: &Copy, folder: &str, notes: &mut Vec<String>) -> Option<String> {
    for folder in upwards(folder) {
        for file in ["rust-toolchain", "rust-toolchain.toml"] {
            let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
            let Some(text) = RelPath::new(path).ok().and_then(|path| Files::read(copy, &path)) else {
                continue;
            };
            return channel(&text, file, notes);
        }
    }
    None
}

fn channel(text: &str, file: &str, notes: &mut Vec<String>) -> Option<String> {
    let parsed = text.parse::<toml::Table>().ok();
    let section = parsed.as_ref().and_then(|table| table.get("toolchain")).and_then(toml::Value::as_table);
    if section.is_some_and(|section| section.contains_key("path")) {
        notes.push(format!("`{file}` points to a toolchain by path; paths from a project are not followed, the default toolchain is used"));
        return None;
    }
    let name = match section {
        Some(section) => section.get("channel")?.as_str()?.to_owned(),
        None => text.trim().to_owned(),
    };
    if plain_name(&name).is_none() {
        notes.push(format!("`{file}` does not hold a plain toolchain name; the default toolchain is used"));
        return None;
    }
    Some(name)
}

/// `a/b` → `a/b`, `a`, ``.
pub(crate) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(parent, _)| parent)))
}

fn directory_override(settings: &toml::Table, root: &Path) -> Option<String> {
    let overrides = settings.get("overrides")?.as_table()?;
    let above = overrides.iter().filter(|(folder, _)| root.starts_with(folder));
    above.max_by_key(|(folder, _)| folder.len()).and_then(|(_, name)| name.as_str()).map(str::to_owned)
}

/// Mounts the user's registry and git caches read-only and lays out the private `CARGO_HOME` beside the copy.
///
/// A crate whose archive is cached but not unpacked needs a writable `src`: then the private home gets one of its own.
fn cargo_home(copy: &Copy, host: &Host, binds: &mut Vec<Bind>, env: &mut BTreeMap<String, String>) {
    let private = copy.work().with_file_name("cargo-home");
    let user = user_cargo_home(host).and_then(|home| canonical(&home));
    let mut links: Vec<(PathBuf, PathBuf)> = Vec::new();
    if let Some(user) = user {
        for part in ["registry/index", "registry/cache", "registry/src", "git/db", "git/checkouts"] {
            let shared = user.join(part);
            if shared.is_dir() && !(part == "registry/src" && unpacking_needed(copy, &user)) {
                links.push((shared, private.join(part)));
            }
        }
        for part in ["registry", "git"] {
            let shared = user.join(part);
            if shared.is_dir() && !is_system(&shared) {
                binds.push(Bind::read_only(shared));
            }
        }
        if let Some(config) = read_small(&user.join("config.toml")).and_then(|text| harmless_config(&text)) {
            let _ = fs::create_dir_all(&private).and_then(|()| fs::write(private.join("config.toml"), config));
        }
    }
    let wanted: Vec<&PathBuf> = links.iter().map(|(_, link)| link).collect();
    let src = private.join("registry/src");
    if !wanted.contains(&&src) && fs::symlink_metadata(&src).is_ok_and(|meta| meta.is_symlink()) {
        let _ = fs::remove_file(&src);
    }
    for (target, link) in &links {
        relink(target, link);
    }
    if fs::create_dir_all(&private).is_ok() {
        binds.push(Bind::writable(&private, &private));
        env.insert("CARGO_HOME".to_owned(), private.to_string_lossy().into_owned());
    }
}

/// Makes `link` point to `target`, whatever stood there before.
fn relink(target: &Path, link: &Path) {
    if fs::read_link(link).is_ok_and(|now| now == target) {
        return;
    }
    if let Some(parent) = link.parent() {
        let _ = fs::create_dir_all(parent);
    }
    let _ = fs::remove_file(link).or_else(|_| fs::remove_dir_all(link));
    let _ = symlink(target, link);
}

/// Whether a crate that may be needed lies in the user's registry as an archive only: one of a `Cargo.lock`, or, where
/// there is none, any.
fn unpacking_needed(copy: &Copy, user: &Path) -> bool {
    let folders = |part: &str| names_in(&user.join(part)).into_iter().map(|name| user.join(part).join(name)).collect::<Vec<_>>();
    let (sources, archives) = (folders("registry/src"), folders("registry/cache"));
    let packed_only = |crate_name: &str| {
        let unpacked = sources.iter().any(|folder| folder.join(crate_name).join(".cargo-ok").is_file());
        !unpacked && archives.iter().any(|folder| folder.join(format!("{crate_name}.crate")).is_file())
    };
    let locked = locked_crates(copy);
    if !locked.is_empty() {
        return locked.iter().any(|name| packed_only(name));
    }
    archives.iter().flat_map(|folder| names_in(folder)).any(|name| name.strip_suffix(".crate").is_some_and(packed_only))
}

/// `name-version` of every registry crate in the lock files.
fn locked_crates(copy: &Copy) -> Vec<String> {
    let locks = copy.files().into_iter().filter(|path| path.file_name() == "Cargo.lock");
    let tables = locks.filter_map(|path| Files::read(copy, &path)?.parse::<toml::Table>().ok());
    let packages = tables.filter_map(|table| table.get("package")?.as_array().cloned()).flatten();
    let named = packages.filter_map(|package| {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        text("source").filter(|source| source.starts_with("registry+"))?;
        Some(format!("{}-{}", text("name")?, text("version")?))
    });
    named.collect()
}

/// The parts of the user's cargo configuration that builds depend on; tokens, proxies, wrappers and foreign paths left out.
fn harmless_config(text: &str) -> Option<String> {
    let mut table: toml::Table = text.parse().ok()?;
    table.retain(|key, _| ["build", "profile", "source", "target", "registries", "unstable"].contains(&key));
    if let Some(build) = table.get_mut("build").and_then(toml::Value::as_table_mut) {
        for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustdoc", "target-dir", "build-dir", "dep-info-basedir"] {
            build.remove(key);
        }
    }
    if let Some(registries) = table.get_mut("registries").and_then(toml::Value::as_table_mut) {
        for registry in registries.iter_mut().filter_map(|(_, value)| value.as_table_mut()) {
            registry.retain(|key, _| key == "index");
        }
    }
    (!table.is_empty()).then(|| table.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_names_a_toolchain_and_cannot_point_to_one() {
        let mut notes = Vec::new();
        assert_eq!(channel("1.80\n", "rust-toolchain", &mut notes).as_deref(), Some("1.80"));
        assert_eq!(channel("[toolchain]\nchannel = \"nightly\"\n", "rust-toolchain.toml", &mut notes).as_deref(), Some("nightly"));
        assert!(notes.is_empty());
        assert_eq!(channel("[toolchain]\npath = \"evil\"\n", "rust-toolchain.toml", &mut notes), None);
        assert_eq!(channel("../evil", "rust-toolchain", &mut notes), None);
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn secrets_and_wrappers_stay_out_of_the_private_cargo_configuration() {
        let text = "[registry]\ntoken = 'tok'\n[registries.mine]\nindex = 'i'\ntoken = 'tok'\n[http]\nproxy = 'u:p@h'\n\
                    [build]\nrustc-wrapper = 'sccache'\nrustflags = ['-Ctarget-cpu=native']\n[env]\nKEY = 'tok'\n";
        let kept = harmless_config(text).expect("something is kept");
        assert!(kept.contains("target-cpu=native") && kept.contains("index"), "{kept}");
        assert!(!kept.contains("tok") && !kept.contains("proxy") && !kept.contains("sccache"), "{kept}");
    }

    #[test]
    fn upwards_ends_at_the_root() {
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(upwards("").collect::<Vec<_>>(), [""]);
    }
}
