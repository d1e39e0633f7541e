"""Sites in Python source, found on the syntax tree; operators are located by its tokens."""

import ast
import io
import random
import tokenize
from bisect import bisect_left

from sites import ARITHMETIC, COMPARISONS, LONGEST, TWIN, Site, misspelt, nudged

SIMPLE = (ast.Name, ast.Attribute, ast.Constant)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def find(source: bytes, rng: random.Random) -> list[Site]:
    """Every site inside the functions of a module, in order of position."""
    finder = _Finder(source, rng)
    finder.visit(ast.parse(source))
    return sorted(set(finder.sites), key=lambda site: (site.offset, site.kind, site.after))


class _Finder(ast.NodeVisitor):
    def __init__(self, source: bytes, rng: random.Random):
        self.source = source
        self.rng = rng
        self.lines = source.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.tokens = [
            (self.starts[row - 1] + len(self.lines[row - 1].decode()[:column].encode()), token)
            for kind, token, (row, column), _, _ in tokenize.tokenize(io.BytesIO(source).readline)
            if kind in (tokenize.OP, tokenize.NAME)
        ]
        self.sites: list[Site] = []
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self.classes: list[ast.ClassDef] = []

    # Positions

    def start(self, node) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node) -> str:
        return self.source[self.start(node) : self.end(node)].decode()

    def between(self, left, right, wanted) -> tuple[int, str] | None:
        """The first wanted token between two nodes."""
        low = bisect_left(self.tokens, (self.end(left), ""))
        for offset, token in self.tokens[low:]:
            if offset >= self.start(right):
                return None
            if token in wanted:
                return offset, token
        return None

    def add(self, kind: str, offset: int, length: int, after: str, before: str | None = None) -> None:
        if not self.functions:
            return
        if before is None:
            before = self.source[offset : offset + length].decode()
        if len(before) <= LONGEST and before != after:
            line = self.source.count(b"\n", 0, offset) + 1
            self.sites.append(Site(kind, offset, length, before, after, line))

    def drop_word(self, kind: str, offset: int, word: str) -> None:
        """Takes a keyword away with the blanks behind it (a bracket may follow at once)."""
        rest = self.source[offset + len(word) :]
        self.add(kind, offset, len(word) + len(rest) - len(rest.lstrip(b" ")), "", before=word)

    def replace(self, kind: str, node, after: str) -> None:
        self.add(kind, self.start(node), self.end(node) - self.start(node), after)

    # Walking

    def visit_FunctionDef(self, node) -> None:
        self.functions.append(node)
        for statement in node.body:
            self.visit(statement)
        self.functions.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node) -> None:
        self.classes.append(node)
        self.generic_visit(node)
        self.classes.pop()

    def visit_JoinedStr(self, node) -> None:
        """Positions inside f-strings are unreliable before Python 3.12."""

    def visit_AnnAssign(self, node) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Expr(self, node) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    # Operators

    def visit_Compare(self, node) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators):
            found = self.between(left, right, [*COMPARISONS, "is", "in", "not"])
            if found and found[1] in COMPARISONS:
                for other in COMPARISONS[found[1]]:
                    self.add("comparison", found[0], len(found[1]), other)
            elif found:
                self._flip_membership(found, left, right)
        self.generic_visit(node)

    def _flip_membership(self, found, left, right) -> None:
        offset, token = found
        negated = self.between(left, right, ["not"])
        if negated is None:
            where, after = (offset + 2, " not") if token == "is" else (offset, "not ")
            self.add("negation", where, 0, after)
        elif token == "is":
            self.add("negation", offset + 2, negated[0] + 3 - (offset + 2), "")
        else:
            inside = self.source.find(b"in", offset + 3)
            self.add("negation", offset, inside - offset, "")

    def visit_BinOp(self, node) -> None:
        texts = any(
            isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in (node.left, node.right)
        )
        found = self.between(node.left, node.right, ARITHMETIC)
        if found and not texts:
            for other in ARITHMETIC[found[1]]:
                self.add("arithmetic", found[0], len(found[1]), other)
        self.generic_visit(node)

    def visit_AugAssign(self, node) -> None:
        found = self.between(node.target, node.value, ("+=", "-="))
        if found:
            self.add("arithmetic", found[0], 2, ARITHMETIC[found[1]][0])
        self.generic_visit(node)

    def visit_BoolOp(self, node) -> None:
        for left, right in zip(node.values, node.values[1:]):
            found = self.between(left, right, ("and", "or"))
            if found:
                self.add("boolean", found[0], len(found[1]), "or" if found[1] == "and" else "and")
        self.generic_visit(node)

    def visit_UnaryOp(self, node) -> None:
        if isinstance(node.op, ast.Not):
            self.drop_word("negation", self.start(node), "not")
        self.generic_visit(node)

    # Statements

    def _condition(self, test) -> None:
        if isinstance(test, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            self.add("negation", self.start(test), 0, "not ")

    def visit_While(self, node) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    visit_IfExp = visit_While

    def visit_If(self, node) -> None:
        self._condition(node.test)
        self._guard(node)
        self.generic_visit(node)

    def _guard(self, node: ast.If) -> None:
        """`if x is None: …` or `if not x: …` before other statements, removed as a whole."""
        one_way_out = isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Assign))
        short = len(node.body) == 1 and not node.orelse and node.end_lineno - node.lineno <= 4
        # An `elif` has the position of its keyword, and is no statement of its own.
        alone = self.text(node).startswith("if") and not self.lines[node.lineno - 1][: node.col_offset].strip()
        sibling = self._next_statement(node)
        if one_way_out and short and alone and _is_guard(node.test) and sibling:
            self.add("guard removed", self.start(node), sibling - self.start(node), "", before="if")

    def _next_statement(self, node) -> int | None:
        """Where the statement after this one starts, if one follows at the same depth (the block must stay a block)."""
        for row in range(node.end_lineno, len(self.lines)):
            line = self.lines[row]
            if line.strip():
                indent = len(line) - len(line.lstrip(b" "))
                return self.starts[row] + indent if indent == node.col_offset else None
        return None

    def visit_Return(self, node) -> None:
        value = node.value
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            self.drop_word("return dropped", self.start(node), "return")
        self.generic_visit(node)

    # Names, values, calls

    def visit_Name(self, node) -> None:
        if not isinstance(node.ctx, ast.Load) or node.id in ("self", "cls"):
            return
        local = self._locals_before(node) if self.functions else []
        if node.id in local:
            for other in local:
                self.replace("variable", node, other)
        if len(node.id) >= 4:
            self.replace("misspelt name", node, misspelt(node.id, self.rng))

    def _locals_before(self, node) -> list[str]:
        """Parameters, and names bound on earlier lines of the same function, in alphabetical order."""
        function = self.functions[-1]
        arguments = function.args
        names = {a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        for inner in ast.walk(function):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.lineno < node.lineno:
                names.add(inner.id)
        return sorted(names - {"self", "cls"})

    def visit_Attribute(self, node) -> None:
        offset = self.end(node) - len(node.attr.encode())
        if isinstance(node.ctx, ast.Load):
            for other in self._siblings_of(node):
                self.add("attribute", offset, len(node.attr), other)
            if node.attr in TWIN:
                self.add("attribute", offset, len(node.attr), TWIN[node.attr])
            if len(node.attr) >= 4:
                self.add("misspelt name", offset, len(node.attr), misspelt(node.attr, self.rng))
        self.generic_visit(node)

    def _siblings_of(self, node: ast.Attribute) -> list[str]:
        """Other data attributes the same class sets on `self`."""
        if not self.classes or not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            return []
        stored = {
            inner.attr
            for inner in ast.walk(self.classes[-1])
            if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
            and isinstance(inner.value, ast.Name) and inner.value.id == "self"
        }  # fmt: skip
        return sorted(stored - {node.attr}) if node.attr in stored else []

    def visit_Call(self, node) -> None:
        for left, right in zip(node.args, node.args[1:]):
            if isinstance(left, SIMPLE) and isinstance(right, SIMPLE) and self.text(left) != self.text(right):
                gap = self.source[self.end(left) : self.start(right)].decode()
                if "\n" not in gap:
                    after = self.text(right) + gap + self.text(left)
                    self.add("argument swap", self.start(left), self.end(right) - self.start(left), after)
        if isinstance(node.func, ast.Name):
            if node.func.id in TWIN:
                self.replace("attribute", node.func, TWIN[node.func.id])
            if node.func.id == "range" and node.args:
                self._bound(node.args[0 if len(node.args) == 1 else 1])
        self.generic_visit(node)

    def visit_Subscript(self, node) -> None:
        if isinstance(node.slice, ast.Slice):
            for bound in (node.slice.lower, node.slice.upper):
                if bound is not None:
                    self._bound(bound)
        elif isinstance(node.ctx, ast.Load):
            self._bound(node.slice, index=True)
        self.generic_visit(node)

    def _bound(self, node, index: bool = False) -> None:
        """One too many or one too few in an index, a slice or a range."""
        number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        if isinstance(number, ast.Constant) and type(number.value) is int:
            for other in nudged(self.text(number)):
                self.replace("off by one", number, other)
        elif not index and isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
            for after in (" - 1", " + 1"):
                self.add("off by one", self.end(node), 0, after)

    def visit_Constant(self, node) -> None:
        if type(node.value) is int:
            for other in nudged(self.text(node)):
                self.replace("constant", node, other)


def _is_guard(test) -> bool:
    """`x is None`, `not x`, `x == ""`, `len(x) == 0`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, (ast.Name, ast.Attribute))
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        value = test.comparators[0].value
        return isinstance(test.ops[0], ast.Is) and value is None or isinstance(test.ops[0], ast.Eq) and value in ("", 0)
    return False
