-- Take items for a request, unless one is open.
-- KEYS: turn, request, list, seen. ARGV: whose turn it must be, most items,
-- ms that fewer wait for others, under which link we act
-- Answers: 'lost', or ms to wait, or the open request (or false), items for a new one, which stay on the list until
-- it is kept; what is seen: version and user; the revision; Redis' time in ms.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'lost'
end
local seen = redis.call('HMGET', KEYS[4], 'version', 'user', 'revision')
local open = redis.call('GET', KEYS[2])
if not open and tonumber(ARGV[3]) > 0 and redis.call('LLEN', KEYS[3]) < tonumber(ARGV[2]) then
  local since = redis.call('HGET', KEYS[4], 'since')
  local left = since and tonumber(since) + ARGV[3] - now_ms() or 0
  if left > 0 and redis.call('EXISTS', KEYS[3]) == 1 then
    return left
  end
end
-- Which adjustments are ours can be told only once an answer has shown as whom we act: until then
-- one goes alone.
local most = seen[1] and seen[2] and string.find(seen[2], ARGV[4] .. ' ', 1, true) == 1 and ARGV[2] or 1
local items = open and {} or redis.call('LRANGE', KEYS[3], 0, most - 1)
return {open, items, seen[1] or '', seen[2] or '', seen[3] or 0, now_ms()}
