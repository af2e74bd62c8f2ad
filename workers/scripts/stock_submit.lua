-- Take an order's items in. A second run takes none in twice.
-- KEYS: list of items, order, seen. ARGV: queue ('' for none), job id, job, ms until it is due, seconds to
-- keep, retailer, total, from which place on; then packed items.
-- Whoever puts something on an empty list enqueues a sender; a full request has one at once.
-- Answers how many of the order's items were taken in so far: those after them are to come.
local list, order, queue, from = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[8])
local FULL = 1000
if redis.call('EXISTS', order) == 0 then
  redis.call('HSET', order, 'retailer', ARGV[6], 'total', ARGV[7], 'taken', 0,
    'keep', ARGV[5], 'applied', 0, 'refused', 0, 'unknown', 0)
end
local taken = tonumber(redis.call('HGET', order, 'taken'))
if taken ~= from then
  return taken
end
local before = redis.call('LLEN', list)
for i = 9, #ARGV, 500 do
  redis.call('RPUSH', list, unpack(ARGV, i, math.min(i + 499, #ARGV)))
end
taken = redis.call('HINCRBY', order, 'taken', #ARGV - 8)
hold(order)
if queue == '' then
  return taken
end
local after = before + #ARGV - 8
if before == 0 then
  redis.call('HSET', KEYS[3], 'since', now_ms())
end
if before == 0 or (before < FULL and after >= FULL) then
  local due = after >= FULL and 0 or tonumber(ARGV[4])
  redis.call('SET', 'arq:job:' .. ARGV[2], ARGV[3])
  redis.call('ZADD', queue, now_ms() + due, ARGV[2])
  wake(queue)
end
return taken
