-- Record what became of one subscriber's run; the last one that ends settles the event.
-- KEYS: open, failed, handled
-- ARGV: event id, subscriber, outcome (a message with `state`), seconds
local event = 'backroom:event:' .. ARGV[1]
if redis.call('EXISTS', event) == 0 then
  return 'gone'
end
redis.call('HSET', event, 's:' .. ARGV[2], ARGV[3])
local state = 'handled'
local fields = redis.call('HGETALL', event)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 2) == 's:' then
    local one = cmsgpack.unpack(fields[i + 1]).state
    if one == 'queued' or one == 'retrying' then
      state = 'dispatched'
      break
    elseif one == 'failed' then
      state = 'failed'
    end
  end
end
settle(KEYS[1], KEYS[2], KEYS[3], ARGV[1], state, ARGV[4])
return state
