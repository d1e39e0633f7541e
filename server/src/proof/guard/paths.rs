//! What a file is, by its path: a test, something others execute, or something nobody may write.

use crate::proof::discover::is_python_test;
use crate::text::RelPath;

/// Why a file is dropped from every patch: settings of version control, editors, agents and shells.
pub(super) fn refused(path: &RelPath) -> Option<&'static str> {
    const FOLDERS: [&str; 14] = [
        ".git",
        ".hg",
        ".svn",
        ".vscode",
        ".idea",
        ".zed",
        ".helix",
        ".vim",
        ".claude",
        ".cursor",
        ".codex",
        ".continue",
        ".devcontainer",
        ".husky",
    ];
    const FILES: [&str; 18] = [
        ".envrc",
        ".mcp.json",
        ".cursorrules",
        ".windsurfrules",
        ".exrc",
        ".nvimrc",
        ".nvim.lua",
        ".vimrc",
        ".dir-locals.el",
        ".bashrc",
        ".bash_profile",
        ".zshrc",
        ".zshenv",
        ".profile",
        ".gitmodules",
        ".npmrc",
        ".pypirc",
        "lamplighter.toml",
    ];
    let plain = plain(path.as_str());
    let mut parts = plain.split('/');
    let file = plain.rsplit('/').next().unwrap_or_default();
    if parts.any(|part| FOLDERS.contains(&part)) || FILES.contains(&file) {
        return Some("settings of version control, editors, agents and shells are never written");
    }
    None
}

/// Why a person must look first: tools run this file by themselves, or follow what it says.
pub(super) fn executed_by_others(path: &RelPath) -> Option<&'static str> {
    let plain = plain(path.as_str());
    let file = plain.rsplit('/').next().unwrap_or_default();
    let named = match file {
        "build.rs" => "cargo runs it on every build",
        "conftest.py" => "pytest runs it before every test",
        "setup.py" | "noxfile.py" | "tasks.py" => "Python tools run it",
        "sitecustomize.py" | "usercustomize.py" => "every Python process runs it",
        "makefile" | "gnumakefile" | "justfile" | "taskfile.yml" | "dockerfile" | "docker-compose.yml" | "package.json" => {
            "build tools run what it says"
        }
        ".pre-commit-config.yaml" | ".gitattributes" => "git runs what it says",
        "rust-toolchain" | "rust-toolchain.toml" => "it chooses the compiler",
        "agents.md" | "claude.md" | "gemini.md" | ".rules" => "agents follow it as instructions",
        _ => "",
    };
    if !named.is_empty() {
        return Some(named);
    }
    if plain.ends_with(".cargo/config.toml") || plain.ends_with(".cargo/config") {
        return Some("cargo takes programs to run from it");
    }
    if plain.ends_with(".pth") {
        return Some("every Python process runs it");
    }
    is_ci(&plain).then_some("continuous integration runs what it says")
}

/// Whether continuous integration is set up in it; `plain` is lower case.
pub(super) fn is_ci(plain: &str) -> bool {
    const FOLDERS: [&str; 7] = [".github/workflows/", ".github/actions/", ".circleci/", ".buildkite/", ".gitlab/", ".woodpecker/", ".ci/"];
    const FILES: [&str; 9] = [
        ".gitlab-ci.yml",
        ".travis.yml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        "jenkinsfile",
        ".drone.yml",
        ".woodpecker.yml",
        "appveyor.yml",
        ".cirrus.yml",
    ];
    FOLDERS.iter().any(|folder| plain.starts_with(folder)) || FILES.contains(&plain)
}

/// Whether a file holds tests, their helpers or their data.
pub(super) fn is_test_file(path: &RelPath) -> bool {
    let folder = path.parent().unwrap_or_default();
    let in_tests = folder.split('/').any(|part| matches!(part, "tests" | "test" | "snapshots" | "__snapshots__"));
    in_tests || is_python_test(path) || path.file_name() == "conftest.py" || path.extension() == Some("snap")
}

/// Lower case, without characters that are not seen: what a file system or a reader may take the path for.
pub(super) fn plain(path: &str) -> String {
    let hidden =
        |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}');
    let lower: String = path.chars().filter(hidden).flat_map(char::to_lowercase).collect();
    lower.split('/').map(|part| part.trim_end_matches(['.', ' '])).collect::<Vec<_>>().join("/")
}
