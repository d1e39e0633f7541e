//! Where a project begins: for files that no workspace folder holds, and for the command line.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What marks a project's root.
const MARKERS: [&str; 4] = ["Cargo.toml", "pyproject.toml", "setup.py", ".git"];

/// Bytes read of a file that only says something about the project.
const MAX_READ: u64 = 1 << 20;

/// The nearest folder at or above `path` that holds `Cargo.toml`, `pyproject.toml`, `setup.py` or `.git`. A package that
/// belongs to a Cargo workspace further up (within the same repository) has that workspace's root, because it does not
/// build without it.
pub fn nearest_root(path: &Path) -> Option<PathBuf> {
    let root = path.ancestors().find(|folder| MARKERS.iter().any(|marker| folder.join(marker).exists()))?;
    Some(cargo_workspace_of(root).unwrap_or(root).to_owned())
}

/// The folder whose `Cargo.toml` has a `[workspace]` that takes `package` in.
fn cargo_workspace_of(package: &Path) -> Option<&Path> {
    let own = manifest(package)?;
    if own.contains_key("workspace") {
        return None;
    }
    let inside = |folder: &&Path| !folder.join(".git").exists();
    let repository = package.ancestors().take_while(inside).chain(package.ancestors().find(|folder| !inside(folder)));
    repository.skip(1).find(|folder| takes_in(folder, package))
}

fn takes_in(folder: &Path, package: &Path) -> bool {
    let Some(manifest) = manifest(folder) else { return false };
    let Some(workspace) = manifest.get("workspace") else { return false };
    let excluded = workspace.get("exclude").and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str);
    !excluded.into_iter().any(|path| package.starts_with(folder.join(path)))
}

fn manifest(folder: &Path) -> Option<toml::Table> {
    read_plain(&folder.join("Cargo.toml")).ok()??.parse().ok()
}

/// The text of a small regular file; `None` where there is none. Anything else that bears the name (a pipe, a device) is
/// not opened: reading it could block for ever.
pub(super) fn read_plain(path: &Path) -> std::io::Result<Option<String>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_READ).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// `path` with symbolic links resolved as far as it exists: a file not saved yet has a real folder.
pub fn resolve(path: &Path) -> PathBuf {
    let real = path.ancestors().find_map(|part| Some((part, fs::canonicalize(part).ok()?)));
    match real {
        Some((part, real)) => path
            .strip_prefix(part)
            .map_or_else(|_| path.to_owned(), |rest| if rest.as_os_str().is_empty() { real.clone() } else { real.join(rest) }),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes files (`name: text`) in a temporary folder.
    fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn check(folder: &tempfile::TempDir, path: &str, expected: &str) {
        assert_eq!(nearest_root(&folder.path().join(path)), Some(folder.path().join(expected).components().collect()), "{path}");
    }

    #[test]
    fn the_nearest_marker_wins() {
        let folder = files(&[(".git/HEAD", ""), ("a/pyproject.toml", ""), ("a/src/m.py", ""), ("b/setup.py", ""), ("c/d/m.py", "")]);
        check(&folder, "a/src/m.py", "a");
        check(&folder, "b/not/there/yet.py", "b");
        check(&folder, "c/d/m.py", "");
    }

    #[test]
    fn a_package_has_its_cargo_workspace() {
        let folder = files(&[
            (".git/HEAD", ""),
            ("Cargo.toml", "[workspace]\nmembers = ['crates/*']\nexclude = ['apart']"),
            ("crates/a/Cargo.toml", "[package]\nname = 'a'"),
            ("apart/Cargo.toml", "[package]\nname = 'apart'"),
            ("crates/own/Cargo.toml", "[package]\nname = 'own'\n[workspace]"),
            ("vendor/repo/.git/HEAD", ""),
            ("vendor/repo/Cargo.toml", "[package]\nname = 'other'"),
        ]);
        check(&folder, "crates/a/src/lib.rs", "");
        check(&folder, "apart/src/lib.rs", "apart");
        check(&folder, "crates/own/src/lib.rs", "crates/own");
        check(&folder, "vendor/repo/src/lib.rs", "vendor/repo");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_resolved_as_far_as_there_is_something() {
        let folder = files(&[("real/a.py", "")]);
        std::os::unix::fs::symlink(folder.path().join("real"), folder.path().join("link")).unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(resolve(&folder.path().join("link/a.py")), root.join("real/a.py"));
        assert_eq!(resolve(&folder.path().join("link/new/b.py")), root.join("real/new/b.py"));
    }
}
