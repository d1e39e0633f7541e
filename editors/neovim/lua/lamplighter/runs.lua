-- The list of runs, to choose one from and open its page.
local M = {}

local function line(run)
  local parts = { run.run or run.id, run.status, run.goal or run.title }
  return table.concat(
    vim.tbl_filter(function(part)
      return type(part) == 'string'
    end, parts),
    '  '
  )
end

--- Offer the runs the server answered with; the chosen one is opened by `lamplighter.showRun`.
--- @param runs table[]? objects with `run`, `status` and `goal`
function M.choose(runs)
  if type(runs) ~= 'table' or vim.tbl_isempty(runs) then
    require('lamplighter').say('no runs yet.')
    return
  end
  vim.ui.select(runs, { prompt = 'Runs', format_item = line }, function(run)
    if run then
      require('lamplighter.commands').execute('showRun', { run = run.run or run.id })
    end
  end)
end

return M
