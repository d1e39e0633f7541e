"""Checks Python files without importing them: syntax, and pyflakes where the environment has it."""

import ast
import os
import sys
import warnings

import lamplighter_report

# pyflakes findings that cannot work when reached; the others are warnings.
ERRORS = {"UndefinedName", "UndefinedLocal", "UndefinedExport", "ReturnOutsideFunction", "YieldOutsideFunction", "DuplicateArgument"}


class Source:
    """A file's bytes, with positions as bytes from the start and columns in characters."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.starts = [0]
        for line in self.data.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.bom = 3 if self.data.startswith(b"\xef\xbb\xbf") else 0

    def line(self, number):
        start = self.starts[min(max(number, 1), len(self.starts) - 1) - 1] + (self.bom if number <= 1 else 0)
        return start, self.data[start:].split(b"\n", 1)[0]


def syntax(path, source):
    """The module's tree, or the error that kept it from being read: line, column (characters, from 1), words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.data, path)
            compile(source.data, path, "exec", dont_inherit=True)
        return tree, None
    except SyntaxError as error:
        return None, (error.lineno or 1, max(error.offset or 1, 1), "%s: %s" % (type(error).__name__, error.msg))
    except (ValueError, RecursionError, MemoryError) as error:
        return None, (1, 1, "%s: %s" % (type(error).__name__, error))


def flakes(tree, path, source):
    from pyflakes.checker import Checker

    for message in sorted(Checker(tree, filename=path).messages, key=lambda one: (one.lineno, one.col)):
        code = type(message).__name__
        start, line = source.line(message.lineno)
        name = str(message.message_args[0]).encode() if message.message_args else b""
        here = line[message.col:]
        span = [start + message.col, start + message.col + len(name)] if name and here.startswith(name) else None
        yield {
            "line": message.lineno,
            "column": len(line[: message.col].decode("utf-8", "replace")) + 1,
            "span": span,
            "severity": "error" if code in ERRORS else "warning",
            "code": code,
            "message": message.message % message.message_args,
        }


def main():
    job, report = lamplighter_report.load_job()
    report.write("start")
    with_flakes = job["flakes"]
    for path in job["files"]:
        shown = os.path.abspath(path)
        try:
            source = Source(path)
        except OSError as error:
            report.write("unread", path=shown, message=str(error))
            continue
        tree, error = syntax(path, source)
        if error is not None:
            report.write("finding", path=shown, line=error[0], column=error[1], span=None, severity="error", code="syntax", message=error[2])
        elif with_flakes:
            for finding in flakes(tree, path, source):
                report.write("finding", path=shown, **finding)
    report.write("end", exit=0)
    sys.exit(0)


main()
