-- The queue of actions: a claim brings what is known of its job along, an end records the rest.
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
    redis.call('EXPIRE', name, keep)
  end
  return 'kept'
end
