"""Why: forking, hearing of a child's end and speaking over a pipe are each a few lines that are easy to get subtly wrong."""

import json
import os
import signal
import traceback

from .runners import red

LINE = 3500  # a line is written to a pipe in one piece up to 4096 bytes
WARM = -1  # the warm process's own number among the tasks


class Emitter:
    """Writes events, one JSON line each, from many processes into one pipe."""

    def __init__(self, pipe):
        self.pipe = pipe

    def __call__(self, task, event, **fields):
        size = 1600
        while True:
            line = json.dumps(dict(fields, task=task, event=event, pid=os.getpid())).encode() + b"\n"
            message = fields.get("outcome", {}).get("message")
            if len(line) <= LINE or message is None:
                break
            fields["outcome"] = dict(fields["outcome"], message=message[:size])
            size //= 2
        os.write(self.pipe, line)


class Lines:
    """Reads JSON lines from a pipe as far as they are there."""

    def __init__(self, pipe):
        self.pipe, self.rest = pipe, b""

    def read(self):
        lines = (self.rest + os.read(self.pipe, 1 << 16)).split(b"\n")
        self.rest = lines.pop()
        return [json.loads(line) for line in lines]


class Reaper:
    """Forks, and tells through the descriptor `wake` that a child ended."""

    def __init__(self):
        self.wake, self.inlet = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.inlet, False)
        self.children = {}  # pid -> task
        self.handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.inlet, warn_on_full_buffer=False)

    def fork(self, task, emitter, body):
        """Runs `body` in a new process in a group of its own; returns its number. It never returns there."""
        pid = os.fork()
        if pid:
            self.children[pid] = task
            return pid
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL if self.handler is None else self.handler)
            os.close(self.wake)
            os.close(self.inlet)
            emitter(task, "start")
            body()
        except BaseException as error:
            said = "".join(traceback.format_exception_only(type(error), error)).strip()
            emitter(task, "result", outcome=red(0, said), doubt="the harness was interrupted")
        finally:
            os._exit(0)

    def ended(self):
        """(pid, task, status) of children that ended since."""
        try:
            os.read(self.wake, 4096)
        except BlockingIOError:
            pass
        for pid in list(self.children):
            try:
                done, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # the tests' own code took it
                done, status = pid, 0
            if done:
                yield pid, self.children.pop(pid), status


def kill(pid):
    """Ends a process and its group, whether or not they are still there."""
    for end in (os.killpg, os.kill) if pid else ():
        try:
            end(pid, signal.SIGKILL)
        except OSError:
            pass
