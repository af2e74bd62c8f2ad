-- Note that an action's job is under way, unless its lease is another worker's by now.
-- KEYS: the job's record, the mark of its claim. ARGV: who claimed it.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'running')
return 1
