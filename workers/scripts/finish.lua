-- Record what became of one subscriber's run; the last one that ends settles the event.
-- `outcome` is a message with `state`.
local function finish_run(id, subscriber, outcome, seconds)
  local event, field = 'backroom:event:' .. id, 's:' .. subscriber
  local facts, before, state = redis.call('HGETALL', event), false, 'handled'
  local mine, kind = cmsgpack.unpack(outcome), 'ping'
  if #facts == 0 then
    return 'gone'
  end
  for i = 1, #facts, 2 do
    if facts[i] == 'state' then
      before = facts[i + 1]
    elseif facts[i] == 'type' then
      kind = facts[i + 1]
    elseif string.sub(facts[i], 1, 2) == 's:' then
      local one = facts[i] == field and mine.state or cmsgpack.unpack(facts[i + 1]).state
      if one == 'queued' or one == 'retrying' then
        state = 'dispatched'
      elseif one == 'failed' and state == 'handled' then
        state = 'failed'
      end
    end
  end
  meter('run events ' .. mine.state)
  if mine.state == 'failed' then
    blame('events', mine.error)
  end
  if state ~= 'dispatched' and state ~= before then
    meter('event ' .. kind .. ' ' .. state)
  end
  settle(KEYS[3], KEYS[4], KEYS[5], id, before, state, seconds, {field, outcome})
  return state
end
