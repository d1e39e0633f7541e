-- Progress of runs, gathered from the LspProgress event: Neovim draws none itself, so the statusline asks here.
local M = {}

--- Runs going on, oldest first.
--- @type { client: integer, token: string|integer, title: string, message: string?, percentage: integer? }[]
local running = {}

local function position_of(client, token)
  for at, run in ipairs(running) do
    if run.client == client and run.token == token then
      return at
    end
  end
end

--- Take note of one `$/progress` notification.
--- @param data { client_id: integer, params: lsp.ProgressParams }
function M.on_progress(data)
  local client = vim.lsp.get_client_by_id(data.client_id)
  if not client or client.name ~= 'lamplighter' then
    return
  end
  local value, token = data.params.value, data.params.token
  local at = position_of(data.client_id, token)
  if value.kind == 'begin' and not at then
    table.insert(running, { client = data.client_id, token = token })
    at = #running
  end
  if at and value.kind == 'end' then
    -- How it ended the server says by itself, in a message.
    table.remove(running, at)
  elseif at then
    local run = running[at]
    run.title = value.title or run.title
    run.message = value.message or run.message
    run.percentage = value.percentage or run.percentage
  end
  vim.cmd.redrawstatus()
end

--- The newest run in one line, and how many more there are.
--- @return string
function M.statusline()
  local run = running[#running]
  if not run then
    return ''
  end
  local parts = { run.title or 'Lamplighter' }
  if run.percentage then
    table.insert(parts, ('%d%%'):format(run.percentage))
  end
  if run.message then
    table.insert(parts, '· ' .. run.message)
  end
  if #running > 1 then
    table.insert(parts, ('(+%d)'):format(#running - 1))
  end
  return (table.concat(parts, ' '):gsub('%s+', ' '))
end

--- The runs going on, for those who draw their own display.
function M.running()
  return vim.deepcopy(running)
end

return M
