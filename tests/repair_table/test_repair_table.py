"""Tests of the table's own parts: run with `python3 -m unittest discover -s tests/repair_table`.

What these parts get wrong, the table gets wrong without anyone noticing.
"""

import random
import unittest
from pathlib import Path

import rust_tokens
import sites_python
import sites_rust
from catalog import Bug, Package, TableError
from fetch import _without
from layout import changed, is_library, is_test
from processes import Finished
from repair import read_answer
from sites import misspelt
from suites import FAILED, PASSED, SKIPPED, read_cargo_test


def slips(find, source: str, kind: str) -> list[str]:
    """The whole source after each slip of one kind."""
    found = find(source.encode(), random.Random(1))
    for site in found:
        assert source.encode()[site.offset :].startswith(site.before.encode()), site
    return [site.apply(source.encode()).decode() for site in found if site.kind == kind]


def python_slips(body: str, kind: str) -> list[str]:
    head = "def f(a, b, self=None):\n"
    return [text.removeprefix(head) for text in slips(sites_python.find, head + body, kind)]


def rust_slips(body: str, kind: str) -> list[str]:
    head = "fn f(a: u8, b: u8) {"
    return [text.removeprefix(head).removesuffix("}") for text in slips(sites_rust.find, head + body + "}", kind)]


class PythonSites(unittest.TestCase):
    def test_comparison(self):
        self.assertEqual(python_slips("    return a < b\n", "comparison"), ["    return a <= b\n", "    return a > b\n"])

    def test_operator_between_brackets_and_wide_characters(self):
        self.assertEqual(python_slips('    "é"; return (a) - (b)\n', "arithmetic"), ['    "é"; return (a) + (b)\n'])

    def test_text_is_not_arithmetic(self):
        self.assertEqual(python_slips('    return "%s" % a + f"{b}"\n', "arithmetic"), [])

    def test_negation_of_membership(self):
        for plain, negated in (("a in b", "a not in b"), ("a is b", "a is not b")):
            self.assertEqual(python_slips(f"    return {plain}\n", "negation"), [f"    return {negated}\n"])
            self.assertEqual(python_slips(f"    return {negated}\n", "negation"), [f"    return {plain}\n"])

    def test_return_keeps_its_value(self):
        self.assertEqual(python_slips("    return a\n", "return dropped"), ["    a\n"])

    def test_negation_of_a_bracket(self):
        self.assertEqual(python_slips("    return not (a)\n", "negation"), ["    return (a)\n"])

    def test_guard_goes_as_a_whole(self):
        body = "    if a is None:\n        return b\n\n    return a\n"
        self.assertEqual(python_slips(body, "guard removed"), ["    return a\n"])

    def test_no_guard_without_a_statement_behind_it(self):
        self.assertEqual(python_slips("    for x in b:\n        if not a:\n            continue\n", "guard removed"), [])
        self.assertEqual(
            python_slips("    if b:\n        pass\n    elif not a:\n        return 1\n    return 2\n", "guard removed"), []
        )

    def test_swapped_arguments(self):
        self.assertEqual(python_slips("    g(a, b.c)\n", "argument swap"), ["    g(b.c, a)\n"])

    def test_variable_of_the_same_function_only(self):
        self.assertEqual(python_slips("    return a\n", "variable"), ["    return b\n"])

    def test_bounds(self):
        self.assertEqual(python_slips("    return a[1:]\n", "off by one"), ["    return a[0:]\n", "    return a[2:]\n"])
        self.assertEqual(python_slips("    range(a)\n", "off by one"), ["    range(a + 1)\n", "    range(a - 1)\n"])

    def test_nothing_outside_functions(self):
        self.assertEqual(sites_python.find(b"LIMIT = 3 + 4\n", random.Random(1)), [])

    def test_every_slip_parses(self):
        source = Path(sites_python.__file__).read_bytes()
        for site in sites_python.find(source, random.Random(1)):
            compile(site.apply(source), site.kind, "exec")

    def test_misspelling_differs(self):
        for number in range(50):
            self.assertNotIn(misspelt("letter", random.Random(number)), ("letter", ""))


class RustSites(unittest.TestCase):
    def test_comparison_is_no_generic(self):
        self.assertEqual(rust_slips(" let v: Vec<u8> = w; a < b ", "comparison"), [
            " let v: Vec<u8> = w; a <= b ", " let v: Vec<u8> = w; a > b ",
        ])  # fmt: skip

    def test_reference_is_no_operator(self):
        self.assertEqual(rust_slips(" g(*a, -b) ", "arithmetic"), [])

    def test_guard(self):
        self.assertEqual(rust_slips(" if s.is_empty() { return 0; } a ", "guard removed"), ["  a "])

    def test_range(self):
        self.assertEqual(rust_slips(" &s[a..b] ", "off by one"), [" &s[a..=b] "])

    def test_swapped_arguments(self):
        self.assertEqual(rust_slips(" g(a, b) ", "argument swap"), [" g(b, a) "])
        self.assertEqual(rust_slips(" (a, b) ", "argument swap"), [])

    def test_variable(self):
        self.assertEqual(rust_slips(" a.g() ", "variable"), [" b.g() "])

    def test_tests_and_macros_are_left_alone(self):
        source = "macro_rules! m { () => { fn g() { 1 < 2 } } }\n#[cfg(test)]\nmod tests { fn g() { 1 < 2 } }\n#[test]\nfn h() { 1 < 2 }\n"
        self.assertEqual(sites_rust.find(source.encode(), random.Random(1)), [])


class RustTokens(unittest.TestCase):
    def test_texts_and_lifetimes(self):
        source = r"""let c = '\''; r#"a " b"# 'x' &'a str b'\x00' 1..2 1.5 /* a /* b */ c */ "é" """.strip().encode()
        texts = [token.text for token in rust_tokens.scan(source)]
        expected = ["let", "c", "=", r"'\''", ";", 'r#"a " b"#', "'x'", "&", "'a", "str", r"b'\x00'", "1", "..", "2", "1.5"]
        self.assertEqual(texts, [*expected, "/* a /* b */ c */", '"é"'])

    def test_what_a_repair_must_leave_alone(self):
        library = b"/// Doc.\nfn f() { 1 } // aside\n"
        tests = b"#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { assert!(f() == 1); }\n}\n"
        kept = rust_tokens.test_text(library + tests)
        self.assertEqual(rust_tokens.test_text(b"/// Doc.\nfn f() { 2 }\n" + tests), kept)
        self.assertNotEqual(rust_tokens.test_text(library + tests.replace(b"== 1", b"== 2")), kept)
        self.assertNotEqual(rust_tokens.test_text(library.replace(b"Doc", b"Dog") + tests), kept)
        self.assertNotEqual(rust_tokens.test_text(library + tests.replace(b"    #[test]\n", b"")), kept)


OUTPUT = """
     Running unittests src/lib.rs (target/debug/deps/x-1)
test a ... ok
test b ... FAILED
test result: FAILED. 1 passed
   Doc-tests x
test src/lib.rs - f (line 3) ... ok
test src/lib.rs - f (line 9) ... ignored
test result: ok.
"""


class Results(unittest.TestCase):
    def test_cargo_output(self):
        outcomes, complete = read_cargo_test(OUTPUT)
        self.assertTrue(complete)
        self.assertEqual(list(outcomes.values()), [PASSED, FAILED, PASSED, SKIPPED])
        self.assertEqual(len(outcomes), 4)

    def test_a_crashed_binary_is_not_complete(self):
        self.assertFalse(read_cargo_test(OUTPUT.replace("test result: FAILED. 1 passed\n", ""))[1])
        self.assertFalse(read_cargo_test("error: could not compile")[1])

    def test_answer_of_the_product(self):
        good = Finished(0, '{"status": "verified", "reason": "r", "usage": {"candidates": 7}}', "", 1.0)
        self.assertEqual((read_answer(good).claims, read_answer(good).candidates), (True, 7))
        silent = read_answer(Finished(101, "", "it panicked\n", 1.0))
        self.assertEqual((silent.claims, silent.status), (False, "no answer"))
        self.assertEqual(read_answer(Finished(None, "", "", 1.0)).status, "hung")


class Places(unittest.TestCase):
    package = Package("p", "python", "1", "", ["p"], ["test_*.py"])

    def test_library_and_tests(self):
        self.assertTrue(is_library(self.package, "p/a.py"))
        self.assertFalse(is_library(self.package, "p/tests/test_a.py"))
        self.assertFalse(is_library(self.package, "pp/a.py"))
        self.assertTrue(is_test(self.package, "p/tests/test_a.py"))

    def test_changed(self):
        self.assertEqual(changed({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}), ["b", "c"])

    def test_a_bug_fits_its_version_only(self):
        bug = Bug("p-1", "p", "1", "a", 1, "constant", 4, 1, "3", "4", 1, 1, 1)
        self.assertEqual(bug.apply(b"x = 3\n"), b"x = 4\n")
        with self.assertRaises(TableError):
            bug.apply(b"xy = 3\n")

    def test_manifest_without_benchmarks(self):
        manifest = (
            '[package]\nname = "x"\n[[bench]]\nname = "b"\n[dev-dependencies.criterion]\nversion = "1"\n[lib]\nname = "x"\n'
        )
        self.assertEqual(_without(manifest, ["criterion"]), '[package]\nname = "x"\n[lib]\nname = "x"\n')


if __name__ == "__main__":
    unittest.main()
