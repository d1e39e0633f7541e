"""What the table is about: the pinned packages, the seeded bugs, and where things are kept.

Nothing of the packages themselves is stored in this repository: `packages.json` holds names, versions and
hashes, `bugs.json` places and tokens. Everything fetched or built goes under one cache folder.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "packages.json"
BUGS = HERE / "bugs.json"


class TableError(Exception):
    """Something the person running the table must know: what happened, why, what to do."""


@dataclass(frozen=True)
class Package:
    """One distribution from PyPI or crates.io, exactly pinned."""

    name: str
    language: str
    version: str
    sha256: str
    library: list[str]
    """Files and folders (relative) in which bugs are seeded and repairs may fall."""
    tests: list[str]
    """Glob patterns of test files, also inside `library`; these must stay as they are."""
    import_root: str = "."
    """Folder put on the module path of a Python package, as an editable install would."""
    test_requires: list[str] = field(default_factory=list)
    """Pinned requirements of the suite of a Python package."""
    omit: list[str] = field(default_factory=list)
    """Files left out of the tree, each for the reason given in `why_omit`."""
    drop_dev_dependencies: list[str] = field(default_factory=list)
    """Development dependencies of a crate used by its benchmarks only."""
    why_omit: str = ""

    @property
    def label(self) -> str:
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Bug:
    """One seeded defect: `length` bytes at `offset` of `file` become `after`.

    `before` is the token that stood there; of a removed statement only its first token is kept.
    """

    id: str
    package: str
    version: str
    file: str
    line: int
    kind: str
    offset: int
    length: int
    before: str
    after: str
    seed: int
    failing: int
    tests: int

    def apply(self, source: bytes) -> bytes:
        """The defective file made from the pristine one."""
        if not source[self.offset :].startswith(self.before.encode()):
            raise TableError(
                f"{self.id}: {self.file} does not read {self.before!r} at byte {self.offset}: "
                "the bug list belongs to another version; make one with --reseed"
            )
        return source[: self.offset] + self.after.encode() + source[self.offset + self.length :]


def load_packages() -> list[Package]:
    return [Package(**entry) for entry in json.loads(PACKAGES.read_text())]


def load_bugs(path: Path = BUGS) -> list[Bug]:
    if not path.exists():
        raise TableError(f"no bug list at {path}: make one with --reseed N")
    return [Bug(**entry) for entry in json.loads(path.read_text())]


def save_bugs(bugs: list[Bug], path: Path) -> None:
    lines = ",\n".join(json.dumps(asdict(bug)) for bug in bugs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[\n{lines}\n]\n")


def cache() -> Path:
    """The cache folder of this suite, created."""
    home = os.environ.get("LAMPLIGHTER_TEST_CACHE") or Path.home() / ".cache" / "lamplighter-tests"
    folder = Path(home).absolute() / "repair-table"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
