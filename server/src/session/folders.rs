//! Where the program keeps its own things (XDG Base Directory Specification).

use std::path::PathBuf;

/// Runs and logs: `$XDG_STATE_HOME/lamplighter`, by default `~/.local/state/lamplighter`.
pub fn state_folder() -> PathBuf {
    below("XDG_STATE_HOME", ".local/state")
}

/// Private copies, which can be deleted at any time: `$XDG_CACHE_HOME/lamplighter`, by default `~/.cache/lamplighter`.
pub fn cache_folder() -> PathBuf {
    below("XDG_CACHE_HOME", ".cache")
}

fn below(variable: &str, otherwise: &str) -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    // Without a home there is still the folder for temporary files.
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(otherwise))).unwrap_or_else(std::env::temp_dir);
    base.join("lamplighter")
}
