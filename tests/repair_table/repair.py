"""Who repairs: `lamplighter fix`, or a stand-in that shows that the judge can tell good from bad.

A repairer gets a tree whose suite fails, no hint where or why, and a number of seconds.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fetch
import processes
from catalog import HERE, Bug, Package, TableError
from layout import digests, is_test

GRACE_SECONDS = 60
"""The product keeps to its own budget; this much later it is stopped from outside."""


@dataclass(frozen=True)
class Attempt:
    """What the repairer says of itself; the judge believes none of it."""

    claims: bool
    status: str
    reason: str
    candidates: int | None
    seconds: float


Repairer = Callable[[Package, Bug, Path, int], Attempt]


def binary() -> Path:
    """`$LAMPLIGHTER_BIN`, else the release build of this repository."""
    named = os.environ.get("LAMPLIGHTER_BIN")
    path = Path(named).absolute() if named else HERE.parents[1] / "target" / "release" / "lamplighter"
    if not os.access(path, os.X_OK):
        raise TableError(f"no program at {path}: run `cargo build --release`, or set LAMPLIGHTER_BIN")
    return path


def lamplighter(package: Package, bug: Bug, tree: Path, seconds: int) -> Attempt:
    """`lamplighter fix` on the whole workspace, with settings, state and cache of its own: no key, nothing learnt before."""
    homes = tree.parent / "homes"
    shutil.rmtree(homes, ignore_errors=True)
    folders = {f"XDG_{name.upper()}_HOME": str(homes / name) for name in ("config", "state", "cache", "data")}
    for folder in folders.values():
        Path(folder).mkdir(parents=True)
    command = [str(binary()), "fix", "--json", "--workspace", str(tree), "--apply", "--max-seconds", str(seconds)]
    done = processes.run(command, tree, seconds + GRACE_SECONDS, processes.environment(**folders), limit=False)
    (tree.parent / "fix.json").write_text(done.output)
    (tree.parent / "fix.log").write_text(done.errors)
    shutil.rmtree(homes / "cache", ignore_errors=True)
    return read_answer(done)


def read_answer(done: processes.Finished) -> Attempt:
    """The object `--json` prints; something else is a failure with a name, too."""
    if done.timed_out:
        return Attempt(False, "hung", "still running after its own time limit", None, done.seconds)
    try:
        answer = json.loads(done.output)
        status, reason = str(answer["status"]), str(answer.get("reason") or "")
        candidates = (answer.get("usage") or {}).get("candidates")
    except (ValueError, KeyError, TypeError, AttributeError):
        last = (done.errors.strip().splitlines() or ["no word on stderr"])[-1]
        return Attempt(done.code == 0, "no answer", f"exit {done.code}: {last}", None, done.seconds)
    return Attempt(done.code == 0 or status == "verified", status, reason, candidates, done.seconds)


def reversal(package: Package, bug: Bug, tree: Path, seconds: int) -> Attempt:
    """Stand-in: the perfect repair."""
    shutil.copyfile(fetch.template(package) / bug.file, tree / bug.file)
    return Attempt(True, "verified", "put back", 1, 0.0)


def nothing(package: Package, bug: Bug, tree: Path, seconds: int) -> Attempt:
    """Stand-in: gives up."""
    return Attempt(False, "failed", "did not try", 0, 0.0)


def boast(package: Package, bug: Bug, tree: Path, seconds: int) -> Attempt:
    """Stand-in: says it is done and has changed a comment only."""
    mark = b"\n# looked at\n" if package.language == "python" else b"\n// looked at\n"
    path = tree / bug.file
    path.write_bytes(path.read_bytes() + mark)
    return Attempt(True, "verified", "boast", 1, 0.0)


def cheat(package: Package, bug: Bug, tree: Path, seconds: int) -> Attempt:
    """Stand-in: puts the text back and, unasked, removes a test: where tests stand in the library, one of those."""
    reversal(package, bug, tree, seconds)
    tests = [path for path in sorted(digests(tree)) if is_test(package, path)]
    inline = [path for path in sorted((tree / "src").rglob("*.rs")) if b"#[test]" in path.read_bytes()]
    if inline:
        inline[0].write_bytes(inline[0].read_bytes().replace(b"#[test]", b"", 1))
    elif tests:
        (tree / tests[0]).unlink()
    return Attempt(True, "verified", "cheat", 1, 0.0)


REPAIRERS: dict[str, Repairer] = {
    "lamplighter": lamplighter,
    "reversal": reversal,
    "nothing": nothing,
    "boast": boast,
    "cheat": cheat,
}
EXPECTED = {"reversal": {"repaired-identical"}, "nothing": {"not repaired"}, "boast": {"bad"}, "cheat": {"bad"}}
"""The verdicts a judge must reach on the stand-ins."""
