-- Renew leases. KEYS: queue. ARGV: lease in ms, then id and who claimed it in turn.
-- Answers with the ids that are held by somebody else by now, or by nobody.
local lost, now = {}, now_ms()
for i = 2, #ARGV, 2 do
  local mark = 'arq:in-progress:' .. ARGV[i]
  if redis.call('GET', mark) == ARGV[i + 1] then
    redis.call('PEXPIRE', mark, ARGV[1])
    redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
