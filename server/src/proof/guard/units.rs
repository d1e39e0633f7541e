//! A test file as a list of units — definitions by name, statements by text — and the rule for what may happen to them:
//! every old unit stays as it is, and no new one gets a name that an old one uses.

use std::collections::{BTreeMap, BTreeSet};

/// One file (or its test part) taken apart.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Definitions: qualified name → texts (attributes and decorators included).
    pub(super) named: BTreeMap<String, Vec<String>>,
    /// Statements without a name, imports among them.
    pub(super) loose: Vec<Loose>,
    /// Every identifier that occurs in the units.
    pub(super) used: BTreeSet<String>,
}

/// A statement without a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loose {
    /// Its text.
    pub(super) text: String,
    /// Names it binds.
    pub(super) binds: Vec<String>,
    /// Whether a new one is harmless where its names are: an import, a plain assignment.
    pub(super) only_binds: bool,
}

impl Units {
    /// Adds a definition.
    pub(super) fn define(&mut self, name: String, text: &str) {
        self.named.entry(name).or_default().push(tidy(text));
    }
}

/// Line ends and trailing blanks do not count.
pub(super) fn tidy(text: &str) -> String {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What was done to the old units, in words.
pub(super) fn compare(old: &Units, new: &Units) -> Vec<String> {
    let mut found = Vec::new();
    for (name, texts) in &old.named {
        match new.named.get(name) {
            None => found.push(format!("`{name}` was there before and was removed")),
            Some(now) if now != texts => found.push(format!("`{name}` was there before and was changed")),
            Some(_) => {}
        }
    }
    let loose = |units: &Units| units.loose.iter().map(|loose| loose.text.clone()).collect::<Vec<_>>();
    found.extend(missing(&loose(old), &loose(new)).map(|text| format!("`{}` was there before and was changed", first_line(text))));
    let added = new.named.keys().filter(|name| !old.named.contains_key(*name));
    found.extend(added.filter_map(|name| affects_others(name, old)).collect::<Vec<_>>());
    let before = loose(old);
    for statement in new.loose.iter().filter(|statement| !before.contains(&statement.text)) {
        let shadowing = statement.binds.iter().find(|name| old.used.contains(*name) || is_switch(name));
        if let Some(name) = shadowing {
            found.push(format!("`{}` gives `{name}` a new meaning for tests that were there before", first_line(&statement.text)));
        } else if !statement.only_binds && !old.used.is_empty() {
            found.push(format!("`{}` runs before tests that were there before", first_line(&statement.text)));
        }
    }
    found
}

/// The texts of `old` that `new` holds fewer times.
pub(super) fn missing<'o>(old: &'o [String], new: &[String]) -> impl Iterator<Item = &'o String> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    new.iter().for_each(|text| *left.entry(text.clone()).or_default() += 1);
    old.iter().filter(move |text| match left.get_mut(*text) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
}

/// Why a new definition changes how old tests run, if it does.
fn affects_others(name: &str, old: &Units) -> Option<String> {
    let own = name.rsplit(['.', ':', ' ']).next().unwrap_or(name);
    let scope = name.len() - own.len();
    let in_old_scope = scope == 0 || old.named.keys().any(|known| known.starts_with(name.get(..scope).unwrap_or_default()));
    if !in_old_scope || old.used.is_empty() {
        return None;
    }
    if is_switch(own) {
        return Some(format!("`{name}` is new and changes how tests that were there before are run"));
    }
    let top_level = scope == 0 || name.contains(' ') || name.contains(':');
    (top_level && old.used.contains(own)).then(|| format!("`{name}` is new and takes the place of something that tests there before use"))
}

/// Names test runners act on.
fn is_switch(name: &str) -> bool {
    const SWITCHES: [&str; 22] = [
        "pytestmark",
        "collect_ignore",
        "collect_ignore_glob",
        "pytest_plugins",
        "__test__",
        "load_tests",
        "setUp",
        "tearDown",
        "setUpClass",
        "tearDownClass",
        "setUpModule",
        "tearDownModule",
        "setup_method",
        "teardown_method",
        "setup_class",
        "teardown_class",
        "setup_module",
        "teardown_module",
        "setup_function",
        "teardown_function",
        "asyncSetUp",
        "asyncTearDown",
    ];
    SWITCHES.contains(&name)
        || name.starts_with("pytest_")
        || name.starts_with("<autouse>")
        || matches!(name, "__init__" | "__getattribute__" | "run")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
