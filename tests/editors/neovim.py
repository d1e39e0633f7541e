"""Neovim, in a terminal, with the plugin of `editors/neovim` and nothing else.

Keys go in through the terminal; what the buffer holds is asked over Neovim's own RPC.
"""

import json
import re
import subprocess

from terminal import Terminal, poll
from workspace import MEANWHILE, REPAIR, REPOSITORY, UNSAVED, cache, expect

CASES = [
    "the server starts with the file",
    "the menu offers the actions",
    "the statusline shows progress",
    "the fix arrives, unsaved, and typing is kept",
    "tests are added and hold",
    ":Lamplighter undo takes both back and keeps typing",
    ":Lamplighter completes and answers",
]

# As a user's own init.lua would be: the plugin, a statusline, and 0.11's default key for the menu.
INIT = """
vim.opt.runtimepath:prepend({plugin})
vim.g.lamplighter = {{ cmd = {{ {server}, 'lsp' }} }}
vim.opt.termguicolors = true
vim.opt.number = true
vim.opt.swapfile = false
vim.opt.shortmess:append('I')
vim.opt.statusline = " %f %m%=%{{v:lua.require'lamplighter'.statusline()}}  %l:%c "
vim.keymap.set('n', 'gra', vim.lsp.buf.code_action)
_G.ended = 0
vim.api.nvim_create_autocmd('LspProgress', {{
  pattern = 'end',
  callback = function() _G.ended = _G.ended + 1 end,
}})
"""


class Neovim(Terminal):
    def __init__(self, workspace, server):
        self.program = cache() / "bin" / "nvim"
        self.pipe = workspace.home / "nvim.sock"
        init = workspace.home / "init.lua"
        init.write_text(INIT.format(plugin=json.dumps(str(REPOSITORY / "editors/neovim")), server=json.dumps(str(server))))
        words = [self.program, "-u", init, "--listen", self.pipe, "stats/core.py"]
        super().__init__("neovim", words, workspace.root, workspace.environment())

    def ask(self, lua):
        """The value of a Lua expression inside Neovim."""
        expression = f"luaeval({json.dumps(f'vim.json.encode({lua})')})"
        done = subprocess.run([self.program, "--server", self.pipe, "--remote-expr", expression],
                              text=True, capture_output=True, timeout=20)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    def text(self):
        return "\n".join(self.ask("vim.api.nvim_buf_get_lines(0, 0, -1, false)")) + "\n"

    def evidence(self):
        return self.screen()

    def append_line(self, text):
        """Type a line at the end of the file."""
        self.type("Go" + text)
        self.wait(re.escape(text))
        self.keys("Escape")
        expect(poll(lambda: self.ask("vim.fn.mode()") == "n", 20), "Neovim does not leave insert mode")

    def command(self, words):
        self.type(f":{words}")
        self.keys("Enter")

    def choose(self, title):
        """Pick an entry of the open menu by its title."""
        number = self.wait(rf"^(\d+): {re.escape(title)}")[1]
        self.type(number)
        self.keys("Enter")


def drive(report, workspace, server):
    with Neovim(workspace, server) as nvim:
        def case(name):
            return report.case(name, nvim.evidence)

        with case(CASES[0]):
            attached = "#vim.lsp.get_clients({name='lamplighter', bufnr=0})"
            expect(poll(lambda: nvim.ask(attached) == 1, 20), "no lamplighter client is attached to the buffer")
            nvim.append_line(UNSAVED)

        with case(CASES[1]):
            nvim.type("4G0wgra")
            nvim.wait("Add tests for average")
            nvim.wait("Plan & fix average")
            nvim.capture("menu")

        with case(CASES[2]):
            nvim.choose("Plan & fix average")
            nvim.wait(r"average.* [1-9]\d*% · \w+ \w+", 60)
            nvim.capture("progress")
            nvim.append_line(MEANWHILE)

        with case(CASES[3]):
            wait_end(nvim, 1)
            workspace.expect_source(nvim.text())
            workspace.expect_disk_untouched()
            workspace.expect_verified(1)
            expect(nvim.ask("vim.bo.modified"), "the buffer is not marked as modified")
            nvim.wait(re.escape(REPAIR))
            nvim.capture("edit")

        with case(CASES[4]):
            nvim.type("4G0wgra")
            nvim.choose("Add tests for average")
            wait_end(nvim, 2)
            nvim.command("silent wall")
            expect(poll(workspace.has_new_tests, 20), "no test was added on disk")
            workspace.expect_source(workspace.source.read_text())
            workspace.expect_new_tests()
            workspace.expect_verified(2)

        with case(CASES[5]):
            nvim.command("Lamplighter undo")
            expect(poll(workspace.has_first_tests, 30), "the added tests are still on disk")
            nvim.command("Lamplighter undo")
            expect(poll(lambda: workspace.is_undone(nvim.text()), 30), "the fix is still in the buffer")

        with case(CASES[6]):
            words = nvim.ask("vim.fn.getcompletion('Lamplighter ', 'cmdline')")
            expect({"fix", "addTests", "do", "undo", "runs"} <= set(words), f"completion offers only {words}")
            nvim.command("Lamplighter nonsense")
            nvim.wait("no command `nonsense`")


def wait_end(nvim, count):
    """Until so many runs have reported their end to the editor."""
    expect(poll(lambda: nvim.ask("_G.ended") == count, 180), f"run {count} did not end within 180 s")
