"""A terminal for an editor, made of tmux: press keys, read the screen, wait for something to appear, take a capture.

Waiting is always for a state seen on the screen (or elsewhere), with a time limit that only says when to give up.
"""

import os
import re
import shlex
import subprocess
import time

from picture import svg
from workspace import HERE, Failure

CAPTURES = HERE.parent / "captures"
COLUMNS, ROWS = 100, 26


class Terminal:
    """One program in one tmux window on a tmux server of its own."""

    def __init__(self, name, words, cwd, environment):
        self.name = name
        self.socket = f"lamplighter-{name}-{os.getpid()}"
        # Its words are quoted for the shell; `env -i` keeps tmux's own environment out.
        program = shlex.join(["env", "-i", *(f"{key}={value}" for key, value in environment.items()),
                              "TERM=tmux-256color", "COLORTERM=truecolor", *map(str, words)])
        self._tmux("-f", "/dev/null", "-u", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(cwd),
                   # The pane outlives its program, so that a crash can be read.
                   f"tmux set -g remain-on-exit on; tmux set -g default-terminal tmux-256color; exec {program}")
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("set-option", "-g", "escape-time", "0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tmux("kill-server", check=False)

    def _tmux(self, *words, check=True):
        done = subprocess.run(["tmux", "-L", self.socket, *words], text=True, capture_output=True)
        if check and done.returncode:
            raise Failure(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def keys(self, *names):
        """Press keys by tmux's names: `Enter`, `Escape`, `C-s`, `g`."""
        self._tmux("send-keys", *names)

    def type(self, text):
        """Type text as it is."""
        self._tmux("send-keys", "-l", text)

    def screen(self):
        """The visible text, one line per row."""
        return self._tmux("capture-pane", "-p")

    def wait(self, pattern, seconds=30):
        """Wait until the regular expression is on the screen; return the match."""
        found = poll(lambda: re.search(pattern, self.screen(), re.MULTILINE), seconds)
        if not found:
            raise Failure(f"after {seconds} s the screen shows no /{pattern}/")
        return found

    def wait_gone(self, pattern, seconds=30):
        """Wait until the regular expression is on the screen no more."""
        if not poll(lambda: not re.search(pattern, self.screen(), re.MULTILINE), seconds):
            raise Failure(f"after {seconds} s the screen still shows /{pattern}/")

    def capture(self, moment):
        """Keep the screen as `tests/captures/<editor>-<moment>.svg`."""
        CAPTURES.mkdir(exist_ok=True)
        styled = self._tmux("capture-pane", "-p", "-e", "-N")
        title = f"{self.name}: {moment}"
        (CAPTURES / f"{self.name}-{moment}.svg").write_text(svg(styled, COLUMNS, ROWS, title))


def poll(state, seconds):
    """Ask `state` until its answer is true, at most so long; return the last answer."""
    end = time.monotonic() + seconds
    while not (answer := state()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer
