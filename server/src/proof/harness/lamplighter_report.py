"""What both Python harnesses share: the job they are given and the report they write.

The job is a JSON file; the report is one JSON object per line, written as things happen, so that a run that is killed
still tells what it was doing. Works on Python 3.6 and later, standard library only.
"""

import json
import os
import sys
import traceback

LONGEST = 6000


class Report:
    """Writes records to a descriptor of its own; what tests do to standard output does not touch it."""

    def __init__(self, path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self.descriptor = os.open(path, flags, 0o600)
        self.owner = os.getpid()
        self.count = 0

    def write(self, kind, **fields):
        if os.getpid() != self.owner:
            return  # a forked child of a test must not speak for the run
        fields["kind"] = kind
        fields["seq"] = self.count
        self.count += 1
        data = (json.dumps(fields) + "\n").encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self.descriptor, data):]

    def case(self, name, status, message="", error=None, frames=(), path=None, seconds=0.0):
        message = message if len(message) <= LONGEST else message[:LONGEST] + " ..."
        self.write("case", id=name, status=status, message=message, error=error, frames=list(frames), path=path, seconds=seconds)


def load_job():
    """Reads the job named by the environment, removes the name, prepares the import path, opens the report."""
    with open(os.environ.pop("LAMPLIGHTER_JOB"), encoding="utf-8") as file:
        job = json.load(file)
    here = os.getcwd()
    for folder in reversed(job["paths"]):
        folder = os.path.normpath(os.path.join(here, folder))
        if folder not in sys.path:
            sys.path.insert(0, folder)
    if job["paths"]:
        os.environ["PYTHONPATH"] = os.pathsep.join(os.path.join(here, folder) for folder in job["paths"])
    else:
        os.environ.pop("PYTHONPATH", None)
    return job, Report(job["report"])


def frames_of(error):
    """Places of the project in the error's traceback, outermost first: absolute path, line, function."""
    here = os.path.realpath(os.getcwd()) + os.sep
    frames = []
    for frame, line in traceback.walk_tb(getattr(error, "__traceback__", None)):
        add_frame(frames, here, frame.f_code.co_filename, line, frame.f_code.co_name)
    if isinstance(error, SyntaxError) and error.filename:
        add_frame(frames, here, error.filename, error.lineno or 1, None)
    return frames[:8] + frames[-24:] if len(frames) > 32 else frames


def add_frame(frames, here, path, line, function):
    path = os.path.realpath(path)
    if path.startswith(here) and "site-packages" not in path:
        frames.append({"path": path, "line": line, "function": function})


def text_of(error):
    """The error's own words; its type where it has none."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # a broken __str__ of the project
        return type(error).__name__
