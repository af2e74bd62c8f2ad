-- Let a key in: one round trip that knows it, counts it and notes its use.
-- KEYS: hash of keys, hash of last uses, the key's calls in this minute. ARGV: the key's digest.
-- Answers: what is kept of the key; how many calls it made in this minute; ms until the next one.
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept then
  return {false, 0, 0}
end
local MINUTE_MS = 60000
local count = redis.call('INCR', KEYS[3])
if count == 1 then
  redis.call('PEXPIRE', KEYS[3], MINUTE_MS)
  redis.call('HSET', KEYS[2], ARGV[1], redis.call('TIME')[1])
end
return {kept, count, math.max(1, redis.call('PTTL', KEYS[3]))}
