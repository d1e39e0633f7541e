//! Settings that decide which tests run and what linters say: whole files, and the parts of shared files that matter.

use std::collections::BTreeMap;

use crate::text::{Change, RelPath};

use super::paths::{is_ci, plain};

/// Files that hold nothing else.
const WHOLE: [&str; 18] = [
    "pytest.ini",
    ".pytest.ini",
    "tox.ini",
    ".flake8",
    "ruff.toml",
    ".ruff.toml",
    "mypy.ini",
    ".mypy.ini",
    "pyrightconfig.json",
    ".pylintrc",
    "pylintrc",
    ".coveragerc",
    "clippy.toml",
    ".clippy.toml",
    "nextest.toml",
    "deny.toml",
    "noxfile.py",
    ".pre-commit-config.yaml",
];

/// What was changed about how tests and lints run, in words.
pub(super) fn changed(path: &RelPath, change: &Change) -> Vec<String> {
    let name = plain(path.file_name());
    let (old, new) = (change.old().unwrap_or_default(), change.new_text().unwrap_or_default());
    let said = |what: &str| format!("{what} decides which tests or checks run, and was changed");
    if is_ci(&plain(path.as_str())) {
        return vec![said("continuous integration")];
    }
    if WHOLE.contains(&name.as_str()) {
        return vec![said("this file")];
    }
    let differing = match name.as_str() {
        "pyproject.toml" => differing(&pyproject(old), &pyproject(new)),
        "cargo.toml" if change.old().is_some() => differing(&cargo(old), &cargo(new)),
        "setup.cfg" => differing(&sections(old), &sections(new)),
        _ => Vec::new(),
    };
    differing.into_iter().map(|part| said(&format!("`{part}`"))).collect()
}

fn differing<V: PartialEq>(old: &BTreeMap<String, V>, new: &BTreeMap<String, V>) -> Vec<String> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
    names.sort();
    names.dedup();
    names.into_iter().cloned().collect()
}

/// The tables of tools that test or judge the code.
fn pyproject(text: &str) -> BTreeMap<String, toml::Value> {
    const TOOLS: [&str; 14] = [
        "pytest",
        "ruff",
        "mypy",
        "pyright",
        "basedpyright",
        "coverage",
        "pylint",
        "flake8",
        "tox",
        "nox",
        "hatch",
        "bandit",
        "pyrefly",
        "ty",
    ];
    let table: toml::Table = text.parse().unwrap_or_default();
    let tools = table.get("tool").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    tools.into_iter().filter(|(name, _)| TOOLS.contains(&name.as_str())).map(|(name, value)| (format!("tool.{name}"), value)).collect()
}

/// Lints, test targets and their switches, workspace members.
fn cargo(text: &str) -> BTreeMap<String, toml::Value> {
    const SWITCHES: [&str; 5] = ["test", "doctest", "harness", "required-features", "path"];
    let table: toml::Table = text.parse().unwrap_or_default();
    let mut kept = BTreeMap::new();
    let at = |names: &[&str]| names.iter().try_fold(toml::Value::Table(table.clone()), |value, name| value.get(*name).cloned());
    let parts: [&[&str]; 10] = [
        &["lints"],
        &["workspace", "lints"],
        &["workspace", "members"],
        &["workspace", "exclude"],
        &["workspace", "default-members"],
        &["package", "autotests"],
        &["package", "autobins"],
        &["package", "autoexamples"],
        &["test"],
        &["profile", "test"],
    ];
    kept.extend(parts.iter().filter_map(|names| Some((names.join("."), at(names)?))));
    for target in ["lib", "bin", "example"] {
        for (number, value) in
            at(&[target]).into_iter().flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value])).enumerate()
        {
            kept.extend(SWITCHES.iter().filter_map(|switch| Some((format!("{target}.{number}.{switch}"), value.get(*switch)?.clone()))));
        }
    }
    kept
}

/// The sections of an ini file that tools which test or judge the code read.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let ours = ["tool:pytest", "pytest", "flake8", "mypy", "coverage", "pylint", "tox", "aliases"]
                .iter()
                .any(|tool| name.starts_with(tool));
            current = ours.then(|| name.to_owned());
        }
        if let Some(name) = &current {
            let section = kept.entry(name.clone()).or_default();
            section.push_str(line.trim_end());
            section.push('\n');
        }
    }
    kept
}
