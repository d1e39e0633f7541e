-- What is there as soon as the plugin is on the runtimepath: the `:Lamplighter` command and the start of the server
-- for the configured file types. Everything else is loaded when it is first needed.
if vim.g.loaded_lamplighter then
  return
end
vim.g.loaded_lamplighter = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('Lamplighter needs Neovim 0.10 or later.', vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command('Lamplighter', function(call)
  require('lamplighter.commands').run(call)
end, {
  nargs = '*',
  range = true,
  desc = 'Start, follow and undo Lamplighter runs',
  complete = function(lead, line)
    return require('lamplighter.commands').complete(lead, line)
  end,
})

local group = vim.api.nvim_create_augroup('lamplighter', {})

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  desc = 'Start Lamplighter for its file types',
  callback = function(event)
    require('lamplighter').autostart(event.buf)
  end,
})

vim.api.nvim_create_autocmd('LspProgress', {
  group = group,
  desc = 'Keep the statusline of Lamplighter runs',
  callback = function(event)
    require('lamplighter.progress').on_progress(event.data)
  end,
})
