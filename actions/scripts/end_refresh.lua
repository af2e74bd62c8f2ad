-- End a turn. A new pair is kept whoever had the turn meanwhile: a refresh token works once, so
-- whoever got a pair holds the only one that is valid.
-- KEYS: grant
-- ARGV: generation that was refreshed, fence, what happened: kept | refused | unsent | unanswered,
--       then for kept: tokens, expires, scopes, lasts; for refused: why
-- Answers 1 when it counted.
local grant, generation, fence, what = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local kept = redis.call('HMGET', grant, 'generation', 'fence')
if kept[1] ~= generation then
  return 0
end
local METERS = 'backroom:meters' -- `workers/meters.py` names what is counted there
if what == 'kept' then
  redis.call('HINCRBY', METERS, 'refresh kept', 1)
  redis.call('HSET', grant, 'tokens', ARGV[4], 'expires', ARGV[5], 'scopes', ARGV[6],
    'lasts', ARGV[7], 'state', 'linked', 'generation', generation + 1)
  redis.call('HDEL', grant, 'turn_until', 'asked', 'why')
  return 1
end
if kept[2] ~= fence then
  return 0
end
if redis.call('HDEL', grant, 'turn_until') == 1 then -- else it was told before
  redis.call('HINCRBY', METERS, 'refresh ' .. what, 1)
end
if what == 'refused' then
  redis.call('HSET', grant, 'state', 'needs_relink', 'why', ARGV[4])
elseif what == 'unsent' then
  redis.call('HDEL', grant, 'asked')
end
return 1
