-- Keep a request as it stands now, and record what became of items; a second run changes nothing.
-- KEYS: turn, request, list, seen. ARGV: whose turn it must be, the next revision, the request (''
-- when it is over), how many items leave the list for it, version seen ('' for none), user ('' for
-- none), seconds to keep where an order does not say; then for each order: id, applied, refused, unknown, packed results.
-- Answers 0 when the turn is another's by now, and nothing was changed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local revision = tonumber(redis.call('HGET', KEYS[4], 'revision') or 0)
if revision + 1 ~= tonumber(ARGV[2]) then
  return revision == tonumber(ARGV[2]) and 1 or 0
end
redis.call('HSET', KEYS[4], 'revision', ARGV[2])
if ARGV[3] == '' then
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], ARGV[3])
end
if tonumber(ARGV[4]) > 0 then
  redis.call('LTRIM', KEYS[3], ARGV[4], -1)
  redis.call('HSET', KEYS[4], 'since', now_ms()) -- those that came meanwhile wait for others from now
end
for i, name in ipairs({'version', 'user'}) do
  if ARGV[4 + i] ~= '' then
    redis.call('HSET', KEYS[4], name, ARGV[4 + i])
  end
end
for i = 8, #ARGV, 5 do
  local order = 'backroom:stock-order:' .. ARGV[i]
  if redis.call('EXISTS', order) == 1 then
    for j, name in ipairs({'applied', 'refused', 'unknown'}) do
      redis.call('HINCRBY', order, name, ARGV[i + j])
    end
    redis.call('RPUSH', order .. ':results', ARGV[i + 4])
    local keep = redis.call('HGET', order, 'keep') or ARGV[7]
    for _, name in ipairs({'', ':results', ':waiting'}) do
      redis.call('EXPIRE', order .. name, keep)
    end
  end
end
return 1
