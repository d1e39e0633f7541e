"""Why: a cold test run spends nearly all its time on starting and importing; a fork of a process that has done both does not.

The server imports nothing of the project. It forks a *warm* process that imports and collects the wanted tests once and
then forks again for each task; a task that needs an import of its own is forked from the server itself. A task is a
candidate to try, or a test to trace. Each runs in a process group of its own, reports over one pipe in lines short enough
to be written whole, and is killed at its deadline; whatever it did to its memory dies with it.
"""

import json
import marshal
import os
import select
import signal
import time

from . import tasks
from .overlay import Overlay
from .processes import WARM, Emitter, Lines, Reaper, kill
from .runners import red, runner


class Server:
    """Hands out tasks in order, keeps their time, writes their results."""

    def __init__(self, job, exchange):
        here = os.getcwd()
        self.job, self.exchange = job, exchange
        self.overlay = Overlay(here[:len(here) - len(job["folder"])] if job["folder"] else here)
        self.overlay.install()
        self.events, emitter = os.pipe()
        self.requests, self.requester = os.pipe()
        self.emitter, self.lines = Emitter(emitter), Lines(self.events)
        self.tasks = tasks.Tasks(job, exchange, self.overlay, runner(job, self.overlay), self.emitter)
        self.results = open(os.path.join(exchange, "results.jsonl"), "a", encoding="utf-8")
        self.warm, self.began, self.import_seconds = "starting", time.monotonic(), 0.0
        self.queue, self.running, self.wants_import, self.passes = [], {}, {}, 0
        self.reaper = Reaper()

    def serve(self):
        self.queue = list(range(len(self.job["candidates"])))
        pid = self.reaper.fork(WARM, self.emitter, lambda: self.tasks.be_warm(self.requests))
        self.running[WARM] = {"since": self.began, "deadline": self.began + self.job["total"] / 2, "pid": pid}
        while self.warm == "starting" or self.queue or self.running:
            if time.monotonic() - self.began > self.job["total"] or self.enough():
                break
            self.hand_out()
            self.wait()
        for pid in list(self.reaper.children) + [slot["pid"] for slot in self.running.values()]:
            kill(pid)
        self.results.close()

    def enough(self):
        stop = self.job["stop_after_passes"]
        return stop is not None and self.passes >= stop

    def hand_out(self):
        while self.warm != "starting" and self.queue and len(self.running) < self.job["parallel"]:
            task, now = self.queue.pop(0), time.monotonic()
            alone = self.warm == "unfit" or task in self.wants_import
            limit = self.job["per_task"] + (self.import_seconds * 3 + 1 if alone else 0)
            slot = self.running[task] = {"since": now, "deadline": now + limit, "pid": None}
            if alone:
                slot["pid"] = self.reaper.fork(task, self.emitter, lambda: self.tasks.be_alone(task))
            else:
                os.write(self.requester, b"%d\n" % task)

    def wait(self):
        deadline = min([slot["deadline"] for slot in self.running.values()] + [self.began + self.job["total"]])
        ready = select.select([self.events, self.reaper.wake], [], [], max(0.0, deadline - time.monotonic()))[0]
        ended = list(self.reaper.ended()) if self.reaper.wake in ready else []
        while select.select([self.events], [], [], 0)[0]:  # what an ended child still said counts
            for event in self.lines.read():
                self.hear(**event)
        for pid, task, status in ended:
            self.gone(pid, task, status)
        for task, slot in list(self.running.items()):
            if time.monotonic() >= slot["deadline"]:
                self.late(task, slot)

    def hear(self, task, event, pid, **fields):
        slot = self.running.get(task)
        if slot is None or slot["pid"] not in (None, pid) and event != "exit":
            return  # too late: it was already given up, or tried anew
        if event in ("ready", "unfit"):
            self.is_warm(event, **fields)
        elif event == "start":
            slot["pid"] = pid
        elif event == "import":
            self.finish(task)
            self.wants_import[task] = fields["why"]
            self.queue.insert(0, task)
        elif event == "result" and task == WARM:
            self.is_warm("unfit", 0, fields["outcome"]["message"])
        elif event == "result":
            self.result(task, **fields)
        elif event == "exit":
            self.gone(fields["child"], task, fields["status"])

    def is_warm(self, event, tests, why=None):
        self.warm, self.import_seconds = event, time.monotonic() - self.began
        self.running.pop(WARM)
        self.note({"event": event, "tests": tests, "why": why, "seconds": self.import_seconds})
        if self.job["cover"]:
            self.queue = list(range(tests))
        try:
            with open(os.path.join(self.exchange, "compiled"), "rb") as file:
                self.overlay.compiled = marshal.load(file)  # later imports only run it
        except (OSError, EOFError, ValueError, TypeError):
            self.overlay.compiled = {}

    def gone(self, pid, task, status):
        """A process ended. If it had not said its result, that is the result."""
        slot = self.running.get(task)
        if task == WARM and self.warm != "unfit":
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            self.import_seconds = 0.0 if killed else time.monotonic() - self.began
            self.warm = "unfit"
            self.note({"event": "unfit", "tests": 0, "why": "importing the tests ended the process (wait status %d)" % status})
            for lost in [task for task in self.running if task not in self.wants_import]:
                self.finish(lost)
                if lost != WARM:
                    self.queue.insert(0, lost)
        elif slot is not None and slot["pid"] == pid:
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            how = "was ended by signal %d" if os.WIFSIGNALED(status) else "exited with status %d"
            self.result(task, red(0, "the process " + how % number + " before its tests came to an end"))

    def late(self, task, slot):
        if task == WARM or slot["pid"] is None:
            kill(next((pid for pid, child in self.reaper.children.items() if child == WARM), None))
            slot["deadline"] += 3600  # the warm process's end will be reported, and the rest follows from that
        else:
            self.result(task, {"kind": "timeout"})

    def result(self, task, outcome, doubt=None):
        seconds = time.monotonic() - self.running[task]["since"]
        self.finish(task)
        self.passes += outcome["kind"] == "passed" and doubt is None
        self.note({"event": "result", "task": task, "outcome": outcome, "seconds": seconds, "doubt": doubt,
                   "imported": self.wants_import.get(task)})

    def finish(self, task):
        kill(self.running.pop(task)["pid"])

    def note(self, event):
        self.results.write(json.dumps(event) + "\n")
        self.results.flush()
