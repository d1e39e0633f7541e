"""A pytest plugin that selects the wanted tests and reports each result as it comes."""

import os

import pytest

import lamplighter_report

JOB, REPORT = lamplighter_report.load_job()
SEVERITY = {"passed": 0, "skipped": 1, "failed": 2, "errored": 3}


class State:
    """The test that runs now."""

    result = None


def pytest_sessionstart(session):
    REPORT.write("start", version=pytest.__version__)


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests():
    outcome = yield
    error = outcome.excinfo[1] if outcome.excinfo else None
    if error is not None:
        path = str(getattr(error, "path", "conftest.py"))
        cause = getattr(error, "cause", None) or error.__cause__
        collection_error(os.path.relpath(path, os.getcwd()).replace(os.sep, "/"), cause or error)


def collection_error(name, error):
    if type(error).__name__ == "CollectError" and error.__cause__ is not None:
        error = error.__cause__
    REPORT.case(
        name,
        "errored",
        message=lamplighter_report.text_of(error),
        error=type(error).__name__,
        frames=lamplighter_report.frames_of(error),
        path=os.path.join(os.getcwd(), name.split("::")[0]),
    )


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    outcome = yield
    error = outcome.excinfo[1] if outcome.excinfo else None
    if isinstance(error, SystemExit):
        # A module that leaves the interpreter on import ends its own collection, not the whole run.
        collection_error(collector.nodeid, error)
        outcome.force_result(pytest.CollectReport(collector.nodeid, "failed", "SystemExit on import: %s" % error, []))


def pytest_exception_interact(node, call, report):
    if isinstance(report, pytest.CollectReport):
        collection_error(report.nodeid, call.excinfo.value)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    wanted = JOB["ids"]
    if wanted is None:
        return
    wanted = set(wanted)
    keep = [item for item in items if item.nodeid in wanted or item.nodeid.split("::")[0] in wanted]
    if len(keep) != len(items):
        kept = set(map(id, keep))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        items[:] = keep


def pytest_collection_finish(session):
    REPORT.write("collected", ids=[item.nodeid for item in session.items])


def pytest_runtest_logstart(nodeid, location):
    REPORT.write("begin", id=nodeid)
    State.result = {"status": None, "message": "", "error": None, "frames": [], "path": None, "seconds": 0.0}


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.lamplighter_path = str(getattr(item, "path", None) or item.fspath)
    if call.excinfo is not None:
        error = call.excinfo.value
        report.lamplighter_error = (type(error).__name__, lamplighter_report.frames_of(error), lamplighter_report.text_of(error))


def pytest_runtest_logreport(report):
    result = State.result
    if result is None:
        return
    result["seconds"] += getattr(report, "duration", 0.0)
    result["path"] = getattr(report, "lamplighter_path", result["path"])
    status, message = judge(report)
    if status is None or (result["status"] is not None and SEVERITY[status] <= SEVERITY[result["status"]]):
        return
    result["status"], result["message"] = status, message
    if status in ("failed", "errored"):
        name, frames, text = getattr(report, "lamplighter_error", (None, [], ""))
        result["error"], result["frames"] = name, frames
        result["message"] = message or text


def judge(report):
    """The status one phase of a test stands for, and its message; None for a phase that says nothing."""
    if hasattr(report, "wasxfail"):
        if report.skipped:
            return "passed", "expected failure: %s" % report.wasxfail
        return ("failed" if report.failed else "passed"), "unexpectedly passed: %s" % report.wasxfail
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash is not None else str(report.longrepr or "")
        return ("failed" if report.when == "call" else "errored"), message
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")
        return "skipped", reason
    return ("passed", "") if report.when == "call" else (None, "")


def pytest_runtest_logfinish(nodeid, location):
    result, State.result = State.result, None
    if result is not None and result["status"] is not None:
        REPORT.case(nodeid, result.pop("status"), **result)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    REPORT.write("end", exit=int(exitstatus))
