"""Why: a candidate inside a function's body needs no new import; new code under the live functions is enough, if it is sound.

It is sound when nothing that already happened depended on the old code: the changed function did not run while the tests
were imported and collected, its signature, kind and documentation are the same (decorators look at those), and every live
function made from it is found. Everything else says `NeedsImport`, and the candidate is tried in a process that imports it.
"""

import __future__
import ast
import gc
import re
import sys
import threading
import types
import warnings

from .overlay import nested, splice

GENERATORS = 0x20 | 0x80 | 0x100 | 0x200  # generator, coroutine, iterable coroutine, asynchronous generator
ARGUMENTS = 0x04 | 0x08  # *args, **kwargs
FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names} - {0x10})
TOOL = 4  # our number among the tools of sys.monitoring


class NeedsImport(Exception):
    """The candidate cannot be swapped in; says why."""


class Ran:
    """Which code ran since the watch began, on all threads."""

    def __init__(self):
        self.codes = {}

    def __contains__(self, code):
        return id(code) in self.codes

    def begin(self):
        if sys.version_info >= (3, 12):
            watch = sys.monitoring
            watch.use_tool_id(TOOL, "lamplighter")
            watch.register_callback(TOOL, watch.events.PY_START, self._start)
            watch.set_events(TOOL, watch.events.PY_START)
        else:
            threading.setprofile(self._profile)
            sys.setprofile(self._profile)

    def end(self):
        if sys.version_info >= (3, 12):
            sys.monitoring.set_events(TOOL, 0)
            sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, None)
            sys.monitoring.free_tool_id(TOOL)
        else:
            threading.setprofile(None)
            sys.setprofile(None)

    def _start(self, code, _offset):
        self.codes[id(code)] = code
        return sys.monitoring.DISABLE

    def _profile(self, frame, event, _argument):
        if event == "call":
            self.codes[id(frame.f_code)] = frame.f_code


def own(code):
    """All that `code` does itself: everything but line numbers and the insides of nested code."""
    return (
        code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags, code.co_name,
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, getattr(code, "co_exceptiontable", b""),
        tuple(constant(const) for const in code.co_consts),
    )


def constant(value):
    """An identity for constants that tells 1 from True and 0.0 from -0.0."""
    if isinstance(value, types.CodeType):
        return "code"
    if isinstance(value, tuple):
        return tuple(constant(item) for item in value)
    if isinstance(value, frozenset):
        return frozenset(constant(item) for item in value)
    return type(value).__name__, repr(value)


def header(code):
    """What decorators and callers may have looked at before the function ever ran."""
    arguments = code.co_argcount + code.co_kwonlyargcount + bin(code.co_flags & ARGUMENTS).count("1")
    first = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    return (
        code.co_name, code.co_flags & (GENERATORS | ARGUMENTS), code.co_freevars, code.co_varnames[:arguments],
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, first,
    )


def pairs(old, new, ran):
    """Old and new code objects that correspond, outermost first."""
    if own(old) == own(new):
        yield old, new
        for inner_old, inner_new in zip(nested(old), nested(new)):
            yield from pairs(inner_old, inner_new, ran)
    elif old in ran:
        raise NeedsImport("it ran while the tests were imported")
    elif header(old) != header(new):
        raise NeedsImport("its signature, kind, closure or documentation changes")
    else:
        yield old, new


def same(old, new):
    """Whether two code objects do the same, all the way down."""
    return own(old) == own(new) and all(same(a, b) for a, b in zip(nested(old), nested(new)))


class Functions:
    """Every live function of the workspace's loaded code. Made once, before the first fork."""

    def __init__(self, loaded):
        self.by_code, self.strange, known = {}, set(), {}
        stack = [code for codes in loaded.values() for code in codes]
        files = {code.co_filename for code in stack}
        while stack:
            code = stack.pop()
            known[id(code)] = code
            stack += nested(code)
        gc.unfreeze()
        for function in gc.get_objects():
            if type(function) is types.FunctionType:
                code = function.__code__
                if id(code) in known:
                    self.by_code.setdefault(id(code), []).append(function)
                elif code.co_filename in files:
                    self.strange.add((code.co_filename, code.co_name, code.co_firstlineno))

    def swap(self, old, new):
        if (old.co_filename, old.co_name, old.co_firstlineno) in self.strange:
            raise NeedsImport("something rewrote its code")
        for function in self.by_code.get(id(old), ()):
            try:
                function.__code__ = new
            except ValueError as error:
                raise NeedsImport(str(error))


def imported(node):
    """Names that imports bind in a module's own scope."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            names = [alias.asname or alias.name.split(".")[0] for alias in child.names]
            yield from (name for name in names if name != "*")
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from imported(child)


class Module:
    """One loaded file: finds the function around an edit and compiles that function alone."""

    def __init__(self, path, text, codes):
        self.path, self.text, self.codes = path, text, codes
        self.tree = ast.parse(text)
        self.lines = [3 if text.startswith(b"\xef\xbb\xbf") else 0] + [end.end() for end in re.finditer(rb"\r\n|\r|\n", text)]
        self.before = {}  # unit -> the old text of it, compiled alone
        names = sorted(set(imported(self.tree)))
        self.imports = ("import %s\n" % ", ".join(names)).encode() if names else b""

    def offset(self, line, column):
        return self.lines[line - 1] + column

    def first_line(self, node):
        return min([node.lineno] + [mark.lineno for mark in getattr(node, "decorator_list", ())])

    def unit_at(self, start, end):
        """(classes, function, first byte, one past the last) around the edit, which lies inside the function's body."""
        classes, body, limit = [], self.tree.body, len(self.text)
        while True:
            for node, follower in zip(body, body[1:] + [None]):
                first = self.lines[self.first_line(node) - 1]
                stop = limit if follower is None else self.lines[self.first_line(follower) - 1]
                if first <= start and end <= stop:
                    break
            else:
                raise NeedsImport("it is outside a function")
            inside = self.body_start(node)
            if inside is None or start < inside or getattr(node, "type_params", None):
                raise NeedsImport("it is outside a function's body")
            if isinstance(node, ast.ClassDef):
                classes, body, limit = classes + [node], node.body, stop
            else:
                return classes, node, first, stop

    def body_start(self, node):
        """First byte of the body that an edit may touch, or None where there is no plain function or class."""
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return None
        line = self.lines[self.first_line(node.body[0]) - 1]
        start = self.offset(node.body[0].lineno, node.body[0].col_offset)
        return line if not self.text[line:start].strip() else start

    def alone(self, unit, text):
        """Module code of `text` (the unit's, old or new) inside nothing but its classes, on its own lines. The names that
        the module imports are imported after it: since 3.11 the compiler calls methods of imported names another way."""
        classes, node = unit[0], unit[1]
        out, line = [], 1
        for outer in classes:
            start = self.offset(outer.lineno, outer.col_offset)
            indent = self.text[self.lines[outer.lineno - 1]:start]
            out += [b"\n" * (outer.lineno - line), indent, b"class ", outer.name.encode(), b":"]
            line = outer.lineno
        out += [b"\n" * (self.first_line(node) - line), text, b"\n", self.imports]
        flags = self.codes[0].co_flags & FUTURE
        return compile(b"".join(out), self.codes[0].co_filename, "exec", flags, True)

    def live(self, module, unit):
        """The unit's function among the code that `module` was made from."""
        code = module
        for node in unit[0] + [unit[1]]:
            lines = (node.lineno, self.first_line(node))
            found = [inner for inner in nested(code) if inner.co_name == node.name and inner.co_firstlineno in lines]
            if len(found) != 1:
                raise NeedsImport("its code was not found")
            code = found[0]
        return code

    def plan(self, edits, ran):
        """Pairs of old and new code for a candidate's edits of this file; SyntaxError where it does not compile."""
        units = {}
        for edit in edits:
            unit = self.unit_at(edit["start"], edit["end"])
            units.setdefault(unit[2], (unit, []))[1].append(edit)
        out = []
        for unit, inner in units.values():
            shifted = [dict(edit, start=edit["start"] - unit[2], end=edit["end"] - unit[2]) for edit in inner]
            out += self.unit_pairs(unit, shifted, ran)
        return out

    def prepare(self, edits):
        """Compiles the old text of the edited units, once for all forks."""
        for edit in edits:
            try:
                unit = self.unit_at(edit["start"], edit["end"])
                self.before.setdefault(unit[2], self.alone(unit, self.text[unit[2]:unit[3]]))
            except (NeedsImport, SyntaxError):
                pass  # said again, and heard, in the fork

    def unit_pairs(self, unit, edits, ran):
        old_text = self.text[unit[2]:unit[3]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = self.before.get(unit[2]) or self.alone(unit, old_text)
            new = self.alone(unit, splice(old_text, edits))
        for _ in unit[0] + [unit[1]]:
            if own(old) != own(new) or len(nested(old)) != 1:
                raise NeedsImport("it changes more than a function's body")
            old, new = nested(old)[0], nested(new)[0]
        out = []
        for module in self.codes:
            live = self.live(module, unit)
            if not same(live, old):
                raise NeedsImport("its code was transformed when it was imported")
            out += pairs(live, new, ran)
        return out
