"""Helix, in a terminal, with the fragments of `editors/helix` as its whole configuration.

Helix has no remote interface: what it holds is seen on the screen, and on disk once it is told to write.
"""

import re
import shutil

from terminal import Terminal, poll
from workspace import MEANWHILE, REPAIR, REPOSITORY, UNSAVED, cache, expect

CASES = [
    "the server starts with the file",
    "the menu offers the actions",
    "the status line shows progress",
    "the fix arrives, unsaved, and typing is kept",
    "tests are added and hold",
    "a command from the command line is answered",
]

TITLES = "Plan & fix|Add tests for|Fix failing test|Do this|Plan this|Cancel run|Show run|Undo last run|Refactor|Document|Explain"
# Helix 25.01 shows `[token] 40% message`, 25.07 `lamplighter: 40% title - message`, at the foot of the screen.
PROGRESS = r"^\s*(?:\[\S+\]|lamplighter:).*\b\d+%"
# The same, once it says what is being done.
DOING = PROGRESS + r" \w+ .*\w"


class Helix(Terminal):
    def __init__(self, workspace, server):
        home = workspace.home
        configure(home / ".config" / "helix")
        # The fragment names `lamplighter` on PATH, so that is how it is found here too.
        (home / "bin").mkdir()
        (home / "bin" / "lamplighter").symlink_to(server)
        environment = workspace.environment()
        environment["PATH"] = f"{home}/bin:{environment['PATH']}"
        self.log = home / ".cache" / "helix" / "helix.log"
        super().__init__("helix", [cache() / "bin" / "hx", "-v", "stats/core.py"], workspace.root, environment)

    def evidence(self):
        log = self.log.read_text().splitlines()[-15:] if self.log.exists() else []
        return "\n".join([self.screen(), *(line[:300] for line in log)])

    def append_line(self, text):
        """Type a line at the end of the file, and be back in normal mode before the next key: Escape and a key mean Alt."""
        self.type("geo")
        self.wait("^ INS ")
        self.keys("C-u")  # takes the automatic indent away
        self.type(text)
        self.wait(re.escape(text))
        self.keys("Escape")
        self.wait("^ NOR ")

    def command(self, words):
        self.type(f":{words}")
        self.keys("Enter")

    def choose(self, title):
        """Open the code-action menu on `average` and pick an entry; the first one is selected already."""
        self.type("4ggww a")
        self.wait(re.escape(title))
        for _ in range(self.place_of(title)):
            self.keys("Down")
        self.keys("Enter")

    def place_of(self, title):
        """Which entry of the open menu that is, from 1; text beside the menu may follow a title on its line."""
        entries = re.findall(rf"(?:{TITLES}).*", self.screen())
        return next(at for at, entry in enumerate(entries) if f"{entry} ".startswith(f"{title} "))


def configure(folder):
    """The two fragments, plus a theme without which the pictures would have 16 colours."""
    shutil.copytree(REPOSITORY / "editors" / "helix", folder, ignore=shutil.ignore_patterns("*.md"))
    config = folder / "config.toml"
    config.write_text('theme = "dark_plus"\n' + config.read_text())


def drive(report, workspace, server):
    with Helix(workspace, server) as helix:
        def case(name):
            return report.case(name, helix.evidence)

        with case(CASES[0]):
            helix.wait("The figures themselves")
            started = r"lamplighter.*<- .*capabilities"
            expect(poll(lambda: helix.log.exists() and re.search(started, helix.log.read_text()), 20),
                   "Helix never got an answer to `initialize`")
            helix.append_line(UNSAVED)

        with case(CASES[1]):
            helix.type("4ggww a")
            helix.wait("Add tests for average")
            helix.wait("Plan & fix average")
            helix.capture("menu")
            helix.keys("Escape")
            helix.wait_gone("Add tests for average")

        with case(CASES[2]):
            helix.choose("Plan & fix average")
            helix.wait(DOING, 60)
            helix.capture("progress")
            helix.append_line(MEANWHILE)

        with case(CASES[3]):
            helix.wait(re.escape(REPAIR), 180)
            helix.wait_gone(PROGRESS, 30)
            helix.wait(re.escape(UNSAVED))
            helix.capture("edit")
            workspace.expect_disk_untouched()
            workspace.expect_verified(1)
            helix.command("write")
            poll(lambda: workspace.source.read_text() != workspace.original, 20)
            workspace.expect_source(workspace.source.read_text())

        with case(CASES[4]):
            helix.choose("Add tests for average")
            helix.wait(PROGRESS, 60)
            helix.wait_gone(PROGRESS, 180)
            helix.command("write-all")
            expect(poll(workspace.has_new_tests, 20), "no test was added on disk")
            workspace.expect_source(workspace.source.read_text())
            workspace.expect_new_tests()
            workspace.expect_verified(2)

        with case(CASES[5]):
            helix.command("lsp-workspace-command lamplighter.status")
            answered = r"lamplighter.*-> .*lamplighter\.status"
            expect(poll(lambda: re.search(answered, helix.log.read_text()), 20), "the command was not sent")
