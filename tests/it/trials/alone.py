"""Compiles every function of the standard library alone, as trials do, and counts those that differ from their module's."""

import ast
import glob
import os
import sys

sys.path.insert(0, sys.argv[1])
from lamplighter_trials import swap  # noqa: E402
from lamplighter_trials.overlay import nested  # noqa: E402

CHECKED, DIFFERENT = [], []


def check(module, body, code):
    for node in body:
        if isinstance(node, ast.ClassDef):
            check(module, node.body, code)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            place = module.offset(node.body[-1].lineno, node.body[-1].col_offset)
            try:
                unit = module.unit_at(place, place)
                live = module.live(code, unit)
            except swap.NeedsImport:
                continue
            alone = module.alone(unit, module.text[unit[2]:unit[3]])
            for _ in unit[0] + [unit[1]]:
                alone = next(inner for inner in nested(alone) if inner.co_name in [name.name for name in unit[0] + [unit[1]]])
            CHECKED.append(node.name)
            if not swap.same(live, alone):
                DIFFERENT.append("%s:%d %s" % (module.path, node.lineno, node.name))


for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py"))):
    with open(path, "rb") as file:
        text = file.read()
    code = compile(text, path, "exec", 0, True)
    module = swap.Module(path, text, [code])
    check(module, module.tree.body, code)
print(len(CHECKED), "checked;", len(DIFFERENT), "different:", DIFFERENT[:5])
