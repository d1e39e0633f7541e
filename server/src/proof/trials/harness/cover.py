"""Why: which lines a test runs is what fault localisation starts from.

`sys.monitoring` where there is one (3.12 and later: each line costs once), else `sys.settrace`; both look at the
workspace's own files only, and files of tests are left out by the usual names.
"""

import os
import re
import sys
import threading

TESTS = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest|tests?)\.py$")


class Lines:
    """Lines that run between `begin` and `end`, by absolute path."""

    def __init__(self, overlay):
        self.overlay, self.hits, self.wanted = overlay, {}, {}

    def wants(self, filename):
        if filename not in self.wanted:
            path = os.path.abspath(filename)
            self.wanted[filename] = not filename.startswith("<") and self.overlay.owns(path) and not TESTS.search(self.overlay.relative(path))
        return self.wanted[filename]

    def begin(self):
        if sys.version_info >= (3, 12):
            watch = sys.monitoring
            watch.use_tool_id(watch.COVERAGE_ID, "lamplighter")
            watch.register_callback(watch.COVERAGE_ID, watch.events.LINE, self._line)
            watch.restart_events()
            watch.set_events(watch.COVERAGE_ID, watch.events.LINE)
        else:
            threading.settrace(self._call)
            sys.settrace(self._call)

    def end(self):
        if sys.version_info >= (3, 12):
            sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
        else:
            threading.settrace(None)
            sys.settrace(None)
        return {self.overlay.relative(os.path.abspath(name)): sorted(lines) for name, lines in self.hits.items()}

    def _line(self, code, line):
        if self.wants(code.co_filename):
            self.hits.setdefault(code.co_filename, set()).add(line)
        return sys.monitoring.DISABLE

    def _call(self, frame, event, _argument):
        name = frame.f_code.co_filename
        if not self.wants(name):
            return None
        add = self.hits.setdefault(name, set()).add

        def local(frame, event, _argument):
            if event == "line":
                add(frame.f_lineno)
            return local

        return local
