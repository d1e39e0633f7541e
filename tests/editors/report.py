"""Counts what passed and failed, one line per case, and shows what can be known about a failure."""

import sys
import traceback
from contextlib import contextmanager


class Report:
    """Cases of one editor build on each other, so the first failure ends that editor; the rest counts as failed."""

    def __init__(self):
        self.passed = self.failed = 0
        self.open = []

    def expect_cases(self, editor, names):
        """Announce the cases to come, so that those never reached are counted."""
        self.editor, self.open = editor, list(names)

    @contextmanager
    def case(self, name, evidence=lambda: ""):
        """One case; `evidence` is asked for the screen or the log when it fails."""
        assert self.open[0] == name, f"unannounced case {name!r}"
        try:
            yield
        except Exception as reason:
            told = f"{type(reason).__name__}: {reason}"
            if type(reason).__name__ != "Failure":
                told = traceback.format_exc()
            self.fail(f"{told}\n{evidence()}".rstrip())
            raise Ended from reason
        self.open.pop(0)
        self.passed += 1
        print(f"ok      {self.editor}: {name}", flush=True)

    def fail(self, reason):
        """The next announced case failed, and what comes after it was not reached."""
        name, *rest = self.open or ["preparation"]
        self.failed += 1 + len(rest)
        self.open = []
        print(f"FAILED  {self.editor}: {name}\n{indented(reason)}", file=sys.stderr, flush=True)
        for name in rest:
            print(f"FAILED  {self.editor}: {name} (not reached)", file=sys.stderr, flush=True)


class Ended(Exception):
    """The editor's remaining cases cannot be run; the failure is already reported."""


def indented(text):
    return "\n".join("        " + line for line in text.splitlines())
