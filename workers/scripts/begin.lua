-- Hand out a delivery for one more run of a subscriber, and count that run.
-- KEYS: delivery, event
-- ARGV: subscriber
local delivery = redis.call('GET', KEYS[1])
if not delivery then
  return {}
end
return {delivery, redis.call('HINCRBY', KEYS[2], 'a:' .. ARGV[1], 1)}
