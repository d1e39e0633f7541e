"""Why: what a forked process does, whether warm, forked from the warm one, or importing on its own."""

import gc
import json
import marshal
import os
import select
import sys
import threading
import types

from . import cover, swap
from .overlay import splice
from .processes import WARM, Lines, Reaper
from .runners import broken


class Tasks:
    """The bodies of the forks. Everything that can be shared is read before the first one."""

    def __init__(self, job, exchange, overlay, runner, emitter):
        self.job, self.exchange, self.overlay, self.runner, self.emitter = job, exchange, overlay, runner, emitter
        self.files = {}
        for candidate in job["candidates"]:
            for relative in candidate:
                path = overlay.absolute(relative)
                if path not in self.files:
                    with open(path, "rb") as file:
                        self.files[path] = file.read()

    def edits(self, task):
        """Absolute path -> edits of the candidate."""
        return {self.overlay.absolute(relative): edits for relative, edits in self.job["candidates"][task].items()}

    def texts(self, task):
        return {path: splice(self.files[path], edits) for path, edits in self.edits(task).items()}

    def silence(self):
        null = os.open(os.devnull, os.O_RDWR)
        for target in (0, 1, 2):
            os.dup2(null, target)
        os.close(null)

    def be_warm(self, requests):
        """Imports and collects, then forks one process per request for ever."""
        self.silence()
        ran = swap.Ran()
        ran.begin()

        def ready(tests):
            ran.end()
            self.hand_over(tests)
            threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
            why = tests.problem or ("an import started the thread " + threads[0] if threads else None)
            if why is not None:
                self.emitter(WARM, "unfit", tests=len(tests.names), why=why[:600])
                os._exit(0)
            self.keep_forking(requests, tests, ran)

        self.runner.collect(ready)

    def hand_over(self, tests):
        """What other processes and the caller want to know of this one."""
        with open(os.path.join(self.exchange, "compiled"), "wb") as file:
            marshal.dump({path: codes[0] for path, codes in self.overlay.loaded.items()}, file)
        with open(os.path.join(self.exchange, "names.json"), "w", encoding="utf-8") as file:
            json.dump(tests.names, file)

    def keep_forking(self, requests, tests, ran):
        swapper = None if self.job["cover"] else Swapper(self, ran)
        reaper, lines = Reaper(), Lines(requests)
        gc.collect()
        gc.freeze()
        self.emitter(WARM, "ready", tests=len(tests.names))
        while True:
            ready = select.select([requests, reaper.wake], [], [])[0]
            for task in lines.read() if requests in ready else ():
                reaper.fork(task, self.emitter, lambda: self.be_fork(task, tests, swapper))
            for pid, task, status in reaper.ended() if reaper.wake in ready else ():
                self.emitter(task, "exit", child=pid, status=status)

    def be_fork(self, task, tests, swapper):
        if swapper is not None:
            self.overlay.lay(self.texts(task))
            try:
                swapper.apply(self.edits(task))
            except swap.NeedsImport as need:
                return self.emitter(task, "import", why=str(need))
            except SyntaxError as error:
                return self.emitter(task, "result", outcome=broken("SyntaxError: %s" % error))
        self.work(task, tests)

    def be_alone(self, task):
        """Imports everything itself, with the candidate in place of the files."""
        self.silence()
        if not self.job["cover"]:
            self.overlay.lay(self.texts(task))
        self.runner.collect(lambda tests: (self.work(task, tests), os._exit(0)))

    def work(self, task, tests):
        if self.job["cover"]:
            return self.trace(task, tests)
        self.overlay.watch()
        tests.prepare()
        outcome = tests.run()
        self.emitter(task, "result", outcome=outcome, doubt=self.overlay.doubt)

    def trace(self, task, tests):
        lines = cover.Lines(self.overlay)
        tests.prepare()
        lines.begin()
        outcome = tests.run(task)
        hits = lines.end()
        if outcome["kind"] == "broken":
            return self.emitter(task, "result", outcome=outcome)
        with open(os.path.join(self.exchange, "cover-%d.json" % task), "w", encoding="utf-8") as file:
            json.dump(hits, file)
        self.emitter(task, "result", outcome=outcome)


class Swapper:
    """Puts candidates under the functions of a process that has imported everything."""

    def __init__(self, tasks, ran):
        self.tasks, self.ran, self.loaded = tasks, ran, tasks.overlay.loaded
        self.functions = swap.Functions(self.loaded)
        self.modules = {path: swap.Module(path, text, self.loaded[path]) for path, text in tasks.files.items() if path in self.loaded}
        for task in range(len(tasks.job["candidates"])):
            for path, edits in tasks.edits(task).items():
                if path in self.modules:
                    self.modules[path].prepare(edits)
        found = (getattr(module, "__file__", None) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType))
        self.imported = {os.path.abspath(path) for path in found if isinstance(path, str)}

    def apply(self, edits):
        plan = []
        for path, inner in edits.items():
            if path in self.modules:
                plan += self.plan(path, inner)
            elif path in self.imported:
                raise swap.NeedsImport("another loader read it")
        for old, new in plan:
            self.functions.swap(old, new)

    def plan(self, path, edits):
        try:
            return self.modules[path].plan(edits, self.ran)
        except SyntaxError:
            compile(self.tasks.overlay.texts[path], path, "exec", 0, True)  # the word that counts
            raise swap.NeedsImport("it compiles only as a whole")
