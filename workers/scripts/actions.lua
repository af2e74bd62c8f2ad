-- The queue of actions: a claim brings what is known of its job along, an end records the rest.
-- KEYS from the third: jobs that are over.
local births = {left = 0}

local function bring(jobs)
  local found = {}
  for i, job in ipairs(jobs) do
    local args = args_of(job)
    found[i] = args and redis.call(
      'HMGET', 'backroom:job:' .. args[1],
      'action', 'retailer', 'parameters', 'state', 'attempts', 'keep', 'lane'
    )
  end
  return found
end

-- Write the job's fields; where it is over it is kept for `keep` seconds (-1: it is not over). One
-- that waits for its retailer's budget joins the line, whose moment is in so many ms (-1: none).
local function effect(id, keep, retailer, waits, ...)
  local name = 'backroom:job:' .. id
  if redis.call('EXISTS', name) == 0 then
    return 'gone'
  end
  local _, state, _, class = ...
  redis.call('HSET', name, ...)
  meter('run actions ' .. state)
  if state == 'failed' then
    blame('actions', class)
  end
  if tonumber(waits) >= 0 then
    trim('backroom:parked:' .. retailer, now_ms())
    add('backroom:parked:' .. retailer, now_ms() + waits, id)
  elseif state == 'cancelled' then
    remove('backroom:parked:' .. retailer, id)
  end
  if tonumber(keep) >= 0 then
    local now = now_ms()
    redis.call('EXPIRE', name, keep)
    for _, over in ipairs({KEYS[3], 'backroom:jobs-of:' .. retailer}) do
      trim(over, now)
      add(over, now + keep * 1000, id)
    end
  end
  return 'kept'
end
