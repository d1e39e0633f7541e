"""Why: the door of the harness. `python run.py`, started where the tests are to be run, with `job.json` beside this file."""

import json
import os
import sys

EXCHANGE = os.path.dirname(os.path.abspath(__file__))


def main():
    from lamplighter_trials.server import Server

    sys.path[0] = os.getcwd()  # as `python -m` has it
    sys.dont_write_bytecode = True
    with open(os.path.join(EXCHANGE, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    sys.argv = [job["runner"]]
    Server(job, EXCHANGE).serve()


if __name__ == "__main__":
    main()
