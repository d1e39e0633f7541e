"""Sites in Rust source, found on its tokens.

Tokens know no types, so many of these would not compile; the seeder finds out and goes on to the next.
"""

import random

from rust_tokens import IDENT, NUMBER, PUNCT, Token, closing, code, macro_spans, scan, test_spans
from sites import ARITHMETIC, COMPARISONS, LONGEST, TWIN, Site, nudged

KEYWORDS = set(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref "
    "return self Self static struct super trait true type unsafe use where while".split()
)
GUARDS = {"is_empty", "is_none", "is_err"}


def find(source: bytes, rng: random.Random) -> list[Site]:
    """Every site inside the function bodies of a file, tests and macro definitions left out."""
    del rng  # Sites of this language need no chance; the seeder chooses among them.
    tokens = code(scan(source))
    finder = _Finder(source, tokens)
    closed = test_spans(tokens) + macro_spans(tokens)
    index = 0
    while index < len(tokens):
        behind = next((end for start, end in closed if start <= index < end), None)
        if behind is not None:
            index = behind
        elif tokens[index].text == "fn" and tokens[index].kind == IDENT:
            index = finder.function(index)
        else:
            index += 1
    return sorted(set(finder.sites), key=lambda site: (site.offset, site.kind, site.after))


class _Finder:
    def __init__(self, source: bytes, tokens: list[Token]):
        self.source = source
        self.tokens = tokens
        self.sites: list[Site] = []
        self.fields = self._fields()

    def _fields(self) -> list[str]:
        """Names read as `self.name` anywhere in the file, methods left out."""
        found = set()
        for index in range(len(self.tokens) - 3):
            a, b, c, d = self.tokens[index : index + 4]
            if a.text == "self" and b.text == "." and c.kind == IDENT and d.text not in ("(", "::"):
                found.add(c.text)
        return sorted(found)

    def function(self, index: int) -> int:
        """Sites of the function whose `fn` stands at `index`; returns the index behind it."""
        opening = index
        names: list[str] = []
        while self.text(opening) not in ("{", ";", ""):
            if self.text(opening) in ("(", "["):
                end = closing(self.tokens, opening)
                for inner in range(opening, end):
                    if self.is_name(inner) and self.text(inner + 1) == ":" and self.text(inner - 1) in ("(", ",", "mut"):
                        names.append(self.text(inner))
                opening = end
            opening += 1
        if self.text(opening) != "{":
            return opening + 1
        end = closing(self.tokens, opening)
        for inner in range(opening + 1, end):
            self._bind(inner, names)
            self._operators(inner)
            self._names(inner, names)
            self._calls(inner)
            self._guard(inner)
        return end + 1

    # Reading

    def text(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def is_name(self, index: int) -> bool:
        return 0 <= index < len(self.tokens) and self.tokens[index].kind == IDENT and self.text(index) not in KEYWORDS

    def spaced(self, index: int) -> bool:
        """White space on both sides, as formatted operators have and generics, references and negations have not."""
        token = self.tokens[index]
        return self.source[token.start - 1 : token.start].isspace() and self.source[token.end : token.end + 1].isspace()

    def is_operand(self, index: int) -> bool:
        """Can the token end an expression? Then an operator after it has two sides."""
        token = self.tokens[index]
        return token.text in (")", "]") or token.kind == NUMBER or self.is_name(index) or token.text == "self"

    def add(self, kind: str, first: int, last: int, after: str, before: str | None = None) -> None:
        start, end = self.tokens[first].start, self.tokens[last].end
        self.put(kind, start, end, after, before)

    def put(self, kind: str, start: int, end: int, after: str, before: str | None = None) -> None:
        quoted = self.source[start:end].decode() if before is None else before
        if len(quoted) <= LONGEST and quoted != after:
            self.sites.append(Site(kind, start, end - start, quoted, after, self.source.count(b"\n", 0, start) + 1))

    # The kinds

    def _bind(self, index: int, names: list[str]) -> None:
        """Remembers what `let`, `for`, and `Some(…)` patterns bind."""
        if not self.is_name(index):
            return
        before = self.text(index - 1)
        pattern = before == "(" and self.text(index - 2) in ("Some", "Ok", "Err") and self.text(index + 2) in ("=", "=>")
        if before in ("let", "for") or (before == "mut" and self.text(index - 2) == "let") or pattern:
            names.append(self.text(index))

    def _operators(self, index: int) -> None:
        text = self.text(index)
        if self.tokens[index].kind == PUNCT and self.spaced(index) and self.is_operand(index - 1):
            for other in COMPARISONS.get(text, []):
                self.add("comparison", index, index, other)
            for other in ARITHMETIC.get(text, []):
                self.add("arithmetic", index, index, other)
            if text in ("&&", "||"):
                self.add("boolean", index, index, "||" if text == "&&" else "&&")
        if text == "!" and not self.is_operand(index - 1) and self.text(index - 1) != "#":
            self.add("negation", index, index, "")
        if text in ("if", "while", "&&", "||") and self.is_name(index + 1):
            self.put("negation", self.tokens[index + 1].start, self.tokens[index + 1].start, "!")
        if text in ("..", "..="):
            self.add("off by one", index, index, "..=" if text == ".." else "..")
        if self.tokens[index].kind == NUMBER:
            near = {self.text(index - 1), self.text(index + 1)}
            kind = "off by one" if near & {"..", "..=", "["} else "constant"
            kind = "attribute" if self.text(index - 1) == "." else kind
            for other in nudged(text):
                self.add(kind, index, index, other)

    def _names(self, index: int, names: list[str]) -> None:
        if not self.is_name(index):
            return
        text, before, after = self.text(index), self.text(index - 1), self.text(index + 1)
        if before == ".":
            field = self.text(index - 2) == "self" and after not in ("(", "::")
            for other in self.fields if field and text in self.fields else []:
                self.add("attribute", index, index, other)
            if text in TWIN and after == "(":
                self.add("attribute", index, index, TWIN[text])
        elif text in names and before not in ("::", "let", "for", "mut") and after not in ("(", "::", "!", ":", "{"):
            for other in dict.fromkeys(names):
                self.add("variable", index, index, other)

    def _calls(self, index: int) -> None:
        """`f(a, b)` with two single-token arguments side by side."""
        if self.text(index) not in ("(", ",") or self.text(index + 2) != "," or self.text(index + 4) not in (")", ","):
            return
        left, right = self.tokens[index + 1], self.tokens[index + 3]
        plain = all(self.is_name(i) or self.tokens[i].kind == NUMBER or self.text(i) == "self" for i in (index + 1, index + 3))
        if plain and left.text != right.text and self._in_call(index):
            gap = self.source[left.end : right.start].decode()
            self.put("argument swap", left.start, right.end, right.text + gap + left.text)

    def _in_call(self, index: int) -> bool:
        depth = 0
        while index > 0:
            text = self.text(index)
            if text in (")", "]", "}"):
                depth += 1
            elif text in ("(", "[", "{"):
                if depth == 0:
                    return text == "(" and self.is_name(index - 1)
                depth -= 1
            index -= 1
        return False

    def _guard(self, index: int) -> None:
        """`if x.is_empty() { return …; }` as a statement of its own, removed as a whole."""
        if self.text(index) != "if" or self.text(index - 1) not in ("{", "}", ";"):
            return
        opening = index
        while self.text(opening) not in ("{", ";", ""):
            opening += 1
        end = closing(self.tokens, opening)
        words = {self.text(inner) for inner in range(index, opening)}
        zero = self.text(opening - 1) == "0" and self.text(opening - 2) == "=="
        leaves = self.text(opening + 1) in ("return", "continue", "break") and self.text(end - 1) == ";"
        if leaves and self.text(end + 1) != "else" and (words & GUARDS or zero) and "!" not in words:
            self.put("guard removed", self.tokens[index].start, self.tokens[end].end, "", before="if")
