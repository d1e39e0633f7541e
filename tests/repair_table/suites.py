"""Runs a package's own test suite and tells the result of every single test."""

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import processes
from catalog import Package, cache

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class SuiteResult:
    """Outcome per test name; `complete` is false when the run hung, crashed or did not build."""

    outcomes: dict[str, str]
    complete: bool
    seconds: float
    detail: str

    @property
    def failing(self) -> list[str]:
        return sorted(name for name, outcome in self.outcomes.items() if outcome == FAILED)

    @property
    def green(self) -> bool:
        return self.complete and not self.failing and PASSED in self.outcomes.values()


def run_suite(package: Package, tree: Path, seconds: float = 300) -> SuiteResult:
    """The whole suite, in `tree`, offline."""
    return (_pytest if package.language == "python" else _cargo_test)(package, tree, seconds)


def _pytest(package: Package, tree: Path, seconds: float) -> SuiteResult:
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        command = [str(tree / ".venv/bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        done = processes.run(command, tree, seconds)
        outcomes = _read_junit(report) if report.exists() else {}
    # Exit 0: all passed; 1: some failed. Anything else is a broken run (collection error, usage, crash).
    complete = done.code in (0, 1) and bool(outcomes)
    return SuiteResult(outcomes, complete, done.seconds, (done.output + done.errors)[-4000:])


def _read_junit(report: Path) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        outcome = PASSED
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = FAILED
        elif case.find("skipped") is not None:
            outcome = SKIPPED
        # Subtests report under the name of their test: one red one makes it red.
        if outcomes.get(name) != FAILED:
            outcomes[name] = outcome
    return outcomes


SECTION = re.compile(r"^\s+Running (?:unittests )?(\S+) \(|^\s+Doc-tests (\S+)", re.MULTILINE)
TEST = re.compile(r"^test (.+?) \.\.\. (ok|FAILED|ignored)", re.MULTILINE)
SUMMARY = re.compile(r"^test result: ", re.MULTILINE)
DOC = "doc "
WORD = {"ok": PASSED, "FAILED": FAILED, "ignored": SKIPPED}


def _cargo_test(package: Package, tree: Path, seconds: float) -> SuiteResult:
    target = str(cache() / "target" / package.label)
    command = ["/bin/sh", "-c", "exec cargo test --offline --locked --no-fail-fast 2>&1"]
    env = processes.environment(CARGO_TARGET_DIR=target, RUST_BACKTRACE="0")
    done = processes.run(command, tree, seconds, env)
    outcomes, complete = read_cargo_test(done.output)
    complete = complete and done.code in (0, 101)
    return SuiteResult(outcomes, complete, done.seconds, done.output[-4000:])


def read_cargo_test(output: str) -> tuple[dict[str, str], bool]:
    """Outcomes of `cargo test` (stdout and stderr together), and whether every started binary came to its end."""
    outcomes: dict[str, str] = {}
    started = list(SECTION.finditer(output))
    complete = bool(started)
    for index, section in enumerate(started):
        end = started[index + 1].start() if index + 1 < len(started) else len(output)
        text = output[section.end() : end]
        complete = complete and SUMMARY.search(text) is not None
        seen: Counter[str] = Counter()
        for name, word in TEST.findall(text):
            # A doc test is named by its line, which an edit above it moves: count instead.
            stable = re.sub(r" \(line \d+\)", "", name)
            seen[stable] += 1
            where = section[1] or f"{DOC}{section[2]}"
            outcomes[f"{where}::{stable}#{seen[stable]}"] = WORD[word]
    return outcomes, complete
