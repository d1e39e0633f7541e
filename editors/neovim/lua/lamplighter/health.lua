-- `:checkhealth lamplighter`: is the server there, does it serve this buffer, and what does its own doctor say?
local M = {}

function M.check()
  local config = require('lamplighter').config()
  vim.health.start('Lamplighter')
  local server = config.cmd[1]
  if vim.fn.executable(server) == 0 then
    vim.health.error(('`%s` is not executable'):format(server), {
      'Put the server on PATH, or set `vim.g.lamplighter = { cmd = { "/path/to/lamplighter", "lsp" } }`.',
    })
    return
  end
  vim.health.ok('server: ' .. vim.fn.exepath(server))
  local clients = vim.lsp.get_clients({ name = 'lamplighter' })
  if #clients == 0 then
    vim.health.info('not started yet: open a file of ' .. table.concat(config.filetypes, ', '))
  end
  for _, client in ipairs(clients) do
    vim.health.ok(('serving %s'):format(client.config.root_dir or '(no folder)'))
  end
  vim.health.start('lamplighter doctor')
  local doctor = vim.system({ server, 'doctor' }, { text = true, timeout = 20000 }):wait()
  for _, text in ipairs(vim.split(vim.trim((doctor.stdout or '') .. (doctor.stderr or '')), '\n')) do
    vim.health.info(text)
  end
end

return M
