-- Hand out a delivery for one more run of a subscriber, and count that run.
-- Nothing is handed out when the last run of it is over: its job was only not yet cleared away.
-- KEYS: delivery, event
-- ARGV: subscriber, what to count ('a:' runs, 'w:' waits for a worker that has the plugin)
local delivery = redis.call('GET', KEYS[1])
local outcome = redis.call('HGET', KEYS[2], 's:' .. ARGV[1])
local state = outcome and cmsgpack.unpack(outcome).state
if not delivery or state == 'done' or state == 'failed' then
  return {}
end
return {delivery, redis.call('HINCRBY', KEYS[2], ARGV[2] .. ARGV[1], 1)}
