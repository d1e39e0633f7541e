//! What a patch may not do on its way to green, judged from its texts alone.
//!
//! Three answers per file: *refused* (nobody asked for editor, agent or version-control settings: the file is dropped),
//! *violation* (an existing test, or what decides which tests and lints run, was weakened: delivery is blocked), and
//! *confirm* (others execute this file, or the code notices that it is tested: a person must look first).
//! The text rules stand beside the comparison of test results in [`judge`](super::judge): a weakened assertion changes no
//! test's name. To add a rule: a function here that adds to the [`Screening`], with a row in its test table.

mod paths;
mod python;
mod rust;
mod settings;
mod units;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::text::{Change, FileChange, Patch, RelPath};

/// Something about one file of a patch, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The file.
    pub path: RelPath,
    /// What it is, and why it matters.
    pub why: String,
}

/// The three lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// Files that are dropped from the patch.
    pub refused: Vec<Finding>,
    /// What blocks delivery.
    pub violations: Vec<Finding>,
    /// What a person must confirm, apart from the rest.
    pub needs_confirmation: Vec<Finding>,
}

/// What the screening needs to know beyond the patch.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Files that hold tests by the report of a run before the patch.
    pub test_files: BTreeSet<RelPath>,
    /// Files whose documentation examples ran as tests before the patch.
    pub doc_test_files: BTreeSet<RelPath>,
    /// Whether settings and CI were what was asked for: then they need a confirmation instead of blocking.
    pub settings_allowed: bool,
}

/// Screens every file of `patch`.
pub fn screen(patch: &Patch, context: &Context) -> Screening {
    let mut screening = Screening::default();
    for file in &patch.files {
        if let Some(why) = paths::refused(&file.path) {
            screening.refused.push(Finding { path: file.path.clone(), why: why.to_owned() });
            continue;
        }
        screen_file(file, context, &mut screening);
    }
    screening
}

fn screen_file(file: &FileChange, context: &Context, screening: &mut Screening) {
    let path = &file.path;
    let finding = |why: String| Finding { path: path.clone(), why };
    if let Some(why) = paths::executed_by_others(path) {
        screening.needs_confirmation.push(finding(why.to_owned()));
    }
    let settings = settings::changed(path, &file.change).into_iter().map(finding);
    if context.settings_allowed {
        screening.needs_confirmation.extend(settings)
    } else {
        screening.violations.extend(settings)
    }
    screening.violations.extend(tests(path, &file.change, context).into_iter().map(finding));
    screening.violations.extend(silenced(&file.change).into_iter().map(finding));
    screening.needs_confirmation.extend(notices_tests(path, &file.change, context).into_iter().map(finding));
}

/// Existing tests that were edited, removed, or had something put before them.
fn tests(path: &RelPath, change: &Change, context: &Context) -> Vec<String> {
    let is_test_file = paths::is_test_file(path) || context.test_files.contains(path) && path.extension() == Some("py");
    let Some(old) = change.old() else {
        return Vec::new();
    };
    let new = change.new_text().unwrap_or_default();
    let mut found = match path.extension() {
        Some("rs") => units::compare(&rust::units(old, is_test_file), &rust::units(new, is_test_file)),
        Some("py") if is_test_file => units::compare(&python::units(old), &python::units(new)),
        Some("md" | "txt" | "rst") => Vec::new(),
        _ if is_test_file => vec!["test data or an expected output that was there before was changed".to_owned()],
        _ => Vec::new(),
    };
    if context.doc_test_files.contains(path) {
        let examples = |text: &str| if path.extension() == Some("py") { python::examples(text) } else { rust::examples(text) };
        found.extend(
            units::missing(&examples(old), &examples(new))
                .map(|example| format!("a documentation example that is a test was changed: `{example}`")),
        );
    }
    found
}

static SILENCERS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("a valid pattern");
    vec![
        (
            "a linter's or type checker's finding",
            pattern(r"#\s*(?:ruff:\s*)?noqa|#\s*type:\s*ignore|#\s*pyright:\s*ignore|#\s*pylint:\s*disable|#\s*mypy:"),
        ),
        ("coverage", pattern(r"#\s*pragma:\s*no\s*cover")),
        ("a compiler's or clippy's finding", pattern(r"#!?\[\s*(?:allow|expect)\s*\(|cfg_attr\([^)]*allow\s*\(")),
        (
            "a test",
            pattern(
                r"#\[\s*ignore|pytest\.mark\.(?:skip|xfail)|unittest\.(?:skip|expectedFailure)|pytest\.(?:skip|xfail|importorskip)\s*\(|\.skipTest\s*\(|SkipTest",
            ),
        ),
    ]
});

/// Marks that silence a check, where the patch adds some.
fn silenced(change: &Change) -> Vec<String> {
    let (old, new) = (change.old().unwrap_or_default(), change.new_text().unwrap_or_default());
    let more = SILENCERS.iter().filter(|(_, pattern)| pattern.find_iter(new).count() > pattern.find_iter(old).count());
    more.map(|(what, pattern)| {
        let mark = pattern.find_iter(new).last().map_or("", |found| found.as_str());
        format!("`{mark}` was added, which silences {what}")
    })
    .collect()
}

static NOTICING: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        r"PYTEST_CURRENT_TEST",
        r"\b_pytest\b",
        r"^\s*(?:import|from)\s+pytest\b",
        r"sys\.modules\b",
        r"\bbuiltins\b",
        r"os\._exit\b",
        r"sys\.settrace\b",
        r"\batexit\b",
        r"LAMPLIGHTER_|lamplighter_(?:pytest|unittest|report)",
        r"cfg!\s*\(\s*test",
        r"cfg\(\s*not\s*\(\s*test",
        r"macro_rules!\s*(?:debug_)?assert",
        r"macro_rules!\s*panic",
    ];
    Regex::new(&words.join("|")).expect("a valid pattern")
});

/// Added lines of product code that could tell a test run from the real thing, or end it early.
fn notices_tests(path: &RelPath, change: &Change, context: &Context) -> Vec<String> {
    let code = matches!(path.extension(), Some("py" | "rs"));
    if !code || paths::is_test_file(path) || context.test_files.contains(path) && path.extension() == Some("py") {
        return Vec::new();
    }
    let old: BTreeSet<&str> = change.old().unwrap_or_default().lines().map(str::trim).collect();
    let added = change.new_text().unwrap_or_default().lines().map(str::trim).filter(|line| !old.contains(line));
    let mut found = added.filter(|line| NOTICING.is_match(line));
    found.next().map(|line| format!("`{line}` may behave differently under test or end the test run")).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modify(path: &str, old: &str, new: &str) -> Patch {
        let change = Change::Modify { old: old.into(), new: new.into() };
        Patch { files: vec![FileChange { path: RelPath::new(path).expect("a path"), change }] }
    }

    fn create(path: &str, new: &str) -> Patch {
        Patch { files: vec![FileChange { path: RelPath::new(path).expect("a path"), change: Change::Create { new: new.into() } }] }
    }

    const PY: &str = "import pytest\nfrom money import mean\n\n\nLIMIT = 3\n\n\ndef check(x):\n    assert x == LIMIT\n\n\ndef test_a():\n    check(mean([3]))\n\n\n\
                      class TestB:\n    def test_b(self):\n        assert mean([1, 2]) == 1.5\n";
    const RS: &str = "pub fn f() -> i32 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    fn helper() -> i32 { 2 }\n    #[test]\n    fn a() {\n        \
                      assert_eq!(f(), helper());\n    }\n}\n";

    #[test]
    fn weakening_is_a_violation() {
        let cases = [
            ("an edited assertion", "tests/test_m.py", PY, PY.replace("== 1.5", "== 1")),
            ("an edited helper", "tests/test_m.py", PY, PY.replace("x == LIMIT", "x")),
            ("an edited constant", "tests/test_m.py", PY, PY.replace("LIMIT = 3", "LIMIT = 4")),
            ("a deleted test", "tests/test_m.py", PY, PY.replace("def test_a():\n    check(mean([3]))\n", "")),
            ("a skip mark", "tests/test_m.py", PY, PY.replace("def test_a", "@pytest.mark.skip\ndef test_a")),
            ("an early return", "tests/test_m.py", PY, PY.replace("def test_a():\n", "def test_a():\n    return\n")),
            ("a module mark", "tests/test_m.py", PY, PY.replace("LIMIT = 3\n", "LIMIT = 3\npytestmark = []\n")),
            ("a shadowed subject", "tests/test_m.py", PY, format!("{PY}\n\ndef mean(xs):\n    return LIMIT\n")),
            ("a shadowing import", "tests/test_m.py", PY, PY.replace("LIMIT = 3\n", "LIMIT = 3\nfrom fake import mean\n")),
            ("a renamed subject", "tests/test_m.py", PY, PY.replace("from money import mean", "from fake import mean")),
            ("a patched module", "tests/test_m.py", PY, format!("{PY}\nimport money\nmoney.mean = lambda xs: 3\n")),
            ("an automatic fixture", "tests/test_m.py", PY, format!("{PY}\n\n@pytest.fixture(autouse=True)\ndef fake():\n    yield\n")),
            ("a set-up in a test class", "tests/test_m.py", PY, format!("{PY}\n    def setup_method(self):\n        pass\n")),
            ("a second definition", "tests/test_m.py", PY, format!("{PY}\n\ndef test_a():\n    pass\n")),
            ("another base class", "tests/test_m.py", PY, PY.replace("class TestB:", "class TestB(Fake):")),
            ("an edited snapshot", "tests/data/out.json", "1", "2".to_owned()),
            ("a weakened Rust test", "src/lib.rs", RS, RS.replace("assert_eq!(f(), helper())", "f();")),
            ("an edited Rust helper", "src/lib.rs", RS, RS.replace("{ 2 }", "{ 1 }")),
            ("an ignored Rust test", "src/lib.rs", RS, RS.replace("#[test]", "#[test]\n    #[ignore]")),
            ("a Rust test without its mark", "src/lib.rs", RS, RS.replace("#[test]\n", "")),
            ("a should_panic", "src/lib.rs", RS, RS.replace("#[test]", "#[test]\n    #[should_panic]")),
            ("a shadowing import in Rust", "src/lib.rs", RS, RS.replace("use super::*;", "use super::*;\n    use super::g as f;")),
            ("a shadowing function in Rust", "src/lib.rs", RS, RS.replace("use super::*;", "use super::*;\n    fn f() -> i32 { 2 }")),
            ("a module compiled out", "src/lib.rs", RS, RS.replace("#[cfg(test)]\nmod", "#[cfg(all(test, feature = \"never\"))]\nmod")),
            ("a file compiled out", "tests/a.rs", "#[test]\nfn a() {}\n", "#![cfg(never)]\n#[test]\nfn a() {}\n".to_owned()),
            ("an allow", "src/lib.rs", "fn f() {}\n", "#[allow(dead_code)]\nfn f() {}\n".to_owned()),
            ("a noqa", "a.py", "import os\n", "import os  # noqa\n".to_owned()),
            ("other pytest options", "pytest.ini", "[pytest]\n", "[pytest]\naddopts = -k nothing\n".to_owned()),
            (
                "other pytest options in pyproject",
                "pyproject.toml",
                "[project]\nname='x'\n",
                "[project]\nname='x'\n[tool.pytest.ini_options]\naddopts='-x'\n".to_owned(),
            ),
            ("looser lints", "Cargo.toml", "[package]\nname='x'\n[lints.rust]\nunused='deny'\n", "[package]\nname='x'\n".to_owned()),
            ("tests switched off", "Cargo.toml", "[package]\nname='x'\n", "[package]\nname='x'\n[lib]\ntest = false\n".to_owned()),
            ("CI", ".github/workflows/ci.yml", "run: test\n", "run: true\n".to_owned()),
        ];
        for (name, path, old, new) in cases {
            assert_ne!(old, new, "{name}: the case changes nothing");
            let screening = screen(&modify(path, old, &new), &Context::default());
            assert!(!screening.violations.is_empty(), "{name} was let through");
        }
    }

    #[test]
    fn honest_changes_pass() {
        let cases = [
            ("a fix beside tests", "src/lib.rs", RS, RS.replace("{ 1 }", "{ 2 }")),
            (
                "a new Rust test",
                "src/lib.rs",
                RS,
                RS.replace("    #[test]", "    #[test]\n    fn b() {\n        assert_ne!(f(), 9);\n    }\n\n    #[test]"),
            ),
            (
                "a first test module",
                "src/lib.rs",
                "fn f() {}\n",
                "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { super::f() }\n}\n".to_owned(),
            ),
            (
                "a new Python test",
                "tests/test_m.py",
                PY,
                format!("{PY}\n    def test_c(self):\n        assert mean([5]) == 5\n\n\ndef test_d():\n    assert mean([2]) == 2\n"),
            ),
            ("a new import", "tests/test_m.py", PY, PY.replace("import pytest\n", "import math\nimport pytest\n")),
            ("new blank lines", "tests/test_m.py", PY, PY.replace("\n\n\nLIMIT", "\nLIMIT")),
            ("a new version", "Cargo.toml", "[package]\nname='x'\nversion='1.0.0'\n", "[package]\nname='x'\nversion='1.0.1'\n".to_owned()),
            ("product code in Python", "money.py", "def mean(xs): return 1\n", "def mean(xs): return sum(xs) / len(xs)\n".to_owned()),
        ];
        for (name, path, old, new) in cases {
            assert_ne!(old, new, "{name}: the case changes nothing");
            let screening = screen(&modify(path, old, &new), &Context::default());
            assert_eq!(screening, Screening::default(), "{name}");
        }
    }

    #[test]
    fn files_that_others_execute_need_a_word_and_settings_of_tools_are_refused() {
        for path in ["build.rs", "sub/conftest.py", ".cargo/config.toml", "Makefile", "setup.py", "sitecustomize.py", "x.pth", "AGENTS.md"]
        {
            let screening = screen(&create(path, "x = 1\n"), &Context::default());
            assert_eq!((screening.needs_confirmation.len(), screening.refused.len()), (1, 0), "{path}");
        }
        for path in [
            ".git/hooks/pre-commit",
            ".GIT/config",
            ".g\u{200b}it/config",
            ".vscode/tasks.json",
            ".mcp.json",
            ".envrc",
            "sub/.idea/x.xml",
            ".bashrc",
        ] {
            let screening = screen(&create(path, "x = 1\n"), &Context::default());
            assert_eq!(screening.refused.len(), 1, "{path}");
        }
        let noticing =
            modify("a.py", "def f(): return 1\n", "import os\ndef f(): return 2 if 'PYTEST_CURRENT_TEST' in os.environ else 1\n");
        assert_eq!(screen(&noticing, &Context::default()).needs_confirmation.len(), 1);
        let asked = Context { settings_allowed: true, ..Context::default() };
        let ci = screen(&modify(".github/workflows/ci.yml", "a", "b"), &asked);
        assert!(ci.violations.is_empty() && !ci.needs_confirmation.is_empty());
    }

    #[test]
    fn documentation_examples_that_ran_as_tests_stay() {
        let old = "/// ```\n/// assert_eq!(x::f(), 2);\n/// ```\npub fn f() -> i32 { 1 }\n";
        let path = RelPath::new("src/lib.rs").expect("a path");
        let context = Context { doc_test_files: [path].into(), ..Context::default() };
        assert_eq!(screen(&modify("src/lib.rs", old, &old.replace(", 2", ", 1")), &context).violations.len(), 1);
        assert_eq!(screen(&modify("src/lib.rs", old, &old.replace("{ 1 }", "{ 2 }")), &context), Screening::default());
    }
}
