"""Lays out project trees as a developer would have them, and says what changed in them.

A tree is a git repository with one commit (of the defective state: history gives nothing away) and, for Python, a
real `.venv` in its root with the suite's requirements and the project itself on the module path.
"""

import hashlib
import os
import shutil
import sys
import venv
from pathlib import Path

import fetch
import processes
from catalog import Package, TableError

NOT_SOURCE = {".git", ".venv", "target", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache", ".mypy_cache"}


def lay_out(package: Package, tree: Path) -> Path:
    """A fresh copy of the pristine project at `tree`; what stood there is deleted."""
    shutil.rmtree(tree, ignore_errors=True)
    # Not copy2: cargo goes by modification times, and the same path may have held other text before.
    shutil.copytree(fetch.template(package), tree, copy_function=shutil.copyfile)
    if package.language == "python":
        _virtual_environment(package, tree)
    return tree


def commit(tree: Path) -> None:
    """Makes the tree a git repository whose only commit is the present state."""
    who = ["-c", "user.name=Table", "-c", "user.email=table@example.invalid", "-c", "core.hooksPath=/dev/null"]
    for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "as it is today"]):
        done = processes.run(["git", *arguments], tree, 60)
        if done.code != 0:
            raise TableError(f"git {arguments[0]} failed in {tree}: {done.errors.strip()}")


def digests(tree: Path) -> dict[str, str]:
    """Hash of every source file (no build output, no environment) by relative path; links by their target."""
    found = {}
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in NOT_SOURCE]
        for name in files:
            path = Path(folder, name)
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            if not name.endswith(".pyc"):
                found[str(path.relative_to(tree))] = hashlib.sha256(content).hexdigest()
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Paths modified, added or removed between two digests."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def is_test(package: Package, path: str) -> bool:
    return any(Path(path).match(pattern) for pattern in package.tests)


def is_library(package: Package, path: str) -> bool:
    """Is this a file in which bugs are seeded and a repair may fall?"""
    suffix = ".py" if package.language == "python" else ".rs"
    inside = any(path == entry or path.startswith(entry + "/") for entry in package.library)
    return inside and path.endswith(suffix) and not is_test(package, path)


def library_files(package: Package, tree: Path) -> list[str]:
    return sorted(path for path in digests(tree) if is_library(package, path))


def _virtual_environment(package: Package, tree: Path) -> None:
    home = tree / ".venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = str(home / "bin" / "python")
    source = ["--no-index", "--find-links", str(fetch.wheelhouse(package))]
    done = processes.run([*fetch.PIP, "--python", python, "install", *source, *package.test_requires], tree, 300)
    if done.code != 0:
        raise TableError(f"could not fill {home}: {done.errors.strip()[-2000:]}")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    editable = home / "lib" / version / "site-packages" / "project.pth"
    editable.write_text(str((tree / package.import_root).resolve()) + "\n")
