-- Decide once what becomes of an event and enqueue a job for each subscriber, all or nothing.
-- KEYS: open, failed, handled, queue, counts, retailer ids
-- ARGV: a message: id, type, retailer, newest ('' = no gate), order, ties, gate_seconds, seconds,
--       foreign (bool), claimed (ids), learn (bool), note; then subscriber and job in turn
--       (apart from the message, because Redis' cmsgpack reads no binary)
local open, failed, handled, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ask = cmsgpack.unpack(ARGV[1])
local event = 'backroom:event:' .. ask.id
local before = redis.call('HGET', event, 'state')
if before then
  return before
end
if redis.call('EXISTS', 'backroom:delivery:' .. ask.id) == 0 then
  return 'gone'
end

-- Another store's delivery is signed with the same secret; the ids in its body tell.
local function is_foreign()
  if ask.foreign then
    return true
  end
  local known = redis.call('HGET', KEYS[6], ask.retailer)
  for _, claimed in ipairs(ask.claimed) do
    if known and known ~= claimed then
      return true
    end
    if not known and ask.learn then
      redis.call('HSET', KEYS[6], ask.retailer, claimed)
      known = claimed
    end
  end
  return false
end

-- The highest order of an entity wins. Orders have one width, so they compare as text.
local function is_stale()
  if ask.newest == '' then
    return false
  end
  local newest = redis.call('GET', ask.newest)
  if newest and (ask.order < newest or (ask.order == newest and not ask.ties)) then
    return true
  end
  redis.call('SET', ask.newest, ask.order, 'EX', ask.gate_seconds)
  return false
end

local state = 'handled'
if is_foreign() then
  state = 'misdirected'
elseif is_stale() then
  state = 'stale'
elseif #ARGV > 1 then
  state = 'dispatched'
  for i = 2, #ARGV, 2 do
    enqueue(queue, ask.id, ARGV[i], ask.id .. ':' .. ARGV[i], ARGV[i + 1])
  end
end
redis.call('HSET', event, 'type', ask.type, 'note', ask.note)
redis.call('HINCRBY', KEYS[5], state, 1)
settle(open, failed, handled, ask.id, state, ask.seconds)
return state
