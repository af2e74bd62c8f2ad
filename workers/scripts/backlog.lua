-- Measure what waits, by Redis' own clock.
-- KEYS: open, failed, handled, queues
-- ARGV: how old is overdue, in ms; how many events to look at, from either end
-- Answers: sizes of the three sets; of the events that wait for their dispatch: how many are
-- overdue, ms since the oldest came, how many overdue ones of `open` were not looked at;
-- of each queue: jobs, how many are overdue, ms since the oldest was due, who listens to be woken.
local open, most = KEYS[1], ARGV[2]
local now = now_ms()
local limit = now - ARGV[1]
local overdue, oldest, looked, seen = 0, 0, 0, {}

local function look(found)
  for i = 1, #found, 2 do
    local id, since = found[i], tonumber(found[i + 1])
    if not seen[id] then
      seen[id] = true
      local waits = redis.call('HEXISTS', 'backroom:event:' .. id, 'state') == 0
      oldest = waits and math.max(oldest, now - since) or oldest
      if since <= limit then
        looked = looked + 1
        overdue = overdue + (waits and 1 or 0)
      end
    end
  end
end

-- What nobody can open stands at the old end, what nobody has come to at the other: between them
-- may be many that were dispatched and wait for a subscriber.
look(redis.call('ZRANGEBYSCORE', open, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, most))
look(redis.call('ZREVRANGEBYSCORE', open, limit, '-inf', 'WITHSCORES', 'LIMIT', 0, most))

local answer = {redis.call('ZCARD', open), redis.call('ZCARD', KEYS[2]),
  redis.call('ZCARD', KEYS[3]), overdue, oldest, redis.call('ZCOUNT', open, '-inf', limit) - looked}
for i = 4, #KEYS do
  -- What runs is due when its lease ends, so only what nobody has claimed can be late.
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  local at = #answer
  answer[at + 1] = redis.call('ZCARD', KEYS[i])
  answer[at + 2] = redis.call('ZCOUNT', KEYS[i], '-inf', limit)
  answer[at + 3] = first[2] and math.max(0, now - first[2]) or 0
  answer[at + 4] = redis.call('PUBSUB', 'NUMSUB', KEYS[i] .. ':wake')[2]
end
return answer
