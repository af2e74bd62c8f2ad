-- End claims. Who has lost a lease ends nothing: the job is another worker's.
-- KEYS: queue
-- ARGV: who holds them, then id and ms until it runs again in turn (-1: it is over)
local queue, token = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local soon = false
for i = 2, #ARGV, 2 do
  local id, after = ARGV[i], tonumber(ARGV[i + 1])
  local mark = 'arq:in-progress:' .. id
  if redis.call('GET', mark) == token then
    redis.call('DEL', mark, 'arq:retry:' .. id)
    if after < 0 then
      redis.call('ZREM', queue, id)
      redis.call('DEL', 'arq:job:' .. id)
    else
      redis.call('ZADD', queue, 'XX', now + after, id)
      soon = soon or after == 0
    end
  end
end
if soon then
  redis.call('PUBLISH', queue .. ':wake', '')
end
return 1
