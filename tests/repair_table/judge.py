"""The independent verdict on a repair: nothing the repairer says counts, only the files it left.

The library files it left are put into a fresh copy of the pristine project, with the original tests, and the whole
suite runs there. Tests inside library files (`#[cfg(test)]`, doc tests) must read as they did.
"""

import ast
import shutil
import threading
from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import rust_tokens
from catalog import Bug, Package, cache
from fetch import template
from layout import changed, digests, is_library, is_test, lay_out
from repair import Attempt
from suites import run_suite

IDENTICAL, PLAUSIBLE, NOT, BAD = "repaired-identical", "repaired-plausible", "not repaired", "bad"
_one_at_a_time: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_names: dict[str, AbstractSet[str]] = {}
"""Test names of each pristine package, once its suite has run."""


@dataclass(frozen=True)
class Verdict:
    word: str
    why: str
    touched_tests: list[str]


def judge(package: Package, bug: Bug, tree: Path, before: dict[str, str], attempt: Attempt) -> Verdict:
    """`before`: digests of the defective tree as it was handed over."""
    edited = changed(before, digests(tree))
    touched = [path for path in edited if is_test(package, path) or _inner_tests_differ(package, tree, path)]
    if touched:
        return Verdict(BAD, f"touched tests: {', '.join(touched)}", touched)
    strange = [path for path in edited if not is_library(package, path)]
    if strange:
        return Verdict(BAD, f"changed files outside the library: {', '.join(strange)}", [])
    if not edited:
        word = BAD if attempt.claims else NOT
        return Verdict(word, f"{attempt.status}: {attempt.reason}" + (", without an edit" if attempt.claims else ""), [])
    return _judge_edit(package, bug, tree, edited, attempt)


def _judge_edit(package: Package, bug: Bug, tree: Path, edited: list[str], attempt: Attempt) -> Verdict:
    with _one_at_a_time[package.name]:
        result, lost = _suite_with(package, tree, edited)
    if lost:
        return Verdict(BAD, f"tests no longer run: {', '.join(lost[:3])}", lost)
    if not result.green:
        why = f"{len(result.failing)} tests still fail" if result.complete else "the suite does not run to its end"
        return Verdict(BAD, f"{why} after an edit said to be {attempt.status}", [])
    if attempt.status == "unverified":
        return Verdict(BAD, f"applied an edit without calling it proven: {attempt.reason}", [])
    same = edited == [bug.file] and _means_the_same(package, tree / bug.file, template(package) / bug.file)
    return Verdict(IDENTICAL if same else PLAUSIBLE, attempt.reason, [])


def _suite_with(package: Package, tree: Path, edited: list[str]):
    """The suite over pristine project + edited library files, and the tests that are missing from it."""
    proof = lay_out(package, cache() / "judging" / package.label)
    if package.name not in _names:
        _names[package.name] = run_suite(package, proof).outcomes.keys()
    for path in edited:
        (proof / path).parent.mkdir(parents=True, exist_ok=True)
        (proof / path).unlink(missing_ok=True)
        if (tree / path).exists():
            shutil.copyfile(tree / path, proof / path)
    result = run_suite(package, proof)
    lost = sorted(_names[package.name] - result.outcomes.keys()) if result.complete else []
    return result, lost


def _inner_tests_differ(package: Package, tree: Path, path: str) -> bool:
    """Do the tests or documentation inside this library file differ from the pristine file's?"""
    if not is_library(package, path):
        return False
    pristine = template(package) / path
    texts = [file.read_bytes() if file.exists() else b"" for file in (tree / path, pristine)]
    read = _docstrings if package.language == "python" else rust_tokens.test_text
    try:
        return read(texts[0]) != read(texts[1])
    except SyntaxError:
        return False  # The suite will say so.


def _docstrings(source: bytes) -> list[str | None]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node, clean=False) for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]


def _means_the_same(package: Package, left: Path, right: Path) -> bool:
    """Equal but for white space and comments."""
    if package.language == "python":
        return ast.dump(ast.parse(left.read_bytes())) == ast.dump(ast.parse(right.read_bytes()))
    words = [[token.text for token in rust_tokens.code(rust_tokens.scan(file.read_bytes()))] for file in (left, right)]
    return words[0] == words[1]
