"""Places where a small slip could be made, and the slips themselves.

A `Site` is one possible defect. The kinds are those people make and mutation testing has studied since DeMillo,
Lipton and Sayward's "Hints on Test Data Selection" (1978): operators, constants, names, arguments, guards.
`sites_python` and `sites_rust` list the sites of a file; what both languages share stands here.
"""

import random
from dataclasses import dataclass

COMPARISONS = {"<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="], "==": ["!="], "!=": ["=="]}
ARITHMETIC = {"+": ["-"], "-": ["+"], "*": ["/", "+"], "/": ["*"], "//": ["*", "/"], "%": ["*"], "+=": ["-="], "-=": ["+="]}

TWINS = [
    ("min", "max"), ("first", "last"), ("any", "all"), ("find", "rfind"), ("index", "rindex"),
    ("startswith", "endswith"), ("lower", "upper"), ("lstrip", "rstrip"), ("split", "rsplit"), ("ljust", "rjust"),
    ("partition", "rpartition"), ("append", "extend"), ("keys", "values"), ("floor", "ceil"), ("isdigit", "isalpha"),
    ("starts_with", "ends_with"), ("is_some", "is_none"), ("is_ok", "is_err"), ("trim_start", "trim_end"),
    ("to_lowercase", "to_uppercase"), ("is_lowercase", "is_uppercase"), ("is_alphabetic", "is_numeric"),
    ("to_ascii_lowercase", "to_ascii_uppercase"), ("skip", "take"), ("skip_while", "take_while"),
    ("pop_front", "pop_back"), ("push_front", "push_back"), ("saturating_add", "saturating_sub"),
    ("wrapping_add", "wrapping_sub"), ("checked_add", "checked_sub"), ("leading_zeros", "trailing_zeros"),
    ("split_once", "rsplit_once"), ("strip_prefix", "strip_suffix"),
]  # fmt: skip
"""Methods of one type that are easily taken for each other."""

TWIN = {a: b for a, b in TWINS} | {b: a for a, b in TWINS}
LONGEST = 40
"""Bytes of a package's text a bug may quote; only swapped arguments come near."""


@dataclass(frozen=True)
class Site:
    """One slip: `length` bytes at `offset`, reading `before`, become `after`."""

    kind: str
    offset: int
    length: int
    before: str
    after: str
    line: int

    def apply(self, source: bytes) -> bytes:
        return source[: self.offset] + self.after.encode() + source[self.offset + self.length :]


def nudged(number: str) -> list[str]:
    """A decimal integer literal one more and one less, underscores and suffixes refused by returning nothing."""
    if not number.isdigit():
        return []
    value = int(number)
    return [str(value + 1)] + ([str(value - 1)] if value > 0 else [])


def misspelt(name: str, rng: random.Random) -> str:
    """A name as a tired hand types it: a letter lost, doubled, or changed over with the next."""
    at = rng.randrange(1, len(name) - 1)
    slips = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name[:at] + name[at + 1] + name[at] + name[at + 2 :]]
    return rng.choice([slip for slip in slips if slip != name])
