"""Why: one way to say "import the wanted tests, then let me run them, maybe in a fork", for pytest and for unittest.

A runner has `collect(ready)`: it imports and collects, then calls `ready(tests)` at the point where the tests would run.
`tests` has `names`, `problem` (why collecting failed, or None), `prepare()` (to be called in each fork) and
`run(only=None)`, which runs all, or one by number, stops at the first that does not pass, and returns an outcome.
"""

import os
import re
import sys
import tempfile
import traceback
import unittest


def red(passed, message):
    return {"kind": "red", "passed": passed, "failed": 1, "message": message}


def broken(message):
    return {"kind": "broken", "message": message}


class Pytest:
    """pytest, with the tests' node ids as arguments."""

    def __init__(self, ids, options, overlay):
        import pytest  # imported before the first fork, so that no process pays for it again

        self.pytest, self.ids, self.options, self.overlay = pytest, ids, options, overlay
        pytest.hookimpl(tryfirst=True)(PytestPlugin.pytest_runtestloop)

    def arguments(self):
        options = ["-q", "--tb=native", "-p", "no:cacheprovider"] + self.options
        named = [os.path.basename(path) for path in self.overlay.texts]
        if any(name == "conftest.py" or re.match(r"test_.*\.py|.*_test\.py", name) for name in named):
            options.append("--assert=plain")  # rewritten modules are read past the overlay
        return options + [self.argument(name) for name in self.ids]

    def argument(self, name):
        """A node id starts at pytest's root folder, an argument at the current one."""
        file, mark, rest = name.partition("::")
        above = self.overlay.absolute(file)
        return name if os.path.exists(file) or not os.path.exists(above) else above + mark + rest

    def collect(self, ready):
        plugin = PytestPlugin(ready)
        status = self.pytest.main(self.arguments(), plugins=[plugin])
        if not plugin.called:
            plugin.problem = plugin.problem or "pytest ended with status %d before any test ran; a wanted test may not exist" % status
            ready(plugin)


class PytestPlugin:
    """The collected tests; pytest calls the hooks."""

    def __init__(self, ready):
        self.ready, self.items, self.problem, self.called, self.session = ready, [], None, False, None
        self.passed, self.failure, self.state = 0, None, None

    @property
    def names(self):
        return [item.nodeid for item in self.items]

    def pytest_collectreport(self, report):
        if report.failed and self.problem is None:
            text = getattr(report, "longreprtext", "") or str(report.longrepr)
            marked = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
            self.problem = "\n".join(marked) or text.strip()

    def pytest_runtestloop(self, session):
        self.called, self.session, self.items = True, session, list(session.items)
        if not self.items and self.problem is None:
            self.problem = "no test was collected"
        capture = self.capture()
        if capture is not None:
            capture.stop_global_capturing()  # each fork captures to files of its own
        self.ready(self)
        if capture is not None:
            capture.start_global_capturing()
        return True

    def capture(self):
        return self.session.config.pluginmanager.getplugin("capturemanager")

    def prepare(self):
        if self.session is None:
            return
        capture, factory = self.capture(), getattr(self.session.config, "_tmp_path_factory", None)
        if capture is not None:
            capture.start_global_capturing()
        if getattr(factory, "_given_basetemp", self) is None:
            factory._given_basetemp = type(self.session.config.rootpath)(tempfile.gettempdir(), "trial-%d" % os.getpid())
            factory._basetemp = None

    def pytest_runtest_logreport(self, report):
        expected = hasattr(report, "wasxfail")
        if report.failed or report.skipped and not expected:
            if self.failure is None:
                crash = getattr(report.longrepr, "reprcrash", None)
                skipped = report.longrepr[2] if isinstance(report.longrepr, tuple) else None
                self.failure = crash.message if crash else skipped or str(report.longrepr)
        elif report.when == "call" or expected:
            self.state = "passed"

    def run(self, only=None):
        if self.problem is not None:
            return broken(self.problem)
        items = self.items if only is None else [self.items[only]]
        for item, follower in zip(items, items[1:] + [None]):
            self.state = None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=follower)
            if self.failure is not None or self.state is None:
                return red(self.passed, self.failure or "the test came to no result")
            self.passed += 1
        return {"kind": "passed"}


class Unittest:
    """The standard library's unittest, with dotted names."""

    def __init__(self, ids, _options, _overlay):
        self.ids, self.names, self.cases, self.problem = ids, [], [], None

    def collect(self, ready):
        loader = unittest.TestLoader()
        for name in self.ids:
            try:
                self.flatten(loader.loadTestsFromName(name))
            except Exception as error:
                self.problem = self.problem or "".join(traceback.format_exception_only(type(error), error)).strip()
        self.names = [case.id() for case in self.cases]
        if not self.cases and self.problem is None:
            self.problem = "no test was found"
        ready(self)

    def flatten(self, suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                self.flatten(test)
                continue
            if type(test).__module__ == "unittest.loader" and self.problem is None:
                lines = str(getattr(test, "_exception", test)).strip().splitlines()
                self.problem = lines[-1] if lines else "a test could not be loaded"
            self.cases.append(test)

    def prepare(self):
        pass

    def run(self, only=None):
        if self.problem is not None:
            return broken(self.problem)
        result = FirstFailure()
        unittest.TestSuite(self.cases if only is None else [self.cases[only]]).run(result)
        if result.first is None and result.unexpectedSuccesses:
            result.first = "unexpected success"
        if result.first is not None:
            return red(result.done, result.first)
        return {"kind": "passed"}


class FirstFailure(unittest.TestResult):
    """Stops at the first test that does not pass, and keeps its message."""

    def __init__(self):
        super().__init__()
        self.failfast, self.first, self.done = True, None, 0

    def keep(self, error):
        if self.first is None:
            self.first = "".join(traceback.format_exception_only(error[0], error[1])).strip()
        self.stop()

    def addFailure(self, test, err):
        self.keep(err)

    def addError(self, test, err):
        self.keep(err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.keep(err)

    def addSkip(self, test, reason):
        if self.first is None:
            self.first = "skipped: " + str(reason)
        self.stop()

    def addSuccess(self, test):
        self.done += 1

    def addExpectedFailure(self, test, err):
        self.done += 1


def runner(job, overlay):
    return {"pytest": Pytest, "unittest": Unittest}[job["runner"]](job["tests"], job["options"], overlay)
