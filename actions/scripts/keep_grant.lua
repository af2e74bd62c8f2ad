-- Keep what a retailer has just granted; it ends every turn that is under way.
-- KEYS: grant
-- ARGV: tokens, expires, scopes, lasts, a name for this link
local grant = KEYS[1]
local generation = redis.call('HINCRBY', grant, 'generation', 1)
redis.call('HSET', grant, 'tokens', ARGV[1], 'expires', ARGV[2], 'scopes', ARGV[3],
  'lasts', ARGV[4], 'state', 'linked', 'link', ARGV[5])
redis.call('HDEL', grant, 'turn_until', 'asked', 'why')
return generation
