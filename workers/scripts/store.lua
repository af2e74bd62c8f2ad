-- Store deliveries, enqueue their dispatch and remember their digests: one round trip for all
-- that wait. Digests are remembered last, so a script cut short never hides a lost delivery.
-- KEYS: webhook keys, open, queue, counts
-- ARGV: seconds a digest is remembered, counts to add (a message), then six for each delivery:
--       key digest, owner, body digest, event id, delivery, dispatch job
-- Answers, one for each: the event's id, the id of the event it repeats, or '' (URL has moved on).
local keys, open, queue, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now = now_ms()
local answers, owners, fresh, values, scores, repeated = {}, {}, {}, {}, {}, 0

local function owner(key)
  owners[key] = owners[key] or redis.call('HGET', keys, key)
  return owners[key]
end

local function repeat_of(first)
  repeated = repeated + 1
  if redis.call('EXISTS', 'backroom:delivery:' .. first) == 1 then
    redis.call('HINCRBY', 'backroom:event:' .. first, 'repeats', 1)
  end
  return first
end

for i = 3, #ARGV, 6 do
  local id, seen, answer = ARGV[i + 3], 'backroom:seen:' .. ARGV[i + 2], ''
  if owner(ARGV[i]) == ARGV[i + 1] then
    local first = fresh[seen] or redis.call('GET', seen)
    if first == id then
      answer = id -- our own, sent again because the answer was lost
    elseif first then
      answer = repeat_of(first)
    else
      answer, fresh[seen] = id, id
      local at = #values
      values[at + 1], values[at + 2] = 'backroom:delivery:' .. id, ARGV[i + 4]
      values[at + 3], values[at + 4] = 'arq:job:' .. id, ARGV[i + 5]
      at = #scores
      scores[at + 1], scores[at + 2] = now, id
    end
  end
  answers[#answers + 1] = answer
end

if #scores > 0 then
  redis.call('MSET', unpack(values))
  redis.call('ZADD', open, unpack(scores))
  redis.call('ZADD', queue, unpack(scores))
  wake(queue)
  redis.call('HINCRBY', counts, 'stored', #scores / 2)
end
for seen, id in pairs(fresh) do
  redis.call('SET', seen, id, 'EX', ARGV[1])
end
if repeated > 0 then
  redis.call('HINCRBY', counts, 'repeated', repeated)
end
for reason, count in pairs(cmsgpack.unpack(ARGV[2])) do
  redis.call('HINCRBY', counts, reason, count)
end
return answers
