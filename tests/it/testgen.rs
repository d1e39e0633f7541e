//! Test generation on real projects: what is written passes on the code as it is, and fails on a changed version of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lamplighter::proof::{Bench, Host, Overrides, Suite, SuiteKind, suites};
use lamplighter::repair::testgen::{Generated, Options, Target, TestgenError, generate, generate_for_file};
use lamplighter::sandbox::{Copy, Limits};
use lamplighter::session::Snapshot;
use lamplighter::text::{Files, RelPath, apply_edits};
use tokio_util::sync::CancellationToken;

use crate::support;

/// A workspace on disk, its private copy and its suite.
struct Project {
    _folder: tempfile::TempDir,
    copy: Copy,
    suite: Suite,
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Ask<'a> {
    Symbol(&'a str, &'a str),
    File(&'a str),
}

impl Project {
    /// Writes a project (sections `//- path` followed by the file's text) and finds its suite.
    fn new(kind: SuiteKind, text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its real path").join("ws");
        for section in text.split("//- ").skip(1) {
            let (path, body) = section.split_once('\n').expect("a path and a text");
            let file = root.join(path.trim());
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, body).expect("a file");
        }
        if kind != SuiteKind::Cargo {
            std::os::unix::fs::symlink(pytest_environment(), root.join(".venv")).expect("a link");
        }
        let copy = Copy::open(&folder.path().join("cache"), &Snapshot::of_disk(&root)).expect("a private copy");
        let found = suites(&copy, &Host::current(), &Overrides::default());
        let suite = found.suites.iter().find(|suite| suite.kind == kind).cloned();
        let suite = suite.unwrap_or_else(|| panic!("no {kind:?} suite: {found:?}"));
        Self { _folder: folder, copy, suite }
    }

    fn read(&self, path: &str) -> String {
        Files::read(&self.copy, &rel(path)).unwrap_or_else(|| panic!("{path} is missing")).to_string()
    }

    fn target(&self, path: &str, symbol: &str) -> Target {
        let text = self.read(path);
        Target { path: rel(path), symbol: symbol.to_owned(), span: 0..text.len() }
    }

    async fn with_bench<T>(&self, work: impl AsyncFnOnce(Bench<'_>) -> T) -> T {
        let walls = support::walls::walls().await;
        let (limits, cancel) = (Limits::default(), CancellationToken::new());
        work(Bench { sandbox: &walls, copy: &self.copy, limits: &limits, cancel: &cancel }).await
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Generated, TestgenError> {
        let options = Options::default();
        let before: Vec<(RelPath, Option<Vec<u8>>)> =
            self.copy.files().into_iter().map(|path| (path.clone(), self.copy.read(&path).unwrap())).collect();
        let made = self
            .with_bench(async |bench| match ask {
                Ask::Symbol(path, symbol) => generate(bench, &self.suite, &self.copy, &self.target(path, symbol), &options).await,
                Ask::File(path) => generate_for_file(bench, &self.suite, &self.copy, &rel(path), &options).await,
            })
            .await;
        for (path, bytes) in before {
            assert_eq!(self.copy.read(&path).unwrap(), bytes, "{path} was left changed");
        }
        made
    }

    /// The text of a file with the edits made.
    fn after(&self, made: &Generated, path: &str) -> String {
        let mine: Vec<_> = made.edits.iter().filter(|edit| edit.path.as_str() == path).cloned().collect();
        assert!(!mine.is_empty(), "{path} is not edited: {:?}", made.edits);
        let old = Files::read(&self.copy, &rel(path));
        apply_edits(old.as_deref().unwrap_or_default(), &mine).expect("edits that fit")
    }

    /// Runs the whole suite with the edits and `(path, old, new)` changes made; whether it is green, and its output.
    async fn run(&self, made: &Generated, changes: &[(&str, &str, &str)]) -> (bool, String) {
        let mut paths: Vec<&str> = made.edits.iter().map(|edit| edit.path.as_str()).collect();
        paths.dedup();
        for path in paths {
            let text = self.after(made, path);
            self.copy.write(&rel(path), text.as_bytes()).unwrap();
        }
        for (path, old, new) in changes {
            let text = self.read(path);
            assert!(text.contains(old), "{path} does not contain {old}");
            self.copy.write(&rel(path), text.replacen(old, new, 1).as_bytes()).unwrap();
        }
        let arguments: &[&str] = match self.suite.kind {
            SuiteKind::Pytest => &["-m", "pytest", "-q", "-p", "no:cacheprovider"],
            SuiteKind::Unittest => &["-m", "unittest", "discover", "-s", "tests", "-t", "."],
            SuiteKind::Cargo => &["test", "--offline", "-q"],
        };
        let mut command = self.suite.toolchain.command(arguments.iter().copied());
        command.env.insert("PYTHONDONTWRITEBYTECODE".into(), "1".into());
        let outcome = self.with_bench(async |bench| bench.run(command).await).await.expect("a run");
        for edit in &made.edits {
            match self.copy.original(&edit.path) {
                Some(bytes) => self.copy.write(&edit.path, bytes).unwrap(),
                None => self.copy.remove(&edit.path).unwrap(),
            }
        }
        for (path, ..) in changes {
            let path = rel(path);
            self.copy.write(&path, self.copy.original(&path).expect("an original")).unwrap();
        }
        (outcome.exit.ok(), format!("{}\n{}", outcome.stdout.text(), outcome.stderr.text()))
    }

    /// Makes tests, sees them pass, and sees them fail on each change of the code.
    async fn check(&self, ask: Ask<'_>, changes: &[(&str, &str, &str)]) -> Generated {
        let made = self.ask(ask).await.unwrap_or_else(|error| panic!("{error}"));
        let texts: Vec<&str> = made.edits.iter().map(|edit| edit.text.as_str()).collect();
        println!("{}\n{:#?}\n{:#?}\n{:#?}", texts.join("\n----\n"), made.cases, made.mutants, made.notes);
        assert!(!made.tests.is_empty() && made.tests.len() == made.cases.len());
        assert!(made.mutants.killed >= 1 && made.mutants.killed + made.mutants.survivors.len() == made.mutants.total, "{:?}", made.mutants);
        let (green, output) = self.run(&made, &[]).await;
        assert!(green, "the tests fail on the code they were made for:\n{}\n{output}", texts.join("\n"));
        for change in changes {
            let (green, output) = self.run(&made, &[*change]).await;
            assert!(!green, "the tests did not notice {change:?}:\n{}\n{output}", texts.join("\n"));
        }
        made
    }
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).expect("a path")
}

/// A virtual environment with pytest, made once per machine in the target folder.
fn pytest_environment() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pytest-venv");
        let lock = std::fs::File::create(folder.with_extension("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        if !folder.join("made").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            run("python3", &["-m", "venv", &folder.to_string_lossy()]);
            run(&folder.join("bin/python").to_string_lossy(), &["-m", "pip", "install", "-q", "pytest", "pyflakes"]);
            std::fs::write(folder.join("made"), "").expect("a mark");
        }
        folder
    })
}

#[allow(clippy::disallowed_methods)] // The environment is made outside the walls: it needs the network.
fn run(program: &str, arguments: &[&str]) {
    let status = std::process::Command::new(program).args(arguments).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{program} {arguments:?}: {status:?}");
}

/// A pytest project of one module with one passing test elsewhere.
fn pytest_project(module: &str) -> Project {
    Project::new(
        SuiteKind::Pytest,
        &format!("//- tests/test_other.py\ndef test_other():\n    assert True\n//- conftest.py\n//- m.py\n{module}"),
    )
}

mod python {
    use super::*;

    #[tokio::test]
    async fn a_plain_function_with_exceptions() {
        let project = pytest_project(
            "def average(numbers):\n    \"\"\"The mean.\"\"\"\n    total = 0\n    for number in numbers:\n        total += number\n    return total / len(numbers)\n",
        );
        let changes =
            [("m.py", "total / len", "total * len"), ("m.py", "total += number", "total = number"), ("m.py", "total = 0", "total = 1")];
        let made = project.check(Ask::Symbol("m.py", "average"), &changes).await;
        assert!(made.tests.contains(&"test_average_of_empty_list_raises_zero_division_error".to_owned()), "{:?}", made.tests);
        assert!(made.notes.iter().any(|note| note.contains("ZeroDivisionError") && note.contains("as it is now")), "{:?}", made.notes);
        let text = project.after(&made, "tests/test_m.py");
        assert!(
            text.starts_with("import pytest\n\nfrom m import average\n\n\ndef test_") && text.ends_with('\n') && !text.ends_with("\n\n"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn exceptions_the_code_states_are_asserted_with_their_message() {
        let project = pytest_project(
            "def grade(score: int) -> str:\n    if score < 0 or score > 100:\n        raise ValueError(f'score {score} is not (0-100)')\n    if score >= 90:\n        return 'A'\n    if score >= 60:\n        return 'B'\n    return 'C'\n",
        );
        let changes = [
            ("m.py", "score >= 90", "score > 90"),
            ("m.py", "score >= 60", "score > 60"),
            ("m.py", "score < 0", "score <= 0"),
            ("m.py", "score > 100", "score >= 100"),
            ("m.py", "ValueError", "KeyError"),
        ];
        let made = project.check(Ask::Symbol("m.py", "grade"), &changes).await;
        let text = project.after(&made, "tests/test_m.py");
        assert!(text.contains("with pytest.raises(ValueError, match=r\"score 101 is not \\(0-100\\)\"):"), "{text}");
    }

    #[tokio::test]
    async fn methods_change_their_object() {
        let project = pytest_project(
            "class Cart:\n    def __init__(self, owner: str, limit: int = 3):\n        self.owner = owner\n        self.limit = limit\n        self.items = {}\n\n    def add(self, name: str, count: int = 1):\n        if count < 1:\n            raise ValueError('count must be positive')\n        if len(self.items) >= self.limit:\n            return False\n        self.items[name] = self.items.get(name, 0) + count\n        return True\n\n    @property\n    def total(self):\n        return sum(self.items.values())\n\n    @staticmethod\n    def fee(amount: float) -> float:\n        return amount * 0.1 if amount > 10 else 1.0\n",
        );
        let changes = [("m.py", "+ count", "- count"), ("m.py", "count < 1", "count < 0"), ("m.py", "return True", "return False")];
        let made = project.check(Ask::Symbol("m.py", "Cart.add"), &changes).await;
        let text = project.after(&made, "tests/test_m.py");
        assert!(text.contains("cart = Cart(owner=") && text.contains("assert cart.items == {"), "{text}");
        let changes =
            [("m.py", "self.limit = limit", "self.limit = 9"), ("m.py", "amount * 0.1", "amount + 0.1"), ("m.py", "+ count", "- count")];
        let made = project.check(Ask::Symbol("m.py", "Cart"), &changes).await;
        assert!(project.after(&made, "tests/test_m.py").contains("pytest.approx("));
    }

    #[tokio::test]
    async fn dataclasses_and_enums_are_built_and_compared() {
        let project = Project::new(
            SuiteKind::Pytest,
            "//- conftest.py\n//- shop/__init__.py\n//- shop/kinds.py\nfrom dataclasses import dataclass\nfrom enum import Enum\n\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\n\n@dataclass\nclass Item:\n    name: str\n    price: int\n    color: Color = Color.RED\n//- shop/rules.py\nfrom .kinds import Color, Item\n\ndef dearer(item: Item, percent: int) -> Item:\n    if item.color is Color.BLUE:\n        return item\n    return Item(item.name, item.price + item.price * percent // 100, item.color)\n//- tests/test_x.py\nimport pytest\ndef test_x(): pass\n",
        );
        let changes = [("shop/rules.py", "item.price + item", "item.price - item"), ("shop/rules.py", "is Color.BLUE", "is Color.RED")];
        let made = project.check(Ask::Symbol("shop/rules.py", "dearer"), &changes).await;
        let text = project.after(&made, "tests/test_rules.py");
        assert!(
            text.contains("from shop.kinds import Color, Item\nfrom shop.rules import dearer\n") && text.contains("== Item(name="),
            "{text}"
        );
    }

    #[tokio::test]
    async fn generators_floats_and_changed_arguments() {
        let project = pytest_project(
            "def evens(limit: int):\n    for n in range(limit):\n        if n % 2 == 0:\n            yield n\n\ndef mean(values: list[float]) -> float:\n    return sum(values) / 3\n\ndef double(items: list[int]) -> None:\n    for at in range(len(items)):\n        items[at] *= 2\n\ndef forever(start: int):\n    while True:\n        yield start\n        start += 2\n\nasync def later(n: int) -> int:\n    return n + 1\n",
        );
        let made = project.check(Ask::Symbol("m.py", "evens"), &[("m.py", "% 2 == 0", "% 3 == 0")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("assert list(evens("));
        let made = project.check(Ask::Symbol("m.py", "mean"), &[("m.py", "/ 3", "/ 2")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("== pytest.approx("));
        let made = project.check(Ask::Symbol("m.py", "double"), &[("m.py", "*= 2", "+= 2")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("    double(items)\n    assert items == ["));
        let made = project.check(Ask::Symbol("m.py", "forever"), &[("m.py", "start += 2", "start += 1")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("from itertools import islice"));
        let made = project.check(Ask::Symbol("m.py", "later"), &[("m.py", "n + 1", "n - 1")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("asyncio.run(later("));
    }

    #[tokio::test]
    async fn printed_text_is_captured() {
        let module = "def greet(name: str) -> None:\n    print(f'Hello, {name.title()}!')\n";
        let project = pytest_project(module);
        let made = project.check(Ask::Symbol("m.py", "greet"), &[("m.py", "Hello", "Bye")]).await;
        assert!(project.after(&made, "tests/test_m.py").contains("assert capsys.readouterr().out == "));
    }

    #[tokio::test]
    async fn clock_chance_and_outside_changes_are_not_asserted() {
        let project = pytest_project(
            "import os, random, time\nfrom datetime import date\n\ndef dice(n: int) -> int:\n    return random.randint(1, 2) * 0 + n\n\ndef stamp(n: int):\n    return time.time() > n\n\ndef year(n: int):\n    return date.today().year * 0 + n\n\ndef save(text: str):\n    with open('out.txt', 'w') as file:\n        file.write(text)\n    return len(text)\n\ndef away(text: str):\n    try:\n        os.system('echo ' + text)\n    except Exception:\n        pass\n    return text\n\ndef address(n: int):\n    return str(id(object())) + str(n)\n",
        );
        for (symbol, why) in [
            ("dice", "random numbers"),
            ("stamp", "the clock"),
            ("year", "the clock"),
            ("save", "out.txt"),
            ("away", "os.system"),
            ("address", "differs"),
        ] {
            match project.ask(Ask::Symbol("m.py", symbol)).await {
                Err(TestgenError::NothingWorthKeeping { why: said }) => assert!(said.contains(why), "{symbol}: {said}"),
                other => panic!("{symbol}: {other:?}"),
            }
        }
        assert!(!project.copy.work().join("out.txt").exists());
    }

    #[tokio::test]
    async fn what_hangs_crashes_or_contradicts_its_documentation_is_told_and_not_cemented() {
        let project = pytest_project(
            "def halve(n: int) -> int:\n    \"\"\"Halves.\n\n    >>> halve(10)\n    6\n    \"\"\"\n    while n > 50:\n        pass\n    return n // 2\n\ndef first(items: list[int]) -> int:\n    \"\"\"The first item doubled.\"\"\"\n    return items[0] * 2\n\ndef shout(text: str) -> str:\n    if text == 'quiet':\n        return txt\n    return text.upper() + '!'\n",
        );
        let made = project.check(Ask::Symbol("m.py", "halve"), &[("m.py", "n // 2", "n // 3")]).await;
        assert!(made.notes.iter().any(|note| note.contains("did not come back")), "{:?}", made.notes);
        assert!(made.notes.iter().any(|note| note.contains("documentation says `halve(10)` gives `6`")), "{:?}", made.notes);
        assert!(!project.after(&made, "tests/test_m.py").contains("halve(10)"));
        let made = project.check(Ask::Symbol("m.py", "first"), &[("m.py", "* 2", "* 3")]).await;
        assert!(made.notes.iter().any(|note| note.contains("looks like a bug: `first([])` raises IndexError")), "{:?}", made.notes);
        assert!(!project.after(&made, "tests/test_m.py").contains("IndexError"));
        let made = project.check(Ask::Symbol("m.py", "shout"), &[("m.py", "'!'", "'?'")]).await;
        assert!(made.notes.iter().any(|note| note.contains("NameError")), "{:?}", made.notes);
    }

    #[tokio::test]
    async fn an_existing_test_file_is_extended_in_its_own_style() {
        let project = Project::new(
            SuiteKind::Unittest,
            "//- stats.py\ndef clamp(value: int, low: int, high: int) -> int:\n    if value < low:\n        return low\n    if value > high:\n        return high\n    return value\n\ndef use():\n    return clamp(11, 0, 10)\n//- tests/__init__.py\n//- tests/test_stats.py\nimport unittest\n\nimport stats\n\n\nclass TestClamp(unittest.TestCase):\n    def test_inside(self):\n        self.assertEqual(stats.clamp(5, 0, 10), 5)\n\n\nif __name__ == '__main__':\n    unittest.main()\n",
        );
        let changes = [("stats.py", "value < low", "value > low"), ("stats.py", "return high", "return low")];
        let made = project.check(Ask::Symbol("stats.py", "clamp"), &changes).await;
        let text = project.after(&made, "tests/test_stats.py");
        assert!(
            text.ends_with("if __name__ == '__main__':\n    unittest.main()\n")
                && text.starts_with("import unittest\n\nimport stats\n\n\nclass TestClamp("),
            "{text}"
        );
        assert!(text.contains("class TestClamp2(unittest.TestCase):\n    def test_") && text.contains("stats.clamp(11, 0, 10)"), "{text}");
        assert_eq!(text.matches("stats.clamp(5, 0, 10)").count(), 1, "what is tested already is not tested again: {text}");
    }

    #[tokio::test]
    async fn unittest_projects_get_unittest_tests_in_a_new_file() {
        let project = Project::new(
            SuiteKind::Unittest,
            "//- tool.py\ndef ratio(part: float, whole: float) -> float:\n    if whole == 0:\n        raise ValueError('whole is zero')\n    print('ratio')\n    return part / whole\n//- tests/__init__.py\n//- tests/test_other.py\nimport unittest\nclass A(unittest.TestCase):\n    def test(self): pass\n",
        );
        let made = project
            .check(Ask::Symbol("tool.py", "ratio"), &[("tool.py", "part / whole", "part * whole"), ("tool.py", "'ratio'", "'x'")])
            .await;
        let text = project.after(&made, "tests/test_tool.py");
        assert!(
            text.contains("class TestRatio(unittest.TestCase):") && text.contains("self.assertRaisesRegex(ValueError, \"whole is zero\")"),
            "{text}"
        );
        assert!(
            text.contains("self.assertAlmostEqual(") && text.ends_with("if __name__ == \"__main__\":\n    unittest.main()\n"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn line_ends_and_a_missing_last_one_are_kept() {
        let project = Project::new(
            SuiteKind::Pytest,
            "//- conftest.py\n//- m.py\ndef twice(n: int) -> int:\r\n    return n * 2\r\n//- tests/test_m.py\n\u{feff}import pytest\r\n\r\nfrom m import (\r\n    other,\r\n)\r\n\r\n\r\ndef test_other():\r\n    assert other() == 1",
        );
        project.copy.write(&rel("m.py"), b"def twice(n: int) -> int:\r\n    return n * 2\r\n\r\ndef other():\r\n    return 1\r\n").unwrap();
        let made = project.with_bench(async |bench| {
            generate(bench, &project.suite, &project.copy, &project.target("m.py", "twice"), &Options::default()).await
        });
        let made = made.await.unwrap();
        let text = project.after(&made, "tests/test_m.py");
        assert!(text.starts_with("\u{feff}import pytest\r\n") && text.contains("    other, twice,\r\n)\r\n"), "{text:?}");
        assert!(!text.replace("\r\n", "").contains('\n') && !text.ends_with('\n'), "{text:?}");
        assert!(text.contains("assert other() == 1\r\n\r\n\r\ndef test_twice"), "{text:?}");
    }

    #[tokio::test]
    async fn a_whole_file_gets_tests_for_what_no_test_names() {
        let project = Project::new(
            SuiteKind::Pytest,
            "//- conftest.py\n//- m.py\ndef plus_one(n: int) -> int:\n    return n + 1\n\ndef add(a: int, b: int) -> int:\n    return a + b\n\ndef _hidden(n: int) -> int:\n    return n\n\ndef join(words: list[str], sep: str = ', ') -> str:\n    return sep.join(word.strip() for word in words)\n//- tests/test_m.py\nfrom m import plus_one\n\n\ndef test_plus_one():\n    assert plus_one(1) == 2\n",
        );
        let changes = [("m.py", "a + b", "a - b"), ("m.py", "word.strip()", "word"), ("m.py", "', '", "'; '")];
        let made = project.check(Ask::File("m.py"), &changes).await;
        let text = project.after(&made, "tests/test_m.py");
        assert!(text.starts_with("from m import plus_one, add, join\n") && !text.contains("_hidden"), "{text}");
    }

    #[tokio::test]
    async fn what_cannot_be_tested_is_said() {
        let project = pytest_project("import not_there\ndef f(n: int) -> int:\n    return n\n");
        assert!(
            matches!(project.ask(Ask::Symbol("m.py", "f")).await, Err(TestgenError::DoesNotLoad { why, .. }) if why.contains("not_there"))
        );
        assert!(matches!(project.ask(Ask::Symbol("m.py", "g")).await, Err(TestgenError::NotFound { .. })));
        assert!(matches!(project.ask(Ask::Symbol("m.py", "f.inner")).await, Err(TestgenError::Unsupported { .. })));
        let project = pytest_project("def nothing(n: int) -> None:\n    \"\"\"Does nothing.\"\"\"\n");
        assert!(matches!(project.ask(Ask::Symbol("m.py", "nothing")).await, Err(TestgenError::NothingWorthKeeping { .. })));
    }
}

/// A crate of one library file.
fn cargo_project(library: &str) -> Project {
    Project::new(
        SuiteKind::Cargo,
        &format!("//- Cargo.toml\n[package]\nname = \"sample-crate\"\nversion = \"0.1.0\"\nedition = \"2021\"\n//- src/lib.rs\n{library}"),
    )
}

mod rust {
    use super::*;

    #[tokio::test]
    async fn numbers_options_and_results_in_a_new_test_module() {
        let project = cargo_project(
            "/// The mean, if there is one.\npub fn average(numbers: &[f64]) -> Option<f64> {\n    if numbers.is_empty() {\n        return None;\n    }\n    Some(numbers.iter().sum::<f64>() / numbers.len() as f64)\n}\n\n/// Parses an age.\npub fn age(text: &str) -> Result<u8, String> {\n    let age: u8 = text.trim().parse().map_err(|_| format!(\"not a number: {text}\"))?;\n    if age > 120 { Err(\"too old\".to_string()) } else { Ok(age) }\n}\n\npub fn use_it() -> bool {\n    age(\"121\").is_err() && age(\"44\").is_ok()\n}\n\npub fn half(n: i32) -> f64 {\n    n as f64 / 3.0\n}\n",
        );
        let changes = [("src/lib.rs", "/ numbers.len()", "* numbers.len()"), ("src/lib.rs", "numbers.is_empty()", "numbers.len() == 1")];
        let made = project.check(Ask::Symbol("src/lib.rs", "average"), &changes).await;
        let text = project.after(&made, "src/lib.rs");
        assert!(
            text.contains("\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn average_of_")
                && text.ends_with("    }\n}\n"),
            "{text}"
        );
        assert!(text.contains("assert_eq!(average(&[]), None);"), "{text}");
        let made = project
            .check(
                Ask::Symbol("src/lib.rs", "age"),
                &[("src/lib.rs", "age > 120", "age >= 121 + 9"), ("src/lib.rs", "Ok(age)", "Ok(age + 1)")],
            )
            .await;
        assert!(project.after(&made, "src/lib.rs").contains("assert_eq!(age(\"121\"), Err(\"too old\".to_string()));"));
        let made = project.check(Ask::Symbol("src/lib.rs", "half"), &[("src/lib.rs", "/ 3.0", "/ 2.0")]).await;
        assert!(project.after(&made, "src/lib.rs").contains(".abs() < 1e-9);"));
    }

    #[tokio::test]
    async fn methods_types_and_changed_arguments() {
        let project = cargo_project(
            "#[derive(Debug, Clone, PartialEq)]\npub enum Shape {\n    Dot,\n    Square(u32),\n}\n\nimpl Shape {\n    pub fn grown(&self, by: u32) -> Shape {\n        match self {\n            Shape::Dot => Shape::Square(by),\n            Shape::Square(side) => Shape::Square(side + by),\n        }\n    }\n}\n\npub struct Cart {\n    items: Vec<String>,\n    limit: usize,\n}\n\nimpl Cart {\n    pub fn new(limit: usize) -> Self {\n        Cart { items: Vec::new(), limit }\n    }\n    pub fn add(&mut self, item: &str) -> bool {\n        if self.items.len() >= self.limit {\n            return false;\n        }\n        self.items.push(item.to_string());\n        true\n    }\n    pub fn count(&self) -> usize {\n        self.items.len()\n    }\n}\n\npub fn double_all(numbers: &mut Vec<i32>) {\n    for number in numbers.iter_mut() {\n        *number *= 2;\n    }\n}\n\npub fn words(text: &str) -> Vec<String> {\n    text.split_whitespace().map(|word| word.to_uppercase()).collect()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::double_all;\n\n    #[test]\n    fn test_double_all_of_one() {\n        let mut one = vec![1];\n        double_all(&mut one);\n        assert_eq!(one, [2]);\n    }\n}\n",
        );
        let made = project.check(Ask::Symbol("src/lib.rs", "Shape::grown"), &[("src/lib.rs", "side + by", "side * by")]).await;
        let text = project.after(&made, "src/lib.rs");
        assert!(
            text.contains("mod tests {\n    use super::*;\n    use super::double_all;\n") && text.contains("fn test_shape_grown_"),
            "{text}"
        );
        assert!(text.contains("Shape::Square("), "{text}");
        let made = project
            .check(
                Ask::Symbol("src/lib.rs", "Cart::add"),
                &[("src/lib.rs", "        true", "        false"), ("src/lib.rs", ">= self.limit", "> self.limit")],
            )
            .await;
        let text = project.after(&made, "src/lib.rs");
        assert!(
            text.contains("let mut cart = Cart::new(3);\n        assert!(cart.add(") && text.contains("assert_eq!(cart.count(), 1);"),
            "{text}"
        );
        let made = project.check(Ask::Symbol("src/lib.rs", "double_all"), &[("src/lib.rs", "*= 2", "+= 2")]).await;
        assert!(project.after(&made, "src/lib.rs").contains("double_all(&mut numbers);\n        assert_eq!(numbers, vec!["));
        let made = project.check(Ask::Symbol("src/lib.rs", "words"), &[("src/lib.rs", "to_uppercase", "to_lowercase")]).await;
        assert!(project.after(&made, "src/lib.rs").contains("\"HELLO\".to_string()"));
    }

    #[tokio::test]
    async fn panics_are_asserted_where_they_are_meant_and_told_where_not() {
        let project = cargo_project(
            "/// The n-th root.\n///\n/// # Panics\n/// If `n` is zero.\npub fn root(x: u32, n: u32) -> u32 {\n    assert!(n > 0, \"n must be positive\");\n    x / n + 1\n}\n\npub fn first(numbers: &[i32]) -> i32 {\n    numbers[0] * 2\n}\n\npub fn wait(n: u32) -> u32 {\n    while n > 50 {}\n    n + 2\n}\n\npub fn largest<T: PartialOrd + Copy>(items: &[T]) -> T {\n    items[0]\n}\n",
        );
        let made =
            project.check(Ask::Symbol("src/lib.rs", "root"), &[("src/lib.rs", "n > 0", "n > 1"), ("src/lib.rs", "x / n", "x * n")]).await;
        let text = project.after(&made, "src/lib.rs");
        assert!(text.contains("#[should_panic(expected = \"n must be positive\")]\n"), "{text}");
        let made = project.check(Ask::Symbol("src/lib.rs", "first"), &[("src/lib.rs", "* 2", "* 3")]).await;
        assert!(made.notes.iter().any(|note| note.contains("`first(&[])` panics (index out of bounds")), "{:?}", made.notes);
        assert!(!project.after(&made, "src/lib.rs").contains("first(&[])"));
        let made = project.check(Ask::Symbol("src/lib.rs", "wait"), &[("src/lib.rs", "n + 2", "n + 3")]).await;
        assert!(made.notes.iter().any(|note| note.contains("did not come back")), "{:?}", made.notes);
        match project.ask(Ask::Symbol("src/lib.rs", "largest")).await {
            Err(TestgenError::Unsupported { why, .. }) => assert!(why.contains("generic"), "{why}"),
            other => panic!("{other:?}"),
        }
        let made = project.check(Ask::File("src/lib.rs"), &[("src/lib.rs", "x / n", "x * n"), ("src/lib.rs", "* 2", "* 3")]).await;
        assert!(made.notes.is_empty() || made.tests.len() >= 3, "{:?}", made.notes);
    }

    #[tokio::test]
    async fn a_crate_with_tests_beside_it_gets_them_there() {
        let project = Project::new(
            SuiteKind::Cargo,
            "//- Cargo.toml\n[package]\nname = \"sample-crate\"\nversion = \"0.1.0\"\nedition = \"2021\"\n//- src/lib.rs\npub mod shapes;\n//- src/shapes.rs\npub fn area(width: u32, height: u32) -> u32 {\r\n    width * height\r\n}\r\n//- tests/other.rs\n#[test]\nfn other() {}\n",
        );
        let made = project.check(Ask::Symbol("src/shapes.rs", "area"), &[("src/shapes.rs", "width * height", "width + height")]).await;
        let text = project.after(&made, "tests/shapes.rs");
        assert!(
            text.starts_with(
                "use sample_crate::shapes::*;\n\n#[test]\nfn area_with_three_and_seven() {\n    assert_eq!(area(3, 7), 21);\n}\n"
            ),
            "{text}"
        );
    }
}
