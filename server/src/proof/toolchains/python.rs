//! Finds the Python a project would be run with: its own virtual environment, the server's, `PATH`, the system's.
//!
//! Everything a project can write (`pyvenv.cfg`, `.python-version`) is only believed where it leads to a real Python
//! installation: a folder with `lib/pythonX.Y/os.py`. Otherwise a `home = /home/me` would mount a home folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::proof::Toolchain;
use crate::proof::host::{Host, canonical, is_system, names_in, plain_name, read_small};
use crate::sandbox::{Bind, Copy};
use crate::text::{Files, RelPath};

use super::Missing;
use super::rust::upwards;

/// A usable Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    /// How to start it.
    pub(crate) toolchain: Toolchain,
    /// The folders its packages lie in, on the host.
    sites: Vec<PathBuf>,
    /// How a user would write its path: relative where it belongs to the project.
    pub(crate) shown: String,
    /// Whether it is a virtual environment (packages can be installed into it without further ado).
    pub(crate) is_venv: bool,
}

impl Python {
    /// Whether the module or package `name` is installed, judged by its files.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.sites.iter().any(|site| site.join(name).join("__init__.py").is_file() || site.join(format!("{name}.py")).is_file())
    }
}

/// A Python installation: `prefix/bin/python3.N` and `prefix/lib/python3.N`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Installation {
    prefix: PathBuf,
    /// `python3.N`
    name: String,
}

/// Every Python that could be meant for the project in `folder`, best first; `program` is the user's own choice, if any.
pub(crate) fn find(copy: &Copy, folder: &str, host: &Host, program: Option<&Path>) -> Vec<Python> {
    if let Some(program) = program {
        return from_program(program, copy.root()).into_iter().collect();
    }
    let own = upwards(folder).flat_map(|folder| [".venv", "venv", "env"].map(|name| copy.root().join(folder).join(name)));
    let own: Vec<Python> = own.filter_map(|path| venv(&path, copy.root())).collect();
    if !own.is_empty() {
        return own;
    }
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(|name| host.var_path(name));
    let mut found: Vec<Python> = active.filter_map(|path| venv(&path, copy.root()).or_else(|| from_prefix(&path, copy.root()))).collect();
    for program in host.programs("python3", copy.root()).into_iter().chain(host.programs("python", copy.root())) {
        let resolved = if is_pyenv_shim(&program) { pyenv_version(&program, copy, folder, host) } else { Some(program) };
        found.extend(resolved.and_then(|program| from_program(&program, copy.root())));
    }
    found.extend(from_program(Path::new("/usr/bin/python3"), copy.root()));
    let mut seen = Vec::new();
    found.retain(|python| {
        !seen.contains(&python.toolchain.program) && {
            seen.push(python.toolchain.program.clone());
            true
        }
    });
    found
}

/// What to say where no Python was found.
pub(crate) fn missing() -> Missing {
    Missing::new(
        "no Python 3 was found: no `.venv` in the project, no python3 on PATH, no /usr/bin/python3",
        "install it (`apt-get install python3`) or make an environment with `python3 -m venv .venv`",
    )
}

/// What to say where Python lacks a package.
pub(crate) fn missing_package(python: &Python, package: &str) -> Missing {
    let remedy = if python.is_venv {
        let pip = if python.has("pip") { String::new() } else { format!("{} -m ensurepip && ", python.shown) };
        format!("install it with `{pip}{} -m pip install {package}`", python.shown)
    } else {
        format!("make an environment with it: `{} -m venv .venv && .venv/bin/python -m pip install {package}`", python.shown)
    };
    Missing::new(format!("{package} is not installed for {}", python.shown), remedy)
}

/// A virtual environment (PEP 405), where its `home` is a real installation.
fn venv(folder: &Path, root: &Path) -> Option<Python> {
    let real = canonical(folder)?;
    let config = read_small(&real.join("pyvenv.cfg"))?;
    let value = |key: &str| {
        let pairs = config.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    };
    let home = PathBuf::from(value("home")?);
    let prefix = home.parent().filter(|_| home.is_absolute() && home.file_name().is_some_and(|name| name == "bin"))?;
    let base = installation(prefix, root)?;
    let site = real.join("lib").join(&base.name).join("site-packages");
    let program = ["python", "python3"].iter().map(|name| folder.join("bin").join(name)).find(|path| path.is_file())?;
    if !site.is_dir() {
        return None;
    }
    let mut binds = base.binds();
    if let Some(behind) =
        canonical(&program).and_then(|real| Some(real.parent()?.parent()?.to_owned())).filter(|behind| *behind != base.prefix)
    {
        binds.extend(installation(&behind, root).map(|base| base.binds()).unwrap_or_default());
    }
    binds.push(Bind { host: real.clone(), inside: folder.to_owned(), writable: false });
    if real != folder {
        binds.push(Bind::read_only(&real));
    }
    let mut sites = vec![site];
    if value("include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        sites.extend(base.sites());
    }
    let mut env = environment();
    env.insert("VIRTUAL_ENV".to_owned(), folder.to_string_lossy().into_owned());
    env.insert("PATH".to_owned(), format!("{}:/usr/local/bin:/usr/bin:/bin", folder.join("bin").display()));
    let shown = program.strip_prefix(root).unwrap_or(&program).to_string_lossy().into_owned();
    let toolchain = Toolchain { program: program.to_string_lossy().into_owned(), binds, env };
    Some(Python { toolchain, sites, shown, is_venv: true })
}

/// An interpreter given by its path: a virtual environment's, or one of an installation.
fn from_program(program: &Path, root: &Path) -> Option<Python> {
    let folder = program.parent()?.parent()?;
    if folder.join("pyvenv.cfg").is_file() {
        return venv(folder, root);
    }
    let real = canonical(program)?;
    from_prefix(real.parent()?.parent()?, root)
}

/// The interpreter of an installation.
fn from_prefix(prefix: &Path, root: &Path) -> Option<Python> {
    let base = installation(prefix, root)?;
    let program = base.prefix.join("bin").join(&base.name).to_string_lossy().into_owned();
    let mut env = environment();
    if !is_system(&base.prefix) {
        env.insert("PATH".to_owned(), format!("{}:/usr/local/bin:/usr/bin:/bin", base.prefix.join("bin").display()));
    }
    let toolchain = Toolchain { program: program.clone(), binds: base.binds(), env };
    Some(Python { toolchain, sites: base.sites(), shown: program, is_venv: false })
}

/// The installation below `prefix`, outside the workspace: newest `lib/python3.N` with a standard library and `bin/python3.N`.
fn installation(prefix: &Path, root: &Path) -> Option<Installation> {
    let real = canonical(prefix).filter(|real| !real.starts_with(root))?;
    let minor = |name: &str| name.strip_prefix("python3.")?.parse::<u32>().ok();
    let complete = |name: &&String| real.join("lib").join(name).join("os.py").is_file() && real.join("bin").join(name).is_file();
    let mut names: Vec<String> = names_in(&real.join("lib")).into_iter().filter(|name| minor(name).is_some()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(minor(name)));
    let linked = canonical(&real.join("bin/python3")).and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let name = names.iter().find(|name| linked.as_ref() == Some(*name) && complete(name)).or_else(|| names.iter().find(complete))?.clone();
    Some(Installation { prefix: prefix.to_owned(), name })
}

impl Installation {
    /// Its programs, libraries and headers, under the name it was asked for and the real one; nothing where the system mounts it.
    fn binds(&self) -> Vec<Bind> {
        let real = canonical(&self.prefix).unwrap_or_else(|| self.prefix.clone());
        let mut binds = Vec::new();
        for part in ["bin", "lib", "include"].map(Path::new) {
            let host = real.join(part);
            if !host.is_dir() || is_system(&host) {
                continue;
            }
            if self.prefix != real {
                binds.push(Bind { host: host.clone(), inside: self.prefix.join(part), writable: false });
            }
            binds.push(Bind::read_only(host));
        }
        binds
    }

    fn sites(&self) -> Vec<PathBuf> {
        let own = self.prefix.join("lib").join(&self.name);
        let debian = self.prefix.join("lib/python3/dist-packages");
        let local = Path::new("/usr/local/lib").join(&self.name).join("dist-packages");
        let system = self.prefix == Path::new("/usr");
        let mut sites = vec![own.join("site-packages")];
        sites.extend(system.then_some([debian, local]).into_iter().flatten());
        sites
    }
}

/// What every Python run gets: no byte code written (its time stamps are too coarse for quick edits), a fixed hash seed.
fn environment() -> BTreeMap<String, String> {
    let pairs =
        [("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONHASHSEED", "0"), ("PYTHONIOENCODING", "utf-8"), ("PYTHONUTF8", "1"), ("NO_COLOR", "1")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn is_pyenv_shim(program: &Path) -> bool {
    let folder = program.parent().filter(|folder| folder.file_name().is_some_and(|name| name == "shims"));
    folder.and_then(Path::parent).is_some_and(|root| root.join("versions").is_dir())
}

/// The interpreter pyenv's shim would start: `PYENV_VERSION`, the nearest `.python-version`, the global `version` file
/// (<https://github.com/pyenv/pyenv#understanding-python-version-selection>).
fn pyenv_version(shim: &Path, copy: &Copy, folder: &str, host: &Host) -> Option<PathBuf> {
    let pyenv = shim.parent()?.parent()?;
    let nearest = upwards(folder).find_map(|folder| {
        let path = if folder.is_empty() { ".python-version".to_owned() } else { format!("{folder}/.python-version") };
        Files::read(copy, &RelPath::new(path).ok()?).map(|text| text.to_string())
    });
    let sources = [host.var("PYENV_VERSION").map(|value| value.replace(':', "\n")), nearest, read_small(&pyenv.join("version"))];
    let names: Vec<String> =
        sources.into_iter().flatten().flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()).collect();
    names.iter().find_map(|name| {
        let name = plain_name(name)?;
        let versions = pyenv.join("versions");
        let prefix = format!("{name}.");
        let exact = versions.join(name);
        let latest =
            || names_in(&versions).into_iter().filter(|version| version.starts_with(&prefix)).max_by_key(|version| version_key(version));
        let folder = if exact.is_dir() { exact } else { versions.join(latest()?) };
        Some(folder.join("bin/python3")).filter(|program| program.is_file())
    })
}

fn version_key(name: &str) -> Vec<u32> {
    name.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
