-- Bring jobs forward whose retailer has room before their turn: its limit has risen, a new window
-- came early, an outage is over.
-- KEYS: queue. ARGV: pace, window ms, first limit; then retailers, each with how many of those that
-- were let through have a permit by now, or were turned away.
-- Answers: how many came; for each retailer ms until more may come, -1 where nobody is in the line.
local queue, real = KEYS[1], now_ms()
local pace, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, came = real * pace, 0

local function pull(retailer, passed)
  local line = line_of(retailer)
  local own = redis.call('ZREMRANGEBYSCORE', line, '-inf', real)
  local s = budget_of(retailer, now, real, window, limit)
  s.followed = own > 0 and now or s.followed -- their turn came meanwhile
  s.through = math.max(0, s.through - passed)
  local waiting = redis.call('ZCARD', line)
  if waiting == 0 then
    return -1
  end
  local most = may_come(s, waiting, now, window)
  if now >= s.broken and s.broken > 0 then
    most = math.min(most, 1) -- to see whether the outage is over
  end
  for _, id in ipairs(most > 0 and redis.call('ZRANGE', line, 0, most - 1) or {}) do
    redis.call('ZREM', line, id)
    if redis.call('ZSCORE', queue, id) and redis.call('EXISTS', 'arq:in-progress:' .. id) == 0 then
      redis.call('ZADD', queue, real, id)
      s.through, came = s.through + 1, came + 1
    end
  end
  if room(s, now, window) > 0 then
    return math.ceil(stride(s, window) / pace)
  end
  local _, step = reserve(s, now, window)
  return math.ceil((math.max(s.shut, s.broken, math.min(step, room_at(s, now, window))) - now) / pace)
end

local waits = {}
for i = 4, #ARGV, 2 do
  waits[#waits + 1] = pull(ARGV[i], tonumber(ARGV[i + 1]))
end
save_budgets()
if came > 0 then
  wake(queue)
end
return {came, waits}
