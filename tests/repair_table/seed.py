"""Seeds defects: picks sites by chance, keeps those the package's own suite notices.

A mutant is kept when the suite still runs to its end, twice with the same result, with at least one failing test and
at most two in five failing. Kinds take turns, so that no kind a package is full of crowds out the others; sites
are drawn by a generator seeded with package and number only, so the same call makes the same list.
"""

import ast
import random
from collections.abc import Callable
from pathlib import Path

import sites_python
import sites_rust
from catalog import Bug, Package, TableError, cache
from layout import lay_out, library_files
from sites import Site
from suites import DOC, SuiteResult, run_suite

BUGS_PER_PACKAGE = 5
MOST_OF_ONE_KIND = 2
MOST_FAILING = 0.4
TRIES_PER_TURN = 8
TURNS = 6


def seed_package(package: Package, seed: int, say: Callable[[str], None]) -> list[Bug]:
    """The defects of one package; fewer than wanted only if the tries run out."""
    tree = lay_out(package, cache() / "seeding" / package.label)
    baseline = run_suite(package, tree)
    if not baseline.green:
        raise TableError(f"{package.label}: its suite is not green to begin with: {baseline.failing[:5]}\n{baseline.detail}")
    rng = random.Random(f"{seed}:{package.label}")
    waiting = _sites_by_kind(package, tree, rng)
    bugs: list[Bug] = []
    for _ in range(TURNS):
        for kind, places in waiting.items():
            if len(bugs) == BUGS_PER_PACKAGE:
                return bugs
            if sum(bug.kind == kind for bug in bugs) == MOST_OF_ONE_KIND:
                continue
            bug = _first_kept(package, tree, places, baseline, bugs, seed)
            if bug:
                bugs.append(bug)
                say(f"{bug.id:16} {bug.kind:16} {bug.file}:{bug.line} fails {bug.failing} of {bug.tests}")
    return bugs


def _sites_by_kind(package: Package, tree: Path, rng: random.Random) -> dict[str, list[tuple[str, Site]]]:
    """All sites of the package under their kinds, kinds and sites both in random order."""
    find = (sites_python if package.language == "python" else sites_rust).find
    kinds: dict[str, list[tuple[str, Site]]] = {}
    for file in library_files(package, tree):
        for site in find((tree / file).read_bytes(), rng):
            kinds.setdefault(site.kind, []).append((file, site))
    order = sorted(kinds)
    rng.shuffle(order)
    for kind in order:
        rng.shuffle(kinds[kind])
    return {kind: kinds[kind] for kind in order}


def _first_kept(package, tree, places, baseline, bugs, seed) -> Bug | None:
    """Tries the next few sites of one kind; those tried are used up."""
    for _ in range(min(TRIES_PER_TURN, len(places))):
        file, site = places.pop()
        taken = {(bug.file, bug.line) for bug in bugs}
        if (file, site.line) in taken:
            continue
        path = tree / file
        pristine = path.read_bytes()
        try:
            failing = _failing_with(package, tree, path, site.apply(pristine), baseline)
        finally:
            path.write_bytes(pristine)
        if failing:
            number = f"{package.name}-{len(bugs) + 1}"
            where = (site.kind, site.offset, site.length, site.before, site.after)
            return Bug(number, package.name, package.version, file, site.line, *where, seed, failing, len(baseline.outcomes))
    return None


def _failing_with(package: Package, tree: Path, path: Path, text: bytes, baseline: SuiteResult) -> int:
    """How many tests fail with this text in place; 0 if the mutant is of no use."""
    if package.language == "python" and not _parses(text):
        return 0
    path.write_bytes(text)
    limit = max(20.0, 6 * baseline.seconds)
    first = run_suite(package, tree, limit)
    usable = first.complete and first.outcomes.keys() == baseline.outcomes.keys()
    if not usable or not 0 < len(first.failing) <= MOST_FAILING * len(baseline.outcomes) or not _plain(first.failing):
        return 0
    again = run_suite(package, tree, limit)
    return len(first.failing) if again.complete and again.failing == first.failing else 0


def _plain(failing: list[str]) -> bool:
    """At least one ordinary test fails, not only examples in a crate's documentation."""
    return any(not name.startswith(DOC) for name in failing)


def _parses(text: bytes) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
