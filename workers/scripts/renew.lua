-- Renew leases. KEYS: queue. ARGV: lease in ms, then id and who claimed it in turn.
-- Answers: the ids that are held by somebody else by now, or by nobody; the ids to be cancelled.
local lost, cancelled, now = {}, {}, now_ms()
local is_any = redis.call('EXISTS', 'arq:abort') == 1
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  local mark = 'arq:in-progress:' .. id
  if redis.call('GET', mark) ~= ARGV[i + 1] then
    lost[#lost + 1] = id
  else
    redis.call('PEXPIRE', mark, ARGV[1])
    redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], id)
    if is_any and redis.call('ZREM', 'arq:abort', id) == 1 then
      cancelled[#cancelled + 1] = id
    end
  end
end
return {lost, cancelled}
