-- Enqueue jobs and what is known of them: one round trip for all that wait; a second run of it
-- enqueues nothing twice. What the retailer's budget has no room for gets a later turn at once, so
-- that one retailer's crowd never stands before others' jobs.
-- KEYS: queue. ARGV: pace, window ms, first limit; then for each: id, job, retailer, key of its
-- record, how many words follow, fields and values of that.
local queue, real = KEYS[1], now_ms()
local pace, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = real * pace
local lines = {}

local function turn(retailer, id)
  local s, line = budget_of(retailer, now, real, window, limit), line_of(retailer)
  lines[line] = lines[line] or redis.call('ZCOUNT', line, '(' .. real, '+inf')
  if lines[line] == 0 and room(s, now, window) >= 1 then
    s.through = s.through + 1
    return real
  end
  local score = real + (turn_of(s, lines[line], now, window, pace) - now) / pace
  lines[line] = lines[line] + 1
  redis.call('ZADD', line, score, id)
  return score
end

local i = 4
while ARGV[i] do
  local last = i + 4 + tonumber(ARGV[i + 4])
  if redis.call('EXISTS', ARGV[i + 3]) == 0 then
    redis.call('HSET', ARGV[i + 3], unpack(ARGV, i + 5, last))
    redis.call('SET', 'arq:job:' .. ARGV[i], ARGV[i + 1])
    redis.call('ZADD', queue, turn(ARGV[i + 2], ARGV[i]), ARGV[i])
  end
  i = last + 1
end
save_budgets()
wake(queue)
return 1
