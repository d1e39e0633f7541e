-- Configuration and the client: which command to start, for which files, in which folder.
--
-- All state of the work itself is in the server; the plugin starts it, passes positions and shows progress.
local M = {}

--- @class lamplighter.Config
--- @field cmd string[] the server and its arguments
--- @field filetypes string[] file types the server is started for by itself
--- @field root_markers string[] files or folders that mark the root of a workspace, nearest first
--- @field autostart boolean start for `filetypes` without being asked
--- @field settings table sent as the `lamplighter` configuration section and as initialization options

--- @type lamplighter.Config
local defaults = {
  cmd = { 'lamplighter', 'lsp' },
  filetypes = { 'python', 'rust' },
  root_markers = { 'Cargo.toml', 'pyproject.toml', 'setup.py', 'setup.cfg', '.git' },
  autostart = true,
  settings = {},
}

local given = {}

--- Levels of `window/showMessage` as Neovim's.
local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }

--- Change the configuration; keys that are left out keep their value. Calling it is optional.
--- @param options table? any fields of lamplighter.Config
function M.setup(options)
  given = vim.tbl_deep_extend('force', given, options or {})
end

--- The configuration in force: defaults, then `vim.g.lamplighter`, then `setup()`.
--- @return lamplighter.Config
function M.config()
  return vim.tbl_deep_extend('force', defaults, vim.g.lamplighter or {}, given)
end

--- What `vim.lsp.start` and `vim.lsp.config` take, without the root folder.
function M.client_config()
  local config = M.config()
  return {
    name = 'lamplighter',
    cmd = config.cmd,
    filetypes = config.filetypes,
    root_markers = config.root_markers,
    init_options = vim.tbl_isempty(config.settings) and vim.empty_dict() or config.settings,
    settings = { lamplighter = config.settings },
    -- Neovim's own handler prints long messages so that Enter must be pressed, in the middle of typing.
    handlers = {
      ['window/showMessage'] = function(_, message)
        M.say((message.message:gsub('^Lamplighter: ', '')), LEVELS[message.type])
      end,
    },
  }
end

--- Start the server for a buffer, or attach the one that already serves the buffer's workspace.
--- @param buffer integer? the current one if left out
--- @return integer? client id
function M.start(buffer)
  buffer = buffer and buffer ~= 0 and buffer or vim.api.nvim_get_current_buf()
  local config = M.client_config()
  local name = vim.api.nvim_buf_get_name(buffer)
  config.root_dir = vim.fs.root(buffer, config.root_markers) or vim.fs.dirname(name) or vim.uv.cwd()
  if vim.fn.executable(config.cmd[1]) == 0 then
    vim.notify_once(
      ('Lamplighter: cannot find `%s`. Install the server, or name it: '):format(config.cmd[1])
        .. "vim.g.lamplighter = { cmd = { '/path/to/lamplighter', 'lsp' } }",
      vim.log.levels.ERROR
    )
    return nil
  end
  return vim.lsp.start(config, { bufnr = buffer })
end

--- Called for every FileType event.
--- @param buffer integer
function M.autostart(buffer)
  local config = M.config()
  local name = vim.api.nvim_buf_get_name(buffer)
  if name:find('/lamplighter/runs/', 1, true) and M.client(buffer) then
    -- A plan or a report: its code actions (approve, run, skip) come from the server that wrote it.
    vim.lsp.buf_attach_client(buffer, M.client(buffer).id)
    return
  end
  local is_file = vim.bo[buffer].buftype == '' and name ~= ''
  if config.autostart and is_file and vim.list_contains(config.filetypes, vim.bo[buffer].filetype) then
    M.start(buffer)
  end
end

--- Stop every server this plugin started.
function M.stop()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'lamplighter' })) do
    if vim.fn.has('nvim-0.11') == 1 then
      client:stop()
    else
      client.stop()
    end
  end
end

--- The client that serves a buffer, or any one (a report is no file of the workspace, but runs can be asked for there).
--- @param buffer integer? the current one if left out
--- @return vim.lsp.Client?
function M.client(buffer)
  buffer = buffer and buffer ~= 0 and buffer or vim.api.nvim_get_current_buf()
  return vim.lsp.get_clients({ name = 'lamplighter', bufnr = buffer })[1]
    or vim.lsp.get_clients({ name = 'lamplighter' })[1]
end

--- Tell the user something in passing: one line that fits, so that nobody is made to press Enter while typing.
--- @param text string
--- @param level integer? of vim.log.levels
function M.say(text, level)
  local line = 'Lamplighter: ' .. (text:gsub('%s+', ' '))
  local room = math.max(vim.v.echospace - 1, 20)
  if vim.fn.strdisplaywidth(line) > room then
    line = vim.fn.strcharpart(line, 0, room - 1) .. '…'
  end
  vim.notify(line, level)
end

--- One line about the runs going on, empty when there are none. Put it into your statusline.
--- @return string
function M.statusline()
  return require('lamplighter.progress').statusline()
end

return M
