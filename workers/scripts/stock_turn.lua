-- Take the turn to send for a retailer, keep it, or end it.
-- KEYS: turn. ARGV: who, ms it lasts (0: it ends), 'take' or 'keep'.
-- Answers ms until another's turn ends, 0 when it is ours. A turn that has ended is not kept on:
-- another may have had its own since.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return math.max(1, redis.call('PTTL', KEYS[1]))
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
elseif holder or ARGV[3] == 'take' then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
else
  return 1
end
return 0
