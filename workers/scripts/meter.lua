-- Counters for `/metrics`, which only grow; `workers/meters.py` names them.
local METERS, CAUSES, MOST_CAUSES = 'backroom:meters', 'backroom:meters:causes', 20
local LAGS = {10, 50, 100, 500, 1000, 5000, 10000, 60000, 300000} -- ms

local function meter(field, times)
  count(METERS, field, times)
end

-- Note how long an event has waited for its dispatch; another machine's clock has said when it came.
local function meter_lag(ms)
  local i, ms = 1, math.max(0, ms)
  while LAGS[i] and ms > LAGS[i] do
    i = i + 1
  end
  meter('lag ' .. (LAGS[i] or 'more'))
  meter('lag ms', ms)
end

-- Count what was given up by the class of its cause. A plugin may invent classes: so many are told
-- apart, and those which come later are counted together.
local function blame(queue, error)
  local class = string.sub(string.match(error or '', '^[^ ]+') or 'unknown', 1, 60)
  local cause = queue .. ' ' .. class
  if redis.call('HEXISTS', CAUSES, cause) == 0 and redis.call('HLEN', CAUSES) >= MOST_CAUSES then
    cause = queue .. ' other'
  end
  redis.call('HINCRBY', CAUSES, cause, 1)
end
