-- Enqueue jobs and what is known of them: one round trip for all that wait; a second run of it
-- enqueues nothing twice. KEYS: queue.
-- ARGV, for each: id, job, key of its record, how many words follow, fields and values of that.
local queue, now = KEYS[1], now_ms()
local i = 1
while ARGV[i] do
  local last = i + 3 + tonumber(ARGV[i + 3])
  if redis.call('EXISTS', ARGV[i + 2]) == 0 then
    redis.call('HSET', ARGV[i + 2], unpack(ARGV, i + 4, last))
    redis.call('SET', 'arq:job:' .. ARGV[i], ARGV[i + 1])
    redis.call('ZADD', queue, now, ARGV[i])
  end
  i = last + 1
end
wake(queue)
return 1
