-- The queue of actions: a claim brings what is known of its job along, an end records the rest.
-- KEYS from the third: jobs that are over.
local function bring(job)
  local known, told = pcall(cmsgpack.unpack, job)
  if not known or type(told) ~= 'table' or type(told.a) ~= 'table' or not told.a[1] then
    return false
  end
  local name = 'backroom:job:' .. told.a[1]
  return redis.call(
    'HMGET', name, 'action', 'retailer', 'parameters', 'state', 'attempts', 'keep'
  )
end

-- Write the job's fields; where it is over it is kept for `keep` seconds (-1: it is not over).
local function effect(id, keep, ...)
  local name = 'backroom:job:' .. id
  if redis.call('EXISTS', name) == 0 then
    return 'gone'
  end
  redis.call('HSET', name, ...)
  if tonumber(keep) >= 0 then
    local now = now_ms()
    redis.call('EXPIRE', name, keep)
    redis.call('ZADD', KEYS[3], now + keep * 1000, id)
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  end
  return 'kept'
end
