-- Take an order's items in. A second run takes none in twice.
-- KEYS: list of items, order, seen. ARGV: queue ('' for none), job id, job, ms until it is due, seconds to
-- keep, retailer, total, from which place on; then packed items.
-- Whoever puts something on an empty list enqueues a sender; a full request has one at once.
local list, order, queue, from = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[8])
local FULL = 1000
if redis.call('EXISTS', order) == 0 then
  redis.call('HSET', order, 'retailer', ARGV[6], 'total', ARGV[7], 'taken', 0,
    'keep', ARGV[5], 'applied', 0, 'refused', 0, 'unknown', 0)
end
redis.call('EXPIRE', order, ARGV[5])
if tonumber(redis.call('HGET', order, 'taken')) ~= from then
  return 0
end
local before = redis.call('LLEN', list)
for i = 9, #ARGV, 500 do
  redis.call('RPUSH', list, unpack(ARGV, i, math.min(i + 499, #ARGV)))
end
redis.call('HINCRBY', order, 'taken', #ARGV - 8)
if queue == '' then
  redis.call('EXPIRE', list, ARGV[5])
  return 1
end
local after = before + #ARGV - 8
if before == 0 then
  redis.call('HSET', KEYS[3], 'since', now_ms())
end
if before == 0 or math.floor(before / FULL) ~= math.floor(after / FULL) then
  local due = after >= FULL and 0 or tonumber(ARGV[4])
  redis.call('SET', 'arq:job:' .. ARGV[2], ARGV[3])
  redis.call('ZADD', queue, now_ms() + due, ARGV[2])
  wake(queue)
end
return 1
