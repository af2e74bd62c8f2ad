-- Record what became of one subscriber's run; the last one that ends settles the event.
-- `outcome` is a message with `state`.
local function finish_run(id, subscriber, outcome, seconds)
  local event = 'backroom:event:' .. id
  if redis.call('EXISTS', event) == 0 then
    return 'gone'
  end
  redis.call('HSET', event, 's:' .. subscriber, outcome)
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
  settle(KEYS[3], KEYS[4], KEYS[5], id, state, seconds)
  return state
end
