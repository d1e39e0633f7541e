"""VS Code - code-server, which is the same workbench - in Chromium, with the packaged extension installed.

The extension runs in a real extension host and starts the server; keys and clicks go in through the browser.
"""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

from terminal import CAPTURES, poll
from workspace import HERE, MEANWHILE, REPAIR, UNSAVED, Failure, cache, expect

CASES = [
    "the extension installs and the editor opens",
    "the menu offers the actions",
    "the status bar shows progress",
    "the fix arrives, unsaved, and typing is kept",
    "tests are added and hold",
    "the palette asks for a goal",
]

# `machine` settings are taken from Machine/settings.json where the workbench runs in a browser.
SETTINGS = {
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.layoutControl.enabled": False,
    "workbench.sideBar.location": "left",
    "chat.commandCenter.enabled": False,
    "editor.minimap.enabled": False,
    "editor.stickyScroll.enabled": False,
    "editor.fontFamily": "DejaVu Sans Mono",
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "telemetry.telemetryLevel": "off",
    "security.workspace.trust.enabled": False,
}


class Workbench:
    """code-server on a free port of the loopback, with its own data and extensions folders."""

    def __init__(self, workspace, server):
        self.workspace = workspace
        self.data = workspace.home / "vscode"
        extensions = self.data / "extensions"
        for place, settings in (("User", SETTINGS), ("Machine", {"lamplighter.server.path": str(server)})):
            (self.data / place).mkdir(parents=True)
            (self.data / place / "settings.json").write_text(json.dumps(settings))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.words = [cache() / "bin" / "code-server", "--user-data-dir", self.data, "--extensions-dir", extensions]
        self.log = open(self.data / "code-server.log", "w")

    def __enter__(self):
        self._install()
        options = ["--bind-addr", f"127.0.0.1:{self.port}", "--auth", "none", "--disable-telemetry",
                   "--disable-update-check", "--disable-workspace-trust", "--disable-getting-started-override"]
        # A session of its own, so that the extension host and all else can be ended with it.
        self.process = subprocess.Popen([*self.words, *options], stdout=self.log, stderr=self.log,
                                        env=self.workspace.environment(), start_new_session=True)
        expect(poll(self._answers, 60), "code-server does not answer within 60 s")
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()

    def _install(self):
        package = cache() / "extension" / "lamplighter.vsix"
        done = subprocess.run([*self.words, "--install-extension", package], env=self.workspace.environment(),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        expect("successfully installed" in done.stdout, f"the extension does not install:\n{done.stdout}")

    def _answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def evidence(self):
        """The extension's own log, and what code-server said."""
        logs = [*self.data.glob("logs/**/*Lamplighter*.log"), self.data / "code-server.log"]
        return "\n".join(f"--- {log.name}\n" + "\n".join(log.read_text().splitlines()[-15:]) for log in logs)


class Page:
    """The workbench in Chromium, through page.mjs. Selectors are Playwright's."""

    def __init__(self, workbench):
        address = f"http://127.0.0.1:{workbench.port}/?folder={workbench.workspace.root}"
        words = [cache() / "bin" / "node", HERE / "page.mjs", cache() / "playwright", address]
        self.process = subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)

    def __getattr__(self, action):
        def ask(**arguments):
            self.process.stdin.write(json.dumps({"action": action, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            expect(line, f"the browser ended during `{action}`")
            answer = json.loads(line)
            if "error" in answer:
                raise Failure(f"{action} {arguments}: {answer['error']}")
            return answer["value"]
        return ask

    def wait(self, selector, seconds=30):
        self.appears(selector=selector, seconds=seconds)

    def open(self, path):
        self.press(key="Control+P")
        self.wait(".quick-input-widget input")
        self.type(text=path)
        self.wait(f'.quick-input-list .monaco-list-row:has-text("{path.rsplit("/")[-1]}")')
        self.press(key="Enter")
        self.wait(f'.tab.active:has-text("{path.rsplit("/")[-1]}")')

    def append_line(self, text):
        """Type a line at the end of the file."""
        self.press(key="Control+End")
        self.type(text=text + "\n")
        self.wait(f'.view-lines:has-text("{text}")')

    def palette(self, title):
        self.press(key="F1")
        self.wait(".quick-input-widget input")
        self.type(text=title)
        self.wait(f'.quick-input-list .monaco-list-row.focused:has-text("{title}")')
        self.press(key="Enter")

    def menu(self):
        """Open the code-action menu on the word `average` of line 4."""
        self.press(key="Control+G")
        self.wait(".quick-input-widget input")
        self.type(text="4:6")
        self.press(key="Enter")
        self.vanishes(selector=".quick-input-widget", seconds=30)
        self.press(key="Control+.")
        self.wait(".action-widget .monaco-list-row", 60)

    def choose(self, title):
        """Walk down the open menu to an entry and take it."""
        for _ in self.texts(selector=".action-widget .monaco-list-row"):
            if any(title in text for text in self.texts(selector=".action-widget .monaco-list-row.focused")):
                self.press(key="Enter")
                return
            self.press(key="ArrowDown")
        raise Failure(f"the menu has no entry {title!r} to select")

    def capture(self, moment):
        CAPTURES.mkdir(exist_ok=True)
        self.picture(path=str(CAPTURES / f"vscode-{moment}.png"))


def running(title):
    return f'.statusbar-item:has-text("{title}")'


def drive(report, workspace, server):
    with Workbench(workspace, server) as workbench, Page(workbench) as page:
        def evidence():
            picture = workspace.home / "failure.png"
            page.picture(path=str(picture))
            return f"screen: {picture}\n{workbench.evidence()}"

        def case(name):
            return report.case(name, evidence)

        with case(CASES[0]):
            page.wait(".monaco-workbench .explorer-folders-view", 120)
            page.open("stats/core.py")
            page.wait('.view-lines:has-text("The figures themselves")')
            page.append_line(UNSAVED)

        with case(CASES[1]):
            offered(page)
            page.capture("menu")

        with case(CASES[2]):
            page.choose("Plan & fix average")
            page.wait(running("average"), 60)
            page.capture("progress")
            page.append_line(MEANWHILE)

        with case(CASES[3]):
            page.wait(f'.view-lines:has-text("{REPAIR}")', 180)
            page.vanishes(selector=running("average"), seconds=60)
            workspace.expect_disk_untouched()
            workspace.expect_verified(1)
            page.wait(".tab.active.dirty")
            page.capture("edit")
            page.press(key="Control+S")
            page.vanishes(selector=".tab.active.dirty", seconds=20)
            workspace.expect_source(workspace.source.read_text())

        with case(CASES[4]):
            page.menu()
            page.choose("Add tests for average")
            page.wait(running("average"), 60)
            page.vanishes(selector=running("average"), seconds=180)
            page.palette("File: Save All")
            expect(poll(workspace.has_new_tests, 20), "no test was added on disk")
            workspace.expect_source(workspace.source.read_text())
            workspace.expect_new_tests()
            workspace.expect_verified(2)

        with case(CASES[5]):
            page.palette("Lamplighter: Do")
            page.wait('.quick-input-widget:has-text("What shall be done?")')
            page.press(key="Escape")


def offered(page):
    """Open the menu until both actions are in it: the extension host may still be starting."""
    titles = []

    def complete():
        nonlocal titles
        try:
            page.menu()
        except Failure:
            return False
        titles = page.texts(selector=".action-widget .monaco-list-row")
        found = [any(re.search(title, text) for text in titles)
                 for title in ("Plan & fix average", "Add tests for average")]
        if not all(found):
            page.press(key="Escape")
        return all(found)

    expect(poll(complete, 120), f"the menu offers {titles}")
