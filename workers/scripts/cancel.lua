-- Take a job off its queue, or ask the worker that runs it to stop it.
-- KEYS: queue, unused; the others are for `effect`. ARGV: id, then words for `effect`
-- Answers: 'none', 'asked' (it runs) or 'cancelled'.
local queue, id = KEYS[1], ARGV[1]
if not redis.call('ZSCORE', queue, id) then
  return 'none'
end
if redis.call('EXISTS', 'arq:in-progress:' .. id) == 1 then
  local now = now_ms()
  redis.call('ZADD', 'arq:abort', now, id)
  redis.call('ZREMRANGEBYSCORE', 'arq:abort', '-inf', now - 86400000)
  return 'asked'
end
effect(unpack(ARGV, 2))
remove(queue, id)
forget('arq:job:' .. id, 'arq:retry:' .. id)
flush()
return 'cancelled'
