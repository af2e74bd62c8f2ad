-- Record what became of one subscriber's run; the last one that ends settles the event.
-- `outcome` is a message with `state`.
local function finish_run(id, subscriber, outcome, seconds)
  local event, field = 'backroom:event:' .. id, 's:' .. subscriber
  local facts, before, state = redis.call('HGETALL', event), false, 'handled'
  if #facts == 0 then
    return 'gone'
  end
  for i = 1, #facts, 2 do
    if facts[i] == 'state' then
      before = facts[i + 1]
    elseif string.sub(facts[i], 1, 2) == 's:' then
      local one = cmsgpack.unpack(facts[i] == field and outcome or facts[i + 1]).state
      if one == 'queued' or one == 'retrying' then
        state = 'dispatched'
      elseif one == 'failed' and state == 'handled' then
        state = 'failed'
      end
    end
  end
  settle(KEYS[3], KEYS[4], KEYS[5], id, before, state, seconds, {field, outcome})
  return state
end
