-- Say whose turn it is to refresh a grant. The intent stands here before the request leaves.
-- KEYS: grant
-- ARGV: generation that the caller has, seconds that a turn lasts
-- Answers: 'gone' | 'newer' | 'dead' | 'busy', ms left | 'mine', fence, whether an earlier turn
--          with the same refresh token was never answered
local grant = KEYS[1]
local kept = redis.call('HMGET', grant, 'generation', 'state', 'turn_until', 'asked')
if not kept[1] then
  return {'gone'}
end
if kept[1] ~= ARGV[1] then
  return {'newer'}
end
if kept[2] ~= 'linked' then
  return {'dead'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = tonumber(kept[3] or '0') - now
if left > 0 then
  return {'busy', left}
end
local fence = redis.call('HINCRBY', grant, 'fence', 1)
redis.call('HSET', grant, 'turn_until', now + ARGV[2] * 1000, 'asked', fence)
return {'mine', fence, kept[4] and 1 or 0}
