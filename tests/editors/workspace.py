"""The project the editors work on: a fresh copy of the classic example with its own virtual environment.

What counts as success is decided here, by the same rules for every editor: the exact text the source file must
have, and new tests that the machine's own pytest runs - green on the fix, red on the defect.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FIXTURE = HERE.parent / "fixtures" / "classic"

DEFECT = "total / len(number)"
REPAIR = "total / len(numbers)"
UNSAVED = "# Unsaved: to be kept."
MEANWHILE = "# Typed during the run."


class Workspace:
    """One copy of the project in `folder`, with everything the server may keep on disk beside it."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        self.root = folder / "classic"
        self.home = folder / "home"
        shutil.copytree(FIXTURE, self.root)
        self.home.mkdir()
        self.source = self.root / "stats" / "core.py"
        self.original = self.source.read_text()
        self._tests_before = self.test_files()
        for words in (["init", "--quiet", "--initial-branch=main"], ["add", "."],
                      ["-c", "user.name=Tester", "-c", "user.email=tester@localhost", "commit", "--quiet", "-m", "start"]):
            command("git", *words, cwd=self.root)
        command(sys.executable, "-m", "venv", ".venv", cwd=self.root)
        command(self.python, "-m", "pip", "install", "--quiet", "pytest", cwd=self.root)
        self._collected_before = self.collected()

    @property
    def python(self):
        return self.root / ".venv" / "bin" / "python"

    def environment(self):
        """The environment an editor is started with: no keys, no configuration of the person who runs the tests."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "SSL_CERT_FILE")}
        home = str(self.home)
        return kept | {
            "HOME": home,
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_STATE_HOME": f"{home}/.local/state",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_CACHE_HOME": f"{home}/.cache",
        }

    def test_files(self):
        """Texts of the test files on disk by path."""
        return {path: path.read_text() for path in sorted(self.root.glob("tests/**/*.py"))}

    def collected(self):
        """Names of the tests pytest finds."""
        listing = command(self.python, "-m", "pytest", "--collect-only", "-q", cwd=self.root)
        return {line for line in listing.splitlines() if "::" in line}

    def expect_source(self, text):
        """The fixed source, with the lines typed before and during the run kept, and nothing else touched."""
        assert self.original.count(DEFECT) == 1, "the fixture has lost its defect"
        expected = self.original.replace(DEFECT, REPAIR) + f"{UNSAVED}\n{MEANWHILE}\n"
        expect(text == expected, f"the source is not the fixed one with the typed lines kept, but:\n{text}")

    def expect_verified(self, count):
        """The server's own verdict on the runs so far: an edit may have arrived although the server says otherwise."""
        listing = json.loads(command(server(), "runs", "list", "--json", cwd=self.root, env=self.environment()))
        told = [f"{run['goal']}: {run['status']}, {run['reason']}" for run in listing]
        expect([run["status"] for run in listing] == ["verified"] * count, "\n".join(["the journal says:", *told]))

    def is_undone(self, text):
        """Whether that is the source as it was at first, with all typed lines kept."""
        return text == self.original + f"{UNSAVED}\n{MEANWHILE}\n"

    def expect_disk_untouched(self):
        """Edits belong into the buffer: nothing may be on disk that the user did not save."""
        expect(self.source.read_text() == self.original, "the source file on disk was changed")
        expect(self.test_files() == self._tests_before, "a test file on disk was changed")

    def has_new_tests(self):
        """Whether more tests are on disk than at first: editors create a file empty and write it later."""
        return count_tests(self.test_files()) > count_tests(self._tests_before)

    def has_first_tests(self):
        """Whether the tests on disk are again those of the beginning."""
        return self.test_files() == self._tests_before

    def expect_new_tests(self):
        """On disk: tests of `average` were added, all is green, and putting the defect back turns one of them red."""
        for path, text in self._tests_before.items():
            expect(path.exists() and set(text.split("\n")) <= set(path.read_text().split("\n")), f"{path} lost lines")
        added = self.collected() - self._collected_before
        expect(added, "no test was added")
        texts = [text for path, text in self.test_files().items() if self._tests_before.get(path) != text]
        expect(any("average(" in text for text in texts), "the new tests never call `average`")
        passed, output = self.pytest()
        expect(passed, f"pytest fails on the fixed code:\n{output}")
        fixed = self.source.read_text()
        try:
            self.source.write_text(fixed.replace(REPAIR, "total / (len(numbers) + 1)"))
            passed, output = self.pytest(*sorted(added))
            expect(not passed, f"the new tests stay green on a wrong average:\n{output}")
        finally:
            self.source.write_text(fixed)

    def pytest(self, *names):
        """Whether pytest passes (all tests, or the named ones), and what it printed."""
        done = subprocess.run(
            [self.python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *names],
            cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        expect(done.returncode in (0, 1), f"pytest could not run:\n{done.stdout}")
        return done.returncode == 0, done.stdout


def count_tests(files):
    return sum(text.count("def test") for text in files.values())


def server():
    """The server under test: `LAMPLIGHTER_BIN`, or what `cargo build` leaves in this repository."""
    given = os.environ.get("LAMPLIGHTER_BIN")
    path = Path(given) if given else REPOSITORY / "target" / "debug" / "lamplighter"
    expect(os.access(path, os.X_OK), f"no server at {path}: run `cargo build`, or set LAMPLIGHTER_BIN")
    return path.resolve()


def cache():
    """Where `install` put the editors."""
    return Path(os.environ.get("LAMPLIGHTER_TEST_CACHE") or Path.home() / ".cache" / "lamplighter-tests")


class Failure(Exception):
    """A check that did not hold; the message says which."""


def expect(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def command(*words, cwd, env=None):
    """Run to success and return what was printed."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, text=True, capture_output=True,
        env={**(env or os.environ), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    expect(done.returncode == 0, f"`{' '.join(map(str, words))}` failed:\n{done.stdout}{done.stderr}")
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
