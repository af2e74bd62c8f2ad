-- Run subscribers of one event again, unless they are about to run anyway.
-- A replay's job has an id of its own: the last one may still be on its way out.
-- KEYS: open, failed, handled, queue
-- ARGV: event id, then subscriber and job in turn
-- Answers with the subscribers that were enqueued.
local id, again = ARGV[1], {}
local event = 'backroom:event:' .. id
if redis.call('EXISTS', 'backroom:delivery:' .. id) == 0 then
  return again
end
for i = 2, #ARGV, 2 do
  local subscriber = ARGV[i]
  local known = redis.call('HGET', event, 's:' .. subscriber)
  local last = known and cmsgpack.unpack(known) or {}
  local waits = last.state == 'queued' or last.state == 'retrying'
  if not (waits and redis.call('EXISTS', 'arq:job:' .. last.job_id) == 1) then
    local count = redis.call('HINCRBY', event, 'replays', 1)
    local job_id = id .. ':' .. subscriber .. ':' .. count
    local queued = enqueue(KEYS[4], job_id, ARGV[i + 1], now_ms())
    redis.call('HSET', event, 's:' .. subscriber, queued)
    again[#again + 1] = subscriber
  end
end
if #again > 0 then
  local before = redis.call('HGET', event, 'state')
  settle(KEYS[1], KEYS[2], KEYS[3], id, before, 'dispatched', 0, {})
  flush()
  wake(KEYS[4])
end
return again
