"""Writes values as source text that gives them back, so that a test can compare with them."""
import collections
import contextlib
import dataclasses
import datetime
import decimal
import enum
import fractions
import importlib
import inspect
import math
import pathlib
import sys
import uuid

ITEMS = 40
TEXT = 240
EXPRESSION = 300


class NoExpression(Exception):
    """The value cannot be written as an expression that gives it back."""


def quoted(text, quote):
    """`repr` with the project's usual quote."""
    plain = repr(text)
    if quote == '"' and plain[0] == "'" and '"' not in text:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain


class Renderer:
    """Writes values as expressions, and collects the imports these need."""

    def __init__(self, quote):
        self.quote = quote
        self.needs = set()
        self.floats = False

    def of(self, value, depth=0):
        if depth > 6:
            raise NoExpression
        kind = type(value)
        if value is None or value is Ellipsis or kind is bool:
            return repr(value)
        if kind is int:
            if abs(value) > 10**40:
                raise NoExpression
            return repr(value)
        if kind is float:
            if math.isnan(value) or math.isinf(value):
                return "float(%s)" % quoted(repr(value), self.quote)
            self.floats = True
            return repr(value)
        if kind is complex or kind is range:
            return repr(value)
        if kind is str or kind is bytes:
            if len(value) > TEXT:
                raise NoExpression
            return quoted(value, self.quote) if kind is str else repr(value)
        if kind in (list, tuple, set, frozenset):
            return self.sequence(value, kind, depth)
        if kind is dict:
            return self.mapping(value, depth)
        return self.named(value, kind, depth)

    def sequence(self, value, kind, depth):
        if len(value) > ITEMS:
            raise NoExpression
        parts = [self.of(item, depth + 1) for item in value]
        if kind is list:
            return "[" + ", ".join(parts) + "]"
        if kind is tuple:
            return "(" + ", ".join(parts) + (",)" if len(parts) == 1 else ")")
        try:
            parts = [self.of(item, depth + 1) for item in sorted(value)]
        except TypeError:
            parts.sort()
        inner = "{" + ", ".join(parts) + "}" if parts else "set()"
        if kind is set:
            return inner
        return "frozenset(%s)" % (inner if parts else "")

    def mapping(self, value, depth):
        if len(value) > ITEMS:
            raise NoExpression
        return "{" + ", ".join(self.of(k, depth + 1) + ": " + self.of(v, depth + 1) for k, v in value.items()) + "}"

    def named(self, value, kind, depth):
        name = self.name_of(kind)
        call = lambda pairs: name + "(" + ", ".join(pairs) + ")"
        if isinstance(value, enum.Enum):
            if getattr(kind, value.name, None) is not value:
                raise NoExpression
            return name + "." + value.name
        if dataclasses.is_dataclass(value):
            fields = [field for field in dataclasses.fields(value) if field.init]
            return call(field.name + "=" + self.of(getattr(value, field.name), depth + 1) for field in fields)
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return call(field + "=" + self.of(getattr(value, field), depth + 1) for field in kind._fields)
        if kind is decimal.Decimal:
            return call([quoted(str(value), self.quote)])
        if kind is fractions.Fraction:
            return call([str(value.numerator), str(value.denominator)])
        if kind is uuid.UUID or isinstance(value, pathlib.PurePath):
            return call([quoted(str(value), self.quote)])
        if kind in (datetime.date, datetime.time, datetime.timedelta) or kind is datetime.datetime and value.tzinfo is None:
            return name + repr(value).split(kind.__name__, 1)[1]
        if kind is collections.Counter or kind is collections.OrderedDict or kind is collections.deque:
            inner = list(value) if kind is collections.deque else dict(value)
            return call([self.of(inner, depth + 1)])
        raise NoExpression

    def name_of(self, kind):
        """The name a test can import the class by."""
        module, name = kind.__module__, kind.__qualname__
        if issubclass(kind, pathlib.PurePath):
            name = "PurePath" if not issubclass(kind, pathlib.Path) else "Path"
            module = "pathlib"
        if not name.isidentifier() or module in ("builtins", "__main__"):
            raise NoExpression
        if getattr(sys.modules.get(module), name, None) is not kind and module != "pathlib":
            raise NoExpression
        self.needs.add((module, name))
        return name


def expression(value, quote):
    """An expression equal to `value` as `{expr, needs, float}`, or `None`. It is evaluated once to be sure."""
    renderer = Renderer(quote)
    try:
        text = renderer.of(value)
        if len(text) > EXPRESSION or " at 0x" in text:
            return None
        names = {name: getattr(importlib.import_module(module), name) for module, name in renderer.needs}
        again = eval(text, names)
        same = type(again) is type(value) and again == value
        if not same and not (isinstance(value, float) and math.isnan(value)):
            return None
    except Exception:
        return None
    return {"expr": text, "needs": sorted(renderer.needs), "float": renderer.floats and type(value) is float}


def facts(value, quote, made):
    """What can be said of a value that is no expression: its type (unless the call made it), public attributes, length."""
    found = [] if made else [["type({}).__name__", expression(type(value).__name__, quote)]]
    for name, attribute in sorted(public(value).items()):
        text = expression(attribute, quote)
        if text is not None and len(found) < 8:
            found.append(["{}." + name, text])
    if isinstance(value, collections.abc.Sized):
        with contextlib.suppress(Exception):
            found.append(["len({})", expression(len(value), quote)])
    return found


def public(value):
    """Public attributes and properties of an object of the project's own, callables left out."""
    found = {}
    kind = type(value)
    if kind.__module__ == "builtins" or inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value):
        return found
    names = set(getattr(value, "__dict__", ()))
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
        names.update(name for name, member in base.__dict__.items() if isinstance(member, property))
    for name in names:
        if name.startswith("_"):
            continue
        with contextlib.suppress(Exception):
            attribute = getattr(value, name)
            if not callable(attribute):
                found[name] = attribute
    return found
