-- Store deliveries, enqueue their dispatch and remember their digests: one round trip for all
-- that wait. The digest is remembered last, so a script cut short never hides a lost delivery.
-- KEYS: webhook keys, open, queue, counts
-- ARGV: seconds a digest is remembered, counts to add (a message), then six for each delivery:
--       key digest, owner, body digest, event id, delivery, dispatch job
-- Answers, one for each: the event's id, the id of the event it repeats, or '' (URL has moved on).
local keys, open, queue, counts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for reason, count in pairs(cmsgpack.unpack(ARGV[2])) do
  redis.call('HINCRBY', counts, reason, count)
end
for i = 3, #ARGV, 6 do
  local id = ARGV[i + 3]
  local seen = 'backroom:seen:' .. ARGV[i + 2]
  local first = redis.call('GET', seen)
  if redis.call('HGET', keys, ARGV[i]) ~= ARGV[i + 1] then
    id = ''
  elseif first then
    id = first
    redis.call('HINCRBY', counts, 'repeated', 1)
    if redis.call('EXISTS', 'backroom:delivery:' .. first) == 1 then
      redis.call('HINCRBY', 'backroom:event:' .. first, 'repeats', 1)
    end
  else
    redis.call('SET', 'backroom:delivery:' .. id, ARGV[i + 4])
    redis.call('ZADD', open, now, id)
    redis.call('SET', 'arq:job:' .. id, ARGV[i + 5])
    redis.call('ZADD', queue, now, id)
    redis.call('SET', seen, id, 'EX', ARGV[1])
    redis.call('HINCRBY', counts, 'stored', 1)
  end
  answers[#answers + 1] = id
end
return answers
