"""Why: the door of the harness. `python run.py`, started where the tests are to be run, with `job.json` beside this file;
results go to the folder `out` beside this file's."""

import json
import os
import sys

INBOX = os.path.dirname(os.path.abspath(__file__))
OUTBOX = os.path.join(os.path.dirname(INBOX), "out")


def main():
    from lamplighter_trials.server import Server

    sys.dont_write_bytecode = True
    with open(os.path.join(INBOX, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    sys.path[0:1] = [os.getcwd()] + [os.path.join(os.getcwd(), path) for path in job["paths"]]  # as `python -m` has it
    sys.argv = [job["runner"]]
    Server(job, OUTBOX).serve()


if __name__ == "__main__":
    main()
