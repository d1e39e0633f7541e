"""Runs unittest tests, given their files, and reports each result as it comes."""

import importlib
import os
import sys
import time
import unittest

import lamplighter_report


class Result(unittest.TestResult):
    """One record per test; sub-tests count for the test they are in."""

    def __init__(self, report, waiting):
        super().__init__()
        self.report = report
        self.waiting = waiting  # id -> file, for tests without a result
        self.current = None
        self.red = False

    def startTest(self, test):
        super().startTest(test)
        self.report.write("begin", id=test.id())
        self.current = {"status": "passed", "message": "", "error": None, "frames": []}
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        current, self.current = self.current, None
        seconds = time.monotonic() - self.began
        self.emit(test.id(), current.pop("status"), seconds=seconds, **current)

    def emit(self, name, status, **fields):
        self.red = self.red or status in ("failed", "errored")
        self.report.case(name, status, path=self.waiting.pop(name, None), **fields)

    def note(self, test, status, message="", error=None):
        fields = {"message": message, "error": None, "frames": []}
        if error is not None:
            fields["error"] = type(error).__name__
            fields["frames"] = lamplighter_report.frames_of(error)
        if self.current is None:
            self.outside(test.id(), status, fields)
        elif self.current["status"] not in ("failed", "errored"):
            self.current = dict(fields, status=status)

    def outside(self, holder, status, fields):
        """A result of `setUpClass (module.Class)` and its like: it stands for the tests that now do not run."""
        scope = holder[holder.find("(") + 1:].rstrip(")") if "(" in holder else holder
        inside = [name for name in self.waiting if name == scope or name.startswith(scope + ".")]
        if holder.startswith("setUp") and inside:
            for name in inside:
                self.emit(name, status, **fields)
        else:
            self.emit(holder, status, **fields)

    def addFailure(self, test, err):
        self.note(test, "failed", lamplighter_report.text_of(err[1]), err[1])

    def addError(self, test, err):
        status = "failed" if self.current is not None else "errored"
        self.note(test, status, lamplighter_report.text_of(err[1]), err[1])

    def addSubTest(self, test, subtest, err):
        if err is not None:
            words = "%s %s" % (subtest._subDescription(), lamplighter_report.text_of(err[1]))
            self.note(test, "failed", words, err[1])

    def addSkip(self, test, reason):
        self.note(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.note(test, "passed", "expected failure: %s" % lamplighter_report.text_of(err[1]))

    def addUnexpectedSuccess(self, test):
        self.note(test, "failed", "unexpectedly passed")


def module_name(path):
    """The folder to import from and the dotted name of a test file, by the packages (`__init__.py`) it lies in."""
    folder, file = os.path.split(os.path.abspath(path))
    parts = [file[:-3]]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return folder, ".".join(parts)


def load(path, report):
    """The tests of one file; a file that cannot be imported is a red case of its own."""
    folder, name = module_name(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name)
        if os.path.realpath(module.__file__ or "") != os.path.realpath(path):
            raise ImportError("%s is also the name of %s; rename one of them or make their folders packages" % (name, module.__file__))
        return flat(unittest.defaultTestLoader.loadTestsFromModule(module)), False
    except unittest.SkipTest as skip:
        report.case(name, "skipped", message=str(skip), path=os.path.abspath(path))
        return [], False
    except (Exception, SystemExit) as error:
        frames = lamplighter_report.frames_of(error)
        report.case(name, "errored", lamplighter_report.text_of(error), type(error).__name__, frames, os.path.abspath(path))
        return [], True


def flat(suite):
    tests = []
    for test in suite:
        tests.extend(flat(test) if isinstance(test, unittest.TestSuite) else [test])
    return tests


def split_files(files, wanted):
    """The files whose module some wanted name begins with, and the others."""
    if wanted is None:
        return files, []
    def is_meant(path):
        name = module_name(path)[1]
        return any(one == name or one.startswith(name + ".") for one in wanted)
    return [path for path in files if is_meant(path)], [path for path in files if not is_meant(path)]


def collect(files, wanted, report, waiting):
    """Loads files and keeps the wanted tests, each name once; `waiting` gets their files."""
    tests, red = [], False
    for path in files:
        loaded, broken = load(path, report)
        red = red or broken
        for test in loaded:
            name = test.id()
            if name not in waiting and (wanted is None or any(name == one or name.startswith(one + ".") for one in wanted)):
                waiting[name] = os.path.abspath(path)
                tests.append(test)
    return tests, red


def main():
    job, report = lamplighter_report.load_job()
    sys.path.insert(0, os.getcwd())
    report.write("start", version=sys.version.split()[0])
    wanted, waiting = job["ids"], {}
    meant, others = split_files(job["files"], wanted)
    tests, red = collect(meant, wanted, report, waiting)
    if wanted is not None and any(name not in waiting for name in wanted):
        # A test class may be defined in a module other than the file that shows it to the loader.
        silent = type("Silent", (), {"case": staticmethod(lambda *args, **kwargs: None)})
        tests += collect(others, wanted, silent, waiting)[0]
    report.write("collected", ids=list(waiting))
    result = Result(report, waiting)
    unittest.TestSuite(tests).run(result)
    code = 1 if red or result.red else 0
    report.write("end", exit=code)
    sys.exit(code)


main()
