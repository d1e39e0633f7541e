"""Why: a candidate must be seen by every import of the process that tries it, and by nobody else.

Files of the workspace are compiled from their text alone, never from `__pycache__` (whose check, whole seconds and size,
misses a one-character change made in the same second), and a candidate's text stands in for the file where there is one.
Every code object that a module is made from is kept: it is what functions are looked up by when they are swapped.
"""

import importlib.machinery
import linecache
import os
import sys
import types

FOREIGN = ("site-packages", "dist-packages")
SPAWNING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
SPAWNING_MODULES = ("multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver")


class Overlay:
    """The texts that stand in for files, and the code that was loaded."""

    def __init__(self, root):
        self.root = root.rstrip(os.sep) + os.sep
        self.texts = {}  # absolute path -> bytes of the candidate
        self.compiled = {}  # absolute path -> code that an earlier process compiled from the file as it is
        self.loaded = {}  # absolute path -> code objects that modules of this process were made from
        self.doubt = None  # why the verdict may differ from a run on written files

    def owns(self, path):
        """Whether `path` is a source of the workspace, not of an environment inside it."""
        return path.startswith(self.root) and not any(part in FOREIGN for part in path[len(self.root):].split(os.sep))

    def relative(self, path):
        return path[len(self.root):].replace(os.sep, "/")

    def absolute(self, relative):
        return os.path.join(self.root, *relative.split("/"))

    def install(self):
        """From here on imports go through the overlay. Standard import machinery only; other loaders are left alone."""
        loader, overlay = importlib.machinery.SourceFileLoader, self
        plain_code, plain_data = loader.get_code, loader.get_data

        def get_data(self, path):
            text = overlay.texts.get(os.path.abspath(path)) if overlay.texts else None
            return plain_data(self, path) if text is None else text

        def get_code(self, fullname):
            path = os.path.abspath(self.get_filename(fullname))
            if not overlay.owns(path):
                return plain_code(self, fullname)
            code = None if path in overlay.texts else overlay.compiled.get(path)
            if code is None:
                code = self.source_to_code(self.get_data(path), path)
            overlay.loaded.setdefault(path, []).append(code)
            return code

        loader.get_code, loader.get_data = get_code, get_data

    def lay(self, texts):
        """Puts a candidate's texts over the files, for imports to come and for tracebacks."""
        self.texts = texts
        for path, text in texts.items():
            lines = text.decode("utf-8", "replace").replace("\r\n", "\n").splitlines(True)
            linecache.cache[path] = (len(text), None, lines, path)

    def watch(self):
        """Notes what an in-memory candidate cannot reach: other programs, and code that reads the source file itself."""

        def hook(event, args):
            if self.doubt is not None:
                return
            if event == "open":
                if isinstance(args[0], str) and args[0].endswith(".py") and os.path.abspath(args[0]) in self.texts:
                    self.doubt = "the tests read a changed file"
            elif event in SPAWNING or event == "import" and args[0] in SPAWNING_MODULES:
                self.doubt = "the tests start other programs"

        sys.addaudithook(hook)


def splice(text, edits):
    """`text` (bytes) with `edits` ({start, end, text}, byte ranges that do not overlap) applied."""
    out, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit["start"], edit["end"])):
        out += [text[done:edit["start"]], edit["text"].encode("utf-8")]
        done = edit["end"]
    return b"".join(out + [text[done:]])


def nested(code):
    """The code objects right inside `code`, in order."""
    return [const for const in code.co_consts if isinstance(const, types.CodeType)]
