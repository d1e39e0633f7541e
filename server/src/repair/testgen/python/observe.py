"""Shows what functions do: calls each with given inputs, every call in a forked child, and writes down what came out.

Started as `python observe.py JOB.json RESULTS.jsonl` with the standard library alone (Python 3.8 or later). Every call
runs twice in children of one process, so that what differs between two calls is known to be unstable; the caller starts
a second process with another hash seed. With `variants` in the job, the same calls run on changed texts of the module.
"""
import asyncio
import collections
import contextlib
import dataclasses
import datetime
import importlib
import importlib.machinery
import importlib.util
import inspect
import io
import itertools
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings

from lamplighter_values import ITEMS, TEXT, NoExpression, expression, facts, public, quoted

CLOCK = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "localtime", "ctime"}
TODAY = {"now", "utcnow", "today", "fromtimestamp"}
MACHINE = {"getpid", "getppid", "getcwd", "uname", "listdir", "scandir", "getlogin", "cpu_count"}
CHANGES = {
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink", "os.system", "os.exec",
    "os.posix_spawn", "os.kill", "os.putenv", "os.unsetenv", "shutil.rmtree", "shutil.move", "shutil.copyfile", "subprocess.Popen",
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "signal.pthread_kill", "webbrowser.open",
}


class Hang(BaseException):
    """The call took too long."""


class Refused(BaseException):
    """The call wanted to change something outside itself; it is not worth a test."""


# -- one call ----------------------------------------------------------------------------------------------------------


class Watch:
    """Notes what a call touches that makes its result depend on more than its arguments; refuses outside changes."""

    def __init__(self, root):
        self.root = root + os.sep
        self.active = False
        self.reset()
        sys.addaudithook(self.audit)

    def reset(self):
        self.touched, self.refused, self.seeded = set(), None, False

    def audit(self, event, details):
        if not self.active:
            return
        if event == "open":
            path, mode, flags = (tuple(details) + (None, None, None))[:3]
            writes = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            place = os.path.abspath(os.fsdecode(path)) if isinstance(path, (str, bytes)) else ""
            if not writes or not place or place.startswith(("/tmp/", "/dev/")) and not place.startswith(self.root):
                return
            self.refuse("writes the file %s" % place)
        elif event in CHANGES:
            self.refuse("does `%s`" % event)

    def refuse(self, what):
        self.refused = self.refused or what
        raise Refused(what)

    def profile(self, frame, event, called):
        if event != "c_call":
            if event == "call" and frame.f_code.co_filename == os.__file__ and frame.f_code.co_name == "__getitem__":
                if frame.f_locals.get("self") is os.environ:
                    self.touched.add("the environment")
            return
        name, module, owner = getattr(called, "__name__", ""), getattr(called, "__module__", None), getattr(called, "__self__", None)
        random = sys.modules.get("random")
        what = None
        if module == "time" and name in CLOCK or inspect.isclass(owner) and issubclass(owner, datetime.date) and name in TODAY:
            what = "the clock"
        elif random is not None and owner is random._inst:
            self.seeded = self.seeded or name == "seed"
            what = None if self.seeded else "random numbers"
        elif name == "urandom":
            what = "random numbers"
        elif module == "posix" and name in MACHINE:
            what = "the machine it runs on"
        if what is not None and not self.is_machinery(frame):
            self.touched.add(what)

    def is_machinery(self, frame):
        """Whether an event loop asks, and not the project's code."""
        while frame is not None and not frame.f_code.co_filename.startswith(self.root):
            if (os.sep + "asyncio" + os.sep) in frame.f_code.co_filename:
                return True
            frame = frame.f_back
        return False

    def __enter__(self):
        self.active = True
        sys.setprofile(self.profile)

    def __exit__(self, *_):
        sys.setprofile(None)
        self.active = False


def shown(value):
    """`repr`, where it does not name an address."""
    with contextlib.suppress(Exception):
        text = repr(value)
        return "" if " at 0x" in text else text[:TEXT]
    return ""


def find(owner, qualified):
    target = owner
    for part in qualified.split("."):
        target = getattr(target, part)
    return target


def settle(value):
    """Runs a coroutine and exhausts an iterator; returns the value and the wrapping the test needs."""
    if inspect.iscoroutine(value):
        return asyncio.run(value), "await"
    if inspect.isasyncgen(value):
        raise NoExpression
    lazy = (collections.abc.Iterator, collections.abc.MappingView)
    if isinstance(value, lazy) and not hasattr(value, "read") and not dataclasses.is_dataclass(value):
        items = list(itertools.islice(value, ITEMS + 1))
        if len(items) > ITEMS:
            return items[:5], "islice"
        return items, "list"
    return value, ""


def observe(job, case, names, module, watch):
    """Evaluates the case's inputs, makes the call, and tells what came out."""
    quote = job["quote"]
    seen = {"kind": "value", "touched": []}
    watch.reset()
    try:
        receiver = eval(case["receiver"], names) if case["receiver"] else None
        args = [eval(text, names) for text in case["args"]]
        kwargs = {name: eval(text, names) for name, text in case["kwargs"]}
    except BaseException as error:
        return {"kind": "input", "message": "%s: %s" % (type(error).__name__, error)}
    before = [expression(value, quote) for value in args + list(kwargs.values())]
    state = {name: expression(value, quote) for name, value in public(receiver).items()}
    printed = io.StringIO()
    try:
        with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            owner, name = (receiver, case["name"]) if case["receiver"] else (module, case["name"])
            target = None if case["kind"] == "property" else find(owner, name)
            with watch:
                value = getattr(receiver, name) if target is None else target(*args, **kwargs)
                value, seen["wrap"] = settle(value)
    except Hang:
        return {"kind": "timeout"}
    except Refused as error:
        return {"kind": "refused", "message": str(error)}
    except NoExpression:
        return {"kind": "refused", "message": "returns an asynchronous generator"}
    except BaseException as error:
        seen.update(raised(job, error, quote))
    else:
        seen["value"] = expression(value, quote) if case["kind"] != "class" else None
        seen["facts"] = facts(value, quote, case["kind"] == "class") if seen["value"] is None else []
        seen["type"] = type(value).__name__
        seen["repr"] = shown(value)
    if watch.refused:
        return {"kind": "refused", "message": watch.refused}
    after = [expression(value, quote) for value in args + list(kwargs.values())]
    seen["args_after"] = [[at, new] for at, (old, new) in enumerate(zip(before, after)) if old and new and old != new]
    now = {name: expression(value, quote) for name, value in public(receiver).items()}
    seen["self_after"] = [[name, new] for name, new in sorted(now.items()) if new and state.get(name) != new]
    seen["printed"] = printed.getvalue()[: TEXT * 2]
    seen["printed_expr"] = quoted(seen["printed"], quote)
    seen["warned"] = [type(item.message).__name__ for item in warned] if seen["kind"] == "value" else []
    seen["touched"] = sorted(watch.touched)
    return seen


def raised(job, error, quote):
    """An exception, with whether the project itself raises it by a statement."""
    kind = type(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(job["root"] + os.sep) and "/site-packages/" not in frame.filename]
    last = own[-1] if own else None
    said = last is not None and frames[-1] is last and (last.line or "").startswith(("raise", "assert"))
    message = str(error)
    return {
        "kind": "raise",
        "type": kind.__name__,
        "module": kind.__module__,
        "message": message if len(message) <= TEXT else "",
        "explicit": said,
        "line": last.lineno if last else 0,
        "inside": last is not None,
        "bases": [base.__name__ for base in kind.__mro__],
    }


# -- children ----------------------------------------------------------------------------------------------------------


def in_child(work, seconds):
    """Runs `work` in a forked child with its own process group. Returns its JSON value, or `{"kind": "timeout" | "crash"}`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            os.close(reader)
            data = json.dumps(work()).encode()
            while data:
                data = data[os.write(writer, data):]
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    end, chunks, done = time.monotonic() + seconds, [], False
    while not done:
        left = end - time.monotonic()
        ready = left > 0 and select.select([reader], [], [], left)[0]
        if not ready:
            break
        chunk = os.read(reader, 65536)
        chunks.append(chunk)
        done = not chunk
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.close(reader)
    os.waitpid(child, 0)
    if not done:
        return {"kind": "timeout"}
    try:
        return json.loads(b"".join(chunks).decode())
    except ValueError:
        return {"kind": "crash"}


def call_in_child(job, case, names, module):
    return in_child(lambda: observe(job, case, names, module, Watch(job["root"])), job["seconds"])


def ring(*_):
    raise Hang


def calls_in_turn(job, cases, names, module):
    """The cases one after the other in this process: fast, where no call leaves anything behind for the next one."""
    watch, seen, hangs = Watch(job["root"]), [], 0
    signal.signal(signal.SIGALRM, ring)
    for case in cases:
        try:
            signal.setitimer(signal.ITIMER_REAL, job["seconds"], 0.05)
            result = observe(job, case, names, module, watch)
        except Hang:
            result = {"kind": "timeout"}
        finally:
            sys.setprofile(None)
            watch.active = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        seen.append([case["id"], json.loads(json.dumps(result))])
        hangs += result["kind"] == "timeout"
        if hangs == 2:
            break
    return seen


def calls_apart(job, cases, names, module):
    """Each case in a child of its own."""
    seen, hangs = [], 0
    for case in cases:
        seen.append([case["id"], call_in_child(job, case, names, module)])
        hangs += seen[-1][1]["kind"] == "timeout"
        if hangs == 2:
            break
    return seen


def load(job):
    """Imports the module as the tests would, and the names its inputs need."""
    for path in reversed(job["paths"]):
        sys.path.insert(0, path)
    module = importlib.import_module(job["module"])
    names = {}
    for line in job["imports"]:
        with contextlib.suppress(Exception):
            exec(line, names)
    return module, names


def forget_project(job):
    """Drops the project's own modules, so that the next import reads them again."""
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None) or ""
        if place.startswith(job["root"] + os.sep) and "/site-packages/" not in place:
            del sys.modules[name]


class Overlay(importlib.machinery.SourceFileLoader):
    """Loads a text instead of the file."""

    text = ""

    def get_code(self, name):
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Overlays:
    """A finder that puts `text` in the place of one file."""

    def __init__(self, file, text):
        self.file, self.text = os.path.realpath(file), text

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not spec.origin or os.path.realpath(spec.origin) != self.file:
            return None
        spec.loader = Overlay(name, spec.origin)
        spec.loader.text = self.text
        return spec


def try_variant(job, variant):
    """All calls on a changed module, one list of observations."""
    forget_project(job)
    sys.meta_path.insert(0, Overlays(job["file"], variant["text"]))
    sys.path[:] = [path for path in sys.path if path not in job["paths"]]
    try:
        module, names = load(job)
    except BaseException as error:
        return {"broken": "%s: %s" % (type(error).__name__, error)}
    cases = [case for case in job["cases"] if case["id"] in variant["only"]]
    return {"seen": (calls_in_turn if job["together"] else calls_apart)(job, cases, names, module)}


def observe_all(job, names, module, tell):
    """Every case twice, in children; then all in turn, to learn whether calls leave something behind."""
    apart = []
    for case in job["cases"]:
        first = call_in_child(job, case, names, module)
        second = first if first["kind"] == "timeout" else call_in_child(job, case, names, module)
        tell({"case": case["id"], "seen": first, "stable": first == second})
        if first == second and first["kind"] in ("value", "raise"):
            apart.append((case, first))
    cases = [case for case, _ in apart]
    in_turn = in_child(lambda: calls_in_turn(job, cases, names, module), job["seconds"] * 2 + 10)
    tell({"together": in_turn == [[case["id"], seen] for case, seen in apart]})


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    out = open(sys.argv[2], "w", encoding="utf-8", buffering=1)
    tell = lambda line: out.write(json.dumps(line) + "\n")
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    sys.argv[:] = ["python"]
    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    try:
        module, names = load(job)
    except BaseException as error:
        tell({"import_error": "%s: %s" % (type(error).__name__, error)})
        return
    if os.path.realpath(getattr(module, "__file__", None) or "") != os.path.realpath(job["file"]):
        tell({"import_error": "`import %s` gives another file than the one the tests are for" % job["module"]})
        return
    if not job["variants"]:
        observe_all(job, names, module, tell)
    for variant in job["variants"]:
        result = in_child(lambda: try_variant(job, variant), job["seconds"] * 3 + 20)
        tell({"variant": variant["id"], **result})
    tell({"done": True})


if __name__ == "__main__":
    main()
