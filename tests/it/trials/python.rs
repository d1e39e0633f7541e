//! Python: in-memory swaps and overlaid imports must judge as pytest does on written files.

use super::*;

/// Every way in which code is kept that a swap must reach, and every kind of change that a swap must not be used for.
const TRICKY: &str = r#"
//- pyproject.toml
[tool.pytest.ini_options]
testpaths = ["tests"]
//- shop/__init__.py
//- shop/keep.py
"""Where functions hide."""
import contextlib
import functools
from dataclasses import dataclass, field


def logged(label):
    def wrap(inner):
        @functools.wraps(inner)
        def outer(*args, **kwargs):
            return inner(*args, **kwargs)
        outer.label = label
        return outer
    return wrap


@logged("add")
def add(a, b):
    return a - b


@functools.lru_cache(maxsize=None)
def square(n):
    return n * n + 1


def scale(factor, value):
    return factor + value


double = functools.partial(scale, 2)
OPERATIONS = {"add": add, "neg": lambda x: +x}


def table():
    return [n * 3 for n in range(3)]


TABLE = table()
RATE = 3


class Money:
    currency = "EUR"
    __scale = 100

    def __init__(self, amount, rate=2):
        self.amount = amount
        self.rate = rate

    @property
    def cents(self):
        return self.amount * self.__scale + 1

    @classmethod
    def of(cls, amount):
        return cls(amount + 1)

    @staticmethod
    def sign(x):
        return 1 if x < 0 else -1

    def scaled(self):
        """The amount, scaled."""
        def by(factor):
            return [self.amount * factor + n for n in range(2)]
        return sum(by(RATE))

    class Inner:
        def deep(self):
            return super().__repr__()[:0] + "shallow"


@dataclass
class Basket:
    items: list = field(default_factory=list)

    def total(self):
        return sum(item.amount for item in self.items if item.amount > 10)


def counting(limit):
    n = 1
    while n < limit:
        yield n
        n += 1


@contextlib.contextmanager
def opened(log):
    log.append("in")
    yield log


async def fetch(value):
    return value


STATE = []


def remember(x):
    STATE.append(x)
    return len(STATE)


def lazily():
    from shop import late
    return late.VALUE
//- shop/late.py
VALUE = 41
//- shop/data.txt
41
//- shop/cli.py
import pathlib
import sys


def main():
    print(answer())


def answer():
    return int(pathlib.Path(__file__).with_name("data.txt").read_text())


if __name__ == "__main__":
    main()
//- tests/test_keep.py
import asyncio
import subprocess
import sys

import pytest

from shop import keep
from shop.cli import answer


@pytest.fixture(scope="module")
def started():
    keep.STATE.clear()
    yield keep.STATE
    keep.STATE.clear()


def test_add(): assert keep.add(2, 3) == 5 and keep.add.label == "add"
def test_operations(): assert keep.OPERATIONS["add"](2, 3) == 5 and keep.OPERATIONS["neg"](2) == -2
def test_square(): assert keep.square(3) == 9
def test_double(): assert keep.double(5) == 10
def test_table(): assert keep.TABLE == [0, 2, 4]
def test_rate(): assert keep.Money(1).rate == 1
def test_currency(): assert keep.Money.currency == "USD"
def test_cents(): assert keep.Money(2).cents == 200
def test_of(): assert keep.Money.of(3).amount == 3
def test_sign(): assert keep.Money.sign(4) == 1
def test_scaled(): assert keep.Money(2).scaled() == 12
def test_deep(): assert keep.Money.Inner().deep() == "deep"
def test_total(): assert keep.Basket([keep.Money(2), keep.Money(20)]).total() == 22
def test_counting(): assert list(keep.counting(3)) == [1, 2, 3]
def test_opened():
    log = []
    with keep.opened(log):
        log.append("body")
    assert log == ["in", "body", "out"]
def test_fetch(): assert asyncio.run(keep.fetch(1)) == 2
def test_remember(started): assert keep.remember(1) == 2
def test_fresh(started): assert keep.remember(1) == 1
def test_lazily(): assert keep.lazily() == 42
def test_answer(): assert answer() == 42
def test_cli():
    out = subprocess.run([sys.executable, "-m", "shop.cli"], capture_output=True, text=True).stdout
    assert out.strip() == "42"
def test_output(capfd):
    print(keep.square(2))
    assert capfd.readouterr().out == "4\n"
@pytest.mark.parametrize("n", [1, 2])
def test_many(n, tmp_path):
    (tmp_path / "x").write_text("x")
    assert keep.square(n) == n ** 2
"#;

type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

/// Test, file, changes, verdict. The verdict is also checked against a cold run.
const CASES: &[Case] = &[
    ("test_add", "shop/keep.py", &[("a - b", "a + b")], "passed"),
    ("test_add", "shop/keep.py", &[("a - b", "b - a")], "red"),
    ("test_add", "shop/keep.py", &[("a - b", "a +")], "broken"),
    ("test_add", "shop/keep.py", &[("return inner(*args", "return -inner(*args")], "red"),
    ("test_add", "shop/keep.py", &[("return inner(*args", "return 5 or inner(*args")], "passed"),
    ("test_add", "shop/keep.py", &[("a - b", "a + b"), ("outer.label = label", "outer.label = 'x'")], "red"),
    ("test_add", "shop/keep.py", &[("def add(a, b):\n    return a - b", "def add(a, b, c=0):\n    return a + b + c")], "passed"),
    ("test_add", "shop/keep.py", &[("    return a - b\n", "    if a:\n        return a + b\n    return a\n")], "passed"),
    ("test_operations", "shop/keep.py", &[("a - b", "a + b"), ("+x", "-x")], "passed"),
    ("test_operations", "shop/keep.py", &[("a - b", "a + b")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "n * n")], "passed"),
    ("test_square", "shop/keep.py", &[("maxsize=None", "maxsize=2"), ("n * n + 1", "n * n")], "passed"),
    ("test_double", "shop/keep.py", &[("factor + value", "factor * value")], "passed"),
    ("test_double", "shop/keep.py", &[("partial(scale, 2)", "partial(scale, 5)")], "passed"),
    ("test_table", "shop/keep.py", &[("n * 3 for", "n * 2 for")], "passed"),
    ("test_table", "shop/keep.py", &[("TABLE = table()", "TABLE = [0, 2, 4]")], "passed"),
    ("test_table", "shop/keep.py", &[("TABLE = table()", "TABLE = tabel()")], "broken"),
    ("test_rate", "shop/keep.py", &[("rate=2", "rate=1")], "passed"),
    ("test_rate", "shop/keep.py", &[("self.rate = rate", "self.rate = rate - 1")], "passed"),
    ("test_currency", "shop/keep.py", &[("\"EUR\"", "\"USD\"")], "passed"),
    ("test_cents", "shop/keep.py", &[("self.__scale + 1", "self.__scale")], "passed"),
    ("test_cents", "shop/keep.py", &[("self.__scale + 1", "self.scale")], "red"),
    ("test_of", "shop/keep.py", &[("cls(amount + 1)", "cls(amount)")], "passed"),
    ("test_sign", "shop/keep.py", &[("x < 0", "x > 0")], "passed"),
    ("test_scaled", "shop/keep.py", &[("range(2)]", "range(1)]"), ("RATE = 3", "RATE = 6")], "passed"),
    ("test_scaled", "shop/keep.py", &[("factor + n for", "factor - n for"), ("sum(by(RATE))", "sum(by(RATE)) + 1")], "passed"),
    ("test_deep", "shop/keep.py", &[("\"shallow\"", "\"deep\"")], "passed"),
    ("test_deep", "shop/keep.py", &[("super().__repr__()[:0] + \"shallow\"", "\"deep\"")], "passed"),
    ("test_total", "shop/keep.py", &[("amount > 10", "amount > 1")], "passed"),
    ("test_counting", "shop/keep.py", &[("n < limit", "n <= limit")], "passed"),
    ("test_counting", "shop/keep.py", &[("        n += 1\n", "")], "timeout"),
    ("test_counting", "shop/keep.py", &[("    n = 1\n", "    import time\n    time.sleep(1e6)\n    n = 1\n")], "timeout"),
    ("test_opened", "shop/keep.py", &[("    yield log\n", "    yield log\n    log.append(\"out\")\n")], "passed"),
    ("test_fetch", "shop/keep.py", &[("return value\n\n\nSTATE", "return value + 1\n\n\nSTATE")], "passed"),
    ("test_fetch", "shop/keep.py", &[("async def fetch", "def fetch")], "red"),
    ("test_remember", "shop/keep.py", &[("len(STATE)", "len(STATE) + 1")], "passed"),
    ("test_fresh", "shop/keep.py", &[("len(STATE)", "len(STATE) + 0")], "passed"),
    ("test_fresh", "shop/keep.py", &[("STATE.append(x)", "STATE.extend([x])")], "passed"),
    ("test_lazily", "shop/late.py", &[("41", "42")], "passed"),
    ("test_lazily", "shop/late.py", &[("41", "4 2")], "red"),
    ("test_lazily", "shop/keep.py", &[("late.VALUE", "late.VALUE + 1")], "passed"),
    ("test_answer", "shop/data.txt", &[("41", "42")], "passed"),
    ("test_answer", "shop/data.txt", &[("41", "43")], "red"),
    ("test_cli", "shop/cli.py", &[("return int(", "return 1 + int(")], "passed"),
    ("test_cli", "shop/cli.py", &[("return int(", "return 2 + int(")], "red"),
    ("test_cli", "shop/data.txt", &[("41", "42")], "passed"),
    ("test_output", "shop/keep.py", &[("n * n + 1", "n * n")], "passed"),
    ("test_many", "shop/keep.py", &[("n * n + 1", "n ** 2")], "passed"),
    ("test_many", "shop/keep.py", &[("n * n + 1", "n ** 1")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "__import__('os')._exit(0)")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "__import__('os').kill(__import__('os').getpid(), 11)")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "__import__('sys').exit(0)")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "__import__('pytest').skip('no')")], "red"),
    ("test_square", "shop/keep.py", &[("n * n + 1", "(lambda m: m * m)(n)")], "passed"),
    ("test_square", "tests/test_keep.py", &[("keep.square(3) == 9", "keep.square(3) == 10")], "passed"),
];

/// What pytest says of the candidate's texts written over the project, in a process of its own.
fn cold(project: &Project, index: usize, case: &Case) -> &'static str {
    let (test, path, changes, expected) = case;
    if *expected == "timeout" {
        return "timeout"; // the wait is not worth it: these loop or sleep by their wording
    }
    let folder = written(project, &format!("cold-{index}"), path, changes);
    let python = pytest_environment().join("bin/python");
    let test = format!("tests/test_keep.py::{test}");
    let output = run(python.to_str().expect("UTF-8"), &["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", &test], &folder);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let all_passed = text.lines().last().is_some_and(|line| line.contains("passed") && !line.contains("skipped"));
    match output.status.code() {
        Some(0) if all_passed => "passed",
        Some(2 | 4) => "broken",
        _ => "red",
    }
}

#[tokio::test]
async fn fast_verdicts_equal_cold_ones_on_tricky_code() {
    let project = Project::new(TRICKY);
    let mut wrong = Vec::new();
    let tests: std::collections::BTreeSet<&str> = CASES.iter().map(|case| case.0).collect();
    for test in tests {
        let cases: Vec<(usize, &Case)> = CASES.iter().enumerate().filter(|(_, case)| case.0 == test).collect();
        let candidates: Vec<Candidate> = cases.iter().map(|(id, case)| project.candidate(*id, case.1, case.2)).collect();
        let id = format!("tests/test_keep.py::{test}");
        let trials = project.trials(SuiteKind::Pytest, &candidates, &[&id], &seconds(10)).await;
        assert_eq!(trials.len(), cases.len(), "{test}: {trials:?}");
        for (trial, (index, case)) in trials.iter().zip(cases) {
            let verdicts = (kind(&trial.outcome), cold(&project, index, case), case.3);
            if verdicts.0 != verdicts.2 || verdicts.1 != verdicts.2 {
                wrong.push(format!("{test} {:?}: fast, cold, expected {verdicts:?}: {}", case.2, message(&trial.outcome)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_leaks_from_one_candidate_to_the_next() {
    let project = Project::new(TRICKY);
    let mut candidates = vec![project.candidate(0, "shop/keep.py", &[("STATE.append(x)", "STATE.extend([x, x, x])")])];
    candidates.extend((1..40).map(|id| project.candidate(id, "shop/keep.py", &[("len(STATE)", "len(STATE) + 0")])));
    let trials = project.trials(SuiteKind::Pytest, &candidates, &["tests/test_keep.py::test_fresh"], &seconds(10)).await;
    assert_eq!(kind(&trials[0].outcome), "red");
    assert!(message(&trials[0].outcome).contains("3 == 1"), "{trials:?}");
    assert!(trials[1..].iter().all(|trial| trial.outcome == TrialOutcome::Passed), "{trials:?}");
}

#[tokio::test]
async fn the_search_may_stop_at_the_first_pass() {
    let project = Project::new(TRICKY);
    let candidates: Vec<Candidate> = (0..50).map(|id| project.candidate(id, "shop/keep.py", &[("n * n + 1", "n * n")])).collect();
    let options = TrialOptions { stop_after_passes: Some(1), ..seconds(10) };
    let trials = project.trials(SuiteKind::Pytest, &candidates, &["tests/test_keep.py::test_square"], &options).await;
    let passed = trials.iter().filter(|trial| trial.outcome == TrialOutcome::Passed).count();
    assert!(passed >= 1 && trials.len() < 10, "{trials:?}");
}

const LAYOUT: &str = r#"
//- src/shop/__init__.py
import os
IMPORTED_IN = os.getpid()
//- src/shop/cart.py
def total(items):
    return max(items)
class Cart:
    rate = 2
    def price(self):
        return self.rate * 3
//- tests/test_cart.py
import os
import unittest
import shop
from shop.cart import Cart, total
class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)
    def test_price(self):
        self.assertEqual(Cart().price(), 9)
    def test_forked(self):
        self.assertNotEqual(os.getpid(), shop.IMPORTED_IN, "this process imported the project itself")
"#;

#[tokio::test]
async fn a_change_inside_a_function_needs_no_import_and_others_do() {
    let project = Project::new(LAYOUT);
    let changes: [(&str, &[(&str, &str)]); 4] = [
        ("total", &[("max(items)", "sum(items)")]),
        ("total", &[("    return max(items)", "    result = 0\n    for item in items:\n        result += item\n    return result")]),
        ("price", &[("self.rate * 3", "(lambda n: n ** 2)(3)")]),
        ("price", &[("rate = 2", "rate = 3")]),
    ];
    for (index, (test, change)) in changes.into_iter().enumerate() {
        let candidate = [project.candidate(0, "src/shop/cart.py", change)];
        let test = format!("test_cart.CartTest.test_{test}");
        let trials = project.trials(SuiteKind::Unittest, &candidate, &[&test, "test_cart.CartTest.test_forked"], &seconds(10)).await;
        assert_eq!(kind(&trials[0].outcome), if index < 3 { "passed" } else { "red" }, "{trials:?}");
        assert!(index < 3 || message(&trials[0].outcome).contains("this process imported"), "{trials:?}");
    }
}

const BROKEN_IMPORT: &str = r#"
//- lib.py
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
LIMIT = limit
def two(): return 2
//- test_lib.py
import lib
import pytest
def test_two(): assert lib.two() == 2
"#;

#[tokio::test]
async fn an_import_that_fails_or_starts_threads_is_tried_afresh_each_time() {
    let project = Project::new(BROKEN_IMPORT);
    let changes: [&[(&str, &str)]; 4] = [
        &[("= limit", "= 3")],
        &[("= limit", "= LIMIT")],
        &[("= limit", "= 3"), ("return 2", "return 3")],
        &[("= limit", "= __import__('os')._exit(0)")],
    ];
    let candidates: Vec<Candidate> = changes.iter().enumerate().map(|(id, change)| project.candidate(id, "lib.py", change)).collect();
    let trials = project.trials(SuiteKind::Pytest, &candidates, &["test_lib.py::test_two"], &seconds(10)).await;
    let kinds: Vec<&str> = trials.iter().map(|trial| kind(&trial.outcome)).collect();
    assert_eq!(kinds, ["passed", "broken", "red", "red"], "{trials:?}");
    assert!(message(&trials[1].outcome).contains("NameError: name 'LIMIT' is not defined"), "{trials:?}");
}

const UNITTEST: &str = r#"
//- shop.py
LIMIT = 2
class Cart:
    def __init__(self):
        self.items = []
    def full(self):
        return len(self.items) > LIMIT
def parity(n):
    return n % 3
//- test_shop.py
import unittest
import shop
class CartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cart = shop.Cart()
        cls.cart.items = [1, 2]
    def test_full(self):
        self.assertTrue(self.cart.full())
    def test_parity(self):
        for n in range(6):
            with self.subTest(n=n):
                self.assertEqual(shop.parity(n), n % 2)
"#;

#[tokio::test]
async fn unittest_candidates_come_to_the_right_verdicts() {
    let project = Project::new(UNITTEST);
    let changes: [(&[(&str, &str)], &str); 7] = [
        (&[("> LIMIT", ">= LIMIT"), ("n % 3", "n % 2")], "passed"),
        (&[("LIMIT = 2", "LIMIT = 1"), ("n % 3", "n & 1")], "passed"),
        (&[("> LIMIT", ">= LIMIT")], "red"),
        (&[("n % 3", "n % 2")], "red"),
        (&[("> LIMIT", "> = LIMIT")], "broken"),
        (&[("LIMIT = 2", "LIMIT = two")], "broken"),
        (&[("    return n % 3", "    while True: pass")], "red"),
    ];
    let candidates: Vec<Candidate> = changes.iter().enumerate().map(|(id, change)| project.candidate(id, "shop.py", change.0)).collect();
    let tests = ["test_shop.CartTest.test_full", "test_shop.CartTest.test_parity"];
    let trials = project.trials(SuiteKind::Unittest, &candidates, &tests, &seconds(10)).await;
    let kinds: Vec<&str> = trials.iter().map(|trial| kind(&trial.outcome)).collect();
    assert_eq!(kinds, changes.map(|change| change.1), "{trials:?}");
    assert!(message(&trials[2].outcome).contains("AssertionError: 2 != 0"), "{trials:?}");
}

#[tokio::test]
async fn coverage_names_the_lines_each_test_runs() {
    let project = Project::new(UNITTEST);
    let shop = RelPath::new("shop.py").expect("a path");
    let tests = ["test_shop.CartTest.test_full", "test_shop.CartTest.test_parity"];
    let unittest = project.coverage(SuiteKind::Unittest, &tests).await;
    let lines = |coverage: &Coverage, test: &str| -> Vec<u32> {
        let files = coverage.lines.get(&TestId(test.to_owned())).unwrap_or_else(|| panic!("{test} is not in {coverage:?}"));
        assert!(files.keys().all(|path| path == &shop), "{files:?}");
        files.get(&shop).into_iter().flatten().copied().collect()
    };
    assert_eq!(lines(&unittest, tests[0]), [4, 6]);
    assert_eq!(lines(&unittest, tests[1]), [4, 8]);
    project.0.write("pytest.ini", "[pytest]\n");
    let pytest = project.coverage(SuiteKind::Pytest, &["test_shop.py::CartTest::test_full"]).await;
    assert_eq!(lines(&pytest, "test_shop.py::CartTest::test_full"), [4, 6]);
}

#[test]
fn functions_compiled_alone_are_those_of_their_module() {
    let folder = tempfile::tempdir().expect("a folder");
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proof/trials/harness");
    std::os::unix::fs::symlink(harness, folder.path().join("lamplighter_trials")).expect("a link");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/it/trials/alone.py");
    let output = run("python3", &["-B", &script.to_string_lossy(), &folder.path().to_string_lossy()], folder.path());
    let text = String::from_utf8_lossy(&output.stdout);
    let checked: usize = text.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{output:?}"));
    assert!(checked > 2000 && text.contains("; 0 different"), "{text}");
}
