-- Renew leases. KEYS: queue. ARGV: who holds them, lease in ms, then ids.
-- Answers with the ids that are held by somebody else by now, or by nobody.
local lost = {}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #ARGV do
  local mark = 'arq:in-progress:' .. ARGV[i]
  if redis.call('GET', mark) == ARGV[1] then
    redis.call('PEXPIRE', mark, ARGV[2])
    redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
