-- Hand a link session over to a browser that departs: once, and again to the same.
-- KEYS: session, departure. ARGV: seconds that the departure lasts
local kept = redis.call('GET', KEYS[1])
if kept then
  redis.call('SET', KEYS[2], kept, 'EX', ARGV[1])
  redis.call('DEL', KEYS[1])
end
return redis.call('GET', KEYS[2])
