-- Take or keep the turn to send for a retailer, or end it.
-- KEYS: turn. ARGV: who, ms it lasts (0: it ends). Answers ms until another's turn ends, 0 when it is ours.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return math.max(1, redis.call('PTTL', KEYS[1]))
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 0
