#!/usr/bin/env python3
"""The repair table: seeded bugs in real packages, and what `lamplighter fix` makes of them.

    tests/repair_table/run.py                        every bug of bugs.json, with $LAMPLIGHTER_BIN
    tests/repair_table/run.py --package heck --only 2
    tests/repair_table/run.py --reseed 7             other bugs (kept in the cache), then the table
    tests/repair_table/run.py --check                no product needed: do the bugs fail, does the judge judge?

Packages come from PyPI and crates.io, pinned, by pip and cargo; the repairer is told nothing but the folder. The
verdict is reached without it (judge.py). Exit 0 when at least 60 % are repaired and nothing is bad.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import processes
from catalog import Bug, Package, TableError, cache, load_bugs, load_packages, save_bugs
from judge import BAD, IDENTICAL, NOT, PLAUSIBLE, Verdict, judge
from layout import commit, digests, lay_out
from repair import EXPECTED, REPAIRERS, Attempt, binary
from seed import seed_package
from suites import run_suite

WANTED_SHARE = 0.6


@dataclass(frozen=True)
class Row:
    bug: Bug
    verdict: Verdict
    attempt: Attempt


def main() -> int:
    options = arguments()
    processes.leave_nothing_behind()
    packages = [p for p in load_packages() if not options.package or p.name in options.package]
    unknown = set(options.package or []) - {p.name for p in packages}
    if unknown:
        raise TableError(f"no such package: {', '.join(sorted(unknown))}; packages.json lists them")
    bugs = chosen_bugs(options, packages)
    if options.seed_only:
        return 0
    if options.check:
        return check(packages, bugs, options.jobs)
    print(f"repairer {binary()}, {len(bugs)} bugs, {options.budget_seconds} s each\n")
    rows = run_table(packages, bugs, "lamplighter", options.budget_seconds, options.jobs)
    return summary(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", action="append", metavar="NAME", help="only this package (may be repeated)")
    parser.add_argument("--only", type=int, metavar="K", help="only the K-th bug of each package")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="bugs worked on at once (default 1)")
    parser.add_argument("--budget-seconds", type=int, default=120, metavar="S", help="time for one repair (default 120)")
    parser.add_argument("--reseed", type=int, metavar="N", help="make other bugs from this number first")
    parser.add_argument("--out", type=Path, metavar="FILE", help="with --reseed: where to write the bug list")
    parser.add_argument("--seed-only", action="store_true", help="with --reseed: stop after seeding")
    parser.add_argument("--check", action="store_true", help="run stand-ins instead of the product and check the judge")
    return parser.parse_args()


def chosen_bugs(options: argparse.Namespace, packages: list[Package]) -> list[Bug]:
    bugs = load_bugs() if options.reseed is None else reseed(options, packages)
    names = {package.name: package.version for package in packages}
    bugs = [bug for bug in bugs if names.get(bug.package) == bug.version]
    if options.only is not None:
        bugs = [bug for bug in bugs if bug.id.endswith(f"-{options.only}")]
    if not bugs:
        raise TableError("no bug left to work on: look at --package and --only")
    return bugs


def reseed(options: argparse.Namespace, packages: list[Package]) -> list[Bug]:
    bugs: list[Bug] = []
    path = options.out or cache() / f"bugs-{options.reseed}.json"
    for package in packages:
        bugs += seed_package(package, options.reseed, lambda line: print(line, flush=True))
        save_bugs(bugs, path)
    print(f"{len(bugs)} bugs written to {path}\n")
    return bugs


def run_table(packages: list[Package], bugs: list[Bug], repairer: str, seconds: int, jobs: int) -> list[Row]:
    """Works through the bugs, printing each row as it comes; results also go to the cache as JSON."""
    by_name = {package.name: package for package in packages}
    print(f"| {'bug':16} | {'kind':15} | {'place':36} | {'verdict':18} | seconds | candidates | why")
    print(f"|{'-' * 18}|{'-' * 17}|{'-' * 38}|{'-' * 20}|--------:|-----------:|----")
    rows: list[Row] = []
    with ThreadPoolExecutor(jobs) as pool:
        for row in pool.map(lambda bug: work(by_name[bug.package], bug, repairer, seconds), bugs):
            rows.append(row)
            print_row(row)
            results = json.dumps([asdict(row) for row in rows], indent=1)
            (cache() / f"results-{repairer}.json").write_text(results)
    return rows


def work(package: Package, bug: Bug, repairer: str, seconds: int) -> Row:
    """One bug: lay out, break, commit, repair, judge."""
    tree = lay_out(package, cache() / "trees" / repairer / bug.id / package.name)
    place = tree / bug.file
    place.write_bytes(bug.apply(place.read_bytes()))
    commit(tree)
    before = digests(tree)
    attempt = REPAIRERS[repairer](package, bug, tree, seconds)
    verdict = judge(package, bug, tree, before, attempt)
    if repairer != "lamplighter" or verdict.word in (IDENTICAL, PLAUSIBLE):
        shutil.rmtree(tree.parent)  # What went wrong is kept to be looked at.
    return Row(bug, verdict, attempt)


def print_row(row: Row) -> None:
    bug, candidates = row.bug, "–" if row.attempt.candidates is None else row.attempt.candidates
    place = f"{bug.file}:{bug.line}"
    why = " ".join(row.verdict.why.split())[:120]
    cells = f"{bug.id:16} | {bug.kind:15} | {place:36} | {row.verdict.word:18} | {row.attempt.seconds:7.1f} | {candidates:>10}"
    print(f"| {cells} | {why}", flush=True)


def summary(rows: list[Row]) -> int:
    """Totals; 0 when the table is good enough."""
    words = Counter(row.verdict.word for row in rows)
    repaired = words[IDENTICAL] + words[PLAUSIBLE]
    touched = sum(bool(row.verdict.touched_tests) for row in rows)
    kinds = Counter(row.bug.kind for row in rows)
    good = Counter(row.bug.kind for row in rows if row.verdict.word in (IDENTICAL, PLAUSIBLE))
    print(f"\nrepaired {repaired} of {len(rows)} ({repaired / len(rows):.0%}; at least {WANTED_SHARE:.0%} wanted)")
    print(", ".join(f"{word} {words[word]}" for word in (IDENTICAL, PLAUSIBLE, NOT, BAD)))
    print("by kind: " + ", ".join(f"{kind} {good[kind]}/{kinds[kind]}" for kind in sorted(kinds)))
    print(f"touching a test: {touched} (must be 0); bad: {words[BAD]} (must be 0)")
    return 0 if repaired >= WANTED_SHARE * len(rows) and not words[BAD] else 1


def check(packages: list[Package], bugs: list[Bug], jobs: int) -> int:
    """The table's own proof: every bug fails as listed, and every stand-in gets the verdict it deserves."""
    wrong = [line for package in packages for line in check_failures(package, [b for b in bugs if b.package == package.name])]
    for repairer, expected in EXPECTED.items():
        print(f"\nstand-in: {repairer} (must be: {', '.join(sorted(expected))})")
        for row in run_table(packages, bugs, repairer, 1, jobs):
            if row.verdict.word not in expected:
                wrong.append(f"{row.bug.id}: stand-in {repairer} was judged {row.verdict.word}: {row.verdict.why}")
    print("\n" + ("\n".join(wrong) or f"all {len(bugs)} bugs fail as listed, all stand-ins judged rightly"))
    return 1 if wrong else 0


def check_failures(package: Package, bugs: list[Bug]) -> list[str]:
    """Lines about bugs that do not fail as listed."""
    wrong = []
    for bug in bugs:
        tree = lay_out(package, cache() / "seeding" / package.label)
        place = tree / bug.file
        place.write_bytes(bug.apply(place.read_bytes()))
        result = run_suite(package, tree)
        if not result.complete or len(result.failing) != bug.failing:
            wrong.append(f"{bug.id}: {len(result.failing)} tests fail, {bug.failing} are listed")
        print(f"{bug.id:16} {len(result.failing):4} of {len(result.outcomes):4} fail, {result.seconds:.1f} s", flush=True)
    return wrong


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TableError as error:
        sys.exit(f"repair-table: {error}")
