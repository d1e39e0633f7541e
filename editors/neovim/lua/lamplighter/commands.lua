-- `:Lamplighter WORD …`: each word but `start` and `stop` is a `workspace/executeCommand` of the server, sent with the
-- cursor's position (or the given range) as its single argument. To add one, add a row to `commands`.
local M = {}

local lamplighter = require('lamplighter')

--- What follows the word: nothing, a goal in words (asked for if missing), or a run's id (the latest if missing).
local commands = {
  fix = {},
  addTests = {},
  ['do'] = { rest = 'goal' },
  plan = { rest = 'goal' },
  approve = { rest = 'run' },
  reject = { rest = 'run' },
  cancel = { rest = 'run' },
  undo = { rest = 'run' },
  resume = { rest = 'run' },
  showRun = { rest = 'run' },
  showReport = { rest = 'run' },
  showContext = {},
  runs = {},
  status = {},
  start = { here = function() lamplighter.start() end },
  stop = { here = function() lamplighter.stop() end },
}

--- Ids of the runs heard of in this session, newest last, for completion.
local heard = {}

local function hear(run)
  if type(run) == 'string' and not vim.list_contains(heard, run) then
    table.insert(heard, run)
  end
end

local function request(client, method, params, handler, buffer)
  if vim.fn.has('nvim-0.11') == 1 then
    return client:request(method, params, handler, buffer)
  end
  return client.request(method, params, handler, buffer)
end

--- The range of lines given to the command, else the cursor, in the client's own columns.
local function position_argument(client, call)
  local argument
  if call.range > 0 then
    local last = vim.api.nvim_buf_get_lines(0, call.line2 - 1, call.line2, false)[1] or ''
    argument = vim.lsp.util.make_given_range_params(
      { call.line1, 0 },
      { call.line2, math.max(#last - 1, 0) },
      0,
      client.offset_encoding
    )
  else
    argument = vim.lsp.util.make_range_params(0, client.offset_encoding)
  end
  return { textDocument = argument.textDocument, range = argument.range }
end

--- These answer with the run they are about, and show or say something themselves.
local quiet = { undo = true, showRun = true, showReport = true }

--- Present what a command answered.
local function show(word, result)
  if word == 'runs' then
    require('lamplighter.runs').choose(result)
  elseif type(result) == 'table' and result.run then
    hear(result.run)
    if quiet[word] then
      return
    end
    lamplighter.say(('%s is run %s'):format(word, result.run))
  elseif word == 'status' and type(result) == 'table' and result.version then
    lamplighter.say(('server %s, %d running, %d runs in this session'):format(result.version, result.running, #result.runs))
  elseif result ~= nil and result ~= vim.NIL then
    vim.notify(type(result) == 'string' and result or vim.inspect(result))
  end
end

--- Send a `lamplighter.*` command.
--- @param word string the name after `lamplighter.`
--- @param argument table its single argument
--- @param done fun(result: any)? called with the answer instead of showing it
function M.execute(word, argument, done)
  local client = lamplighter.client()
  if not client then
    vim.notify('Lamplighter is not running here. Start it with `:Lamplighter start`.', vim.log.levels.ERROR)
    return
  end
  local params = { command = 'lamplighter.' .. word, arguments = { argument } }
  request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      vim.notify(('Lamplighter: %s'):format(err.message), vim.log.levels.ERROR)
    elseif done then
      done(result)
    else
      show(word, result)
    end
  end, 0)
end

--- The body of the user command.
--- @param call table as nvim_create_user_command gives it
function M.run(call)
  local word, rest = call.args:match('^%s*(%S*)%s*(.-)%s*$')
  word = word == '' and 'status' or word
  local command = commands[word]
  if not command then
    vim.notify(
      ('Lamplighter has no command `%s`. There are: %s'):format(word, table.concat(M.words(), ', ')),
      vim.log.levels.ERROR
    )
    return
  end
  if command.here then
    return command.here()
  end
  local client = lamplighter.client()
  local argument = client and position_argument(client, call) or {}
  if command.rest and rest ~= '' then
    argument[command.rest] = rest
  elseif command.rest == 'goal' then
    vim.ui.input({ prompt = 'Goal: ' }, function(goal)
      if goal and vim.trim(goal) ~= '' then
        argument.goal = vim.trim(goal)
        M.execute(word, argument)
      end
    end)
    return
  end
  M.execute(word, argument)
end

--- The words, sorted.
--- @return string[]
function M.words()
  local words = vim.tbl_keys(commands)
  table.sort(words)
  return words
end

--- Completion: the word first, then ids of runs where one is taken.
function M.complete(lead, line)
  local words = vim.split(line:gsub('^.-Lamplighter%s*', ''), '%s+')
  local candidates = M.words()
  if #words > 1 then
    local command = commands[words[1]]
    candidates = command and command.rest == 'run' and vim.list_slice(heard) or {}
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

return M
