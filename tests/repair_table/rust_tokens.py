"""A scanner for Rust, just deep enough to place defects and to tell tests from library code.

It works on bytes, so that positions are byte offsets; every byte of the source that is not white space belongs to
exactly one token.
"""

import re
from dataclasses import dataclass

IDENT, NUMBER, TEXT, PUNCT, COMMENT, DOC, LIFETIME = "ident", "number", "text", "punct", "comment", "doc", "lifetime"

_PATTERNS = [
    (DOC, rb"///(?!/)[^\n]*|//![^\n]*"),
    (COMMENT, rb"//[^\n]*"),
    (TEXT, rb'(?:b|c)?r(#*)".*?"\1'),
    (TEXT, rb'(?:b|c)?"(?:[^"\\]|\\.)*"'),
    (TEXT, rb"b?'(?:[^'\\\n]|\\[^u]|\\x..|\\u\{[^}]*\})'|'[^\x00-\x7f]+'"),
    (LIFETIME, rb"'[A-Za-z_]\w*"),
    (NUMBER, rb"\d[\d_]*\.\d[\w]*|\d\w*"),
    (IDENT, rb"(?:r#)?[A-Za-z_\x80-\xff][\w\x80-\xff]*"),
    (PUNCT, rb"<<=|>>=|\.\.\.|\.\.=|::|->|=>|==|!=|<=|>=|&&|\|\||\+=|-=|\*=|/=|%=|\^=|&=|\|=|<<|>>|\.\.|[^\s\w]"),
]
_COMPILED = [(kind, re.compile(pattern, re.DOTALL)) for kind, pattern in _PATTERNS]
CLOSER = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Token:
    """One token and where it stands, in bytes."""

    kind: str
    text: str
    start: int
    end: int


def scan(source: bytes) -> list[Token]:
    """All tokens, comments included."""
    tokens = []
    at = 0
    while at < len(source):
        if source[at : at + 1].isspace():
            at += 1
            continue
        kind, end = _block_comment(source, at) or _token(source, at)
        tokens.append(Token(kind, source[at:end].decode(errors="replace"), at, end))
        at = end
    return tokens


def code(tokens: list[Token]) -> list[Token]:
    """Without comments and documentation."""
    return [token for token in tokens if token.kind not in (COMMENT, DOC)]


def closing(tokens: list[Token], opening: int) -> int:
    """Index of the bracket that closes the one at index `opening`; the last index if none does."""
    depth = 0
    for index in range(opening, len(tokens)):
        text = tokens[index].text if tokens[index].kind == PUNCT else ""
        if text in CLOSER:
            depth += 1
        elif text in CLOSER.values():
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def test_spans(tokens: list[Token]) -> list[tuple[int, int]]:
    """Index ranges (end excluded) of items under `#[test]` or `#[cfg(test)]`, attributes included."""
    spans = []
    index = 0
    while index < len(tokens):
        end = _attribute_end(tokens, index)
        if end is None:
            index += 1
        elif _is_test_attribute(tokens[index:end]):
            stop = _item_end(tokens, end)
            spans.append((index, stop))
            index = stop
        else:
            index = end
    return spans


def macro_spans(tokens: list[Token]) -> list[tuple[int, int]]:
    """Index ranges of `macro_rules!` definitions: their insides are patterns, not code."""
    spans = []
    for index, token in enumerate(tokens[:-3]):
        if token.text == "macro_rules" and tokens[index + 1].text == "!":
            spans.append((index, closing(tokens, index + 3) + 1))
    return spans


def test_text(source: bytes) -> list[str]:
    """What a repair must leave alone in a library file: its tests and its documentation (doc tests live there)."""
    tokens = scan(source)
    kept = [token.text for token in tokens if token.kind == DOC]
    plain = code(tokens)
    for start, end in test_spans(plain):
        kept.extend(token.text for token in plain[start:end])
    return kept


def _token(source: bytes, at: int) -> tuple[str, int]:
    for kind, pattern in _COMPILED:
        match = pattern.match(source, at)
        if match:
            return kind, match.end()
    return PUNCT, at + 1


def _block_comment(source: bytes, at: int) -> tuple[str, int] | None:
    """Block comments nest, which no regular expression can follow."""
    if not source.startswith(b"/*", at):
        return None
    kind = DOC if source[at + 2 : at + 3] in (b"*", b"!") and not source.startswith(b"/**/", at) else COMMENT
    depth, index = 0, at
    while index < len(source):
        if source.startswith(b"/*", index):
            depth, index = depth + 1, index + 2
        elif source.startswith(b"*/", index):
            depth, index = depth - 1, index + 2
            if depth == 0:
                return kind, index
        else:
            index += 1
    return kind, len(source)


def _attribute_end(tokens: list[Token], index: int) -> int | None:
    if tokens[index].text == "#" and index + 1 < len(tokens) and tokens[index + 1].text == "[":
        return closing(tokens, index + 1) + 1
    return None


def _is_test_attribute(tokens: list[Token]) -> bool:
    words = [token.text for token in tokens if token.kind == IDENT]
    return words == ["test"] or (words[:1] == ["cfg"] and "test" in words and "not" not in words)


def _item_end(tokens: list[Token], index: int) -> int:
    """Behind the item that starts at `index`: further attributes, then to its `;` or its closing brace."""
    while index < len(tokens) and (end := _attribute_end(tokens, index)) is not None:
        index = end
    while index < len(tokens):
        text = tokens[index].text
        if text == ";":
            return index + 1
        if text == "{":
            return closing(tokens, index) + 1
        index = closing(tokens, index) + 1 if text in ("(", "[") else index + 1
    return index
