#!/usr/bin/env python3
"""Spawn to `initialize` response: Lamplighter beside ruff's server, from PyPI, in the same run.

    tests/bench/start.py BINARY [ROUNDS]

Prints the median and 90th percentile in milliseconds of each, and the ratio of the medians.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

CACHE = Path(os.environ.get("LAMPLIGHTER_TEST_CACHE", Path.home() / ".cache" / "lamplighter-tests"))


def ruff():
    folder = CACHE / "ruff"
    if not (folder / "bin" / "ruff").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "ruff==0.14.5"], check=True)
    return [str(folder / "bin" / "ruff"), "server"]


def once(command, workspace):
    """Seconds from spawn to the answer."""
    body = json.dumps({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"processId": None, "rootUri": f"file://{workspace}", "capabilities": {},
                   "workspaceFolders": [{"uri": f"file://{workspace}", "name": "w"}]},
    }).encode()
    began = time.perf_counter()
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()
    line = server.stdout.readline()
    took = time.perf_counter() - began
    server.kill()
    server.wait()
    if not line.lower().startswith(b"content-"):
        raise SystemExit(f"{command[0]} did not answer: {line!r}")
    return took


def main():
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    contestants = {"lamplighter": [binary, "lsp"], "ruff": ruff()}
    times = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory() as workspace:
        for _ in range(rounds):
            for name, command in contestants.items():
                times[name].append(once(command, workspace) * 1000)
    for name, taken in times.items():
        print(f"{name:12} median {statistics.median(taken):6.2f} ms   p90 {sorted(taken)[int(len(taken) * 0.9)]:6.2f} ms")
    print(f"ratio        {statistics.median(times['lamplighter']) / statistics.median(times['ruff']):.2f} x ruff")


main()
