-- Another store's delivery is signed with the same secret; the ids in its body tell.
local known_ids = {}
local function is_foreign(ask, ids)
  if ask.foreign then
    return true
  end
  known_ids[ask.retailer] = known_ids[ask.retailer] or redis.call('HGET', ids, ask.retailer)
  local known = known_ids[ask.retailer]
  for _, claimed in ipairs(ask.claimed) do
    if known and known ~= claimed then
      return true
    end
    if not known and ask.learn then
      redis.call('HSET', ids, ask.retailer, claimed)
      known, known_ids[ask.retailer] = claimed, claimed
    end
  end
  return false
end

-- The highest order of an entity wins. Orders have one width, so they compare as text.
local function is_stale(ask)
  if ask.newest == '' then
    return false
  end
  local newest = redis.call('SET', ask.newest, ask.order, 'EX', ask.gate_seconds, 'GET')
  if newest and ask.order < newest then
    redis.call('SET', ask.newest, newest, 'KEEPTTL')
    return true
  end
  return newest == ask.order and not ask.ties
end

-- Decide once what becomes of an event and enqueue a job for each subscriber, all or nothing; answer
-- its state, or nothing when that was decided before.
-- `message`: id, type, retailer, received_at, newest ('' = no gate), order, ties, gate_seconds,
-- seconds, foreign (bool), claimed (ids), learn (bool), note; then subscriber and job in turn
-- (apart from the message, because Redis' cmsgpack reads no binary).
local function dispatch(message, ...)
  local queue, open, failed, handled, counts = KEYS[1], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
  local ask, jobs = cmsgpack.unpack(message), {...}
  local event, facts = 'backroom:event:' .. ask.id, {'type', ask.type, 'note', ask.note}
  if redis.call('HEXISTS', event, 'state') == 1 then
    return ''
  end
  local state = 'handled'
  if is_foreign(ask, KEYS[7]) then
    state = 'misdirected'
  elseif is_stale(ask) then
    state = 'stale'
  elseif #jobs > 0 then
    state = 'dispatched'
    -- Due since the delivery came: what came first is delivered first, however much is waiting.
    local at = math.min(ask.received_at, now_ms())
    for i = 1, #jobs, 2 do
      local queued = enqueue(queue, ask.id .. ':' .. jobs[i], jobs[i + 1], at)
      push(facts, 's:' .. jobs[i], queued)
    end
  end
  count(counts, state)
  meter_lag(now_ms() - ask.received_at)
  if state ~= 'dispatched' then
    meter('event ' .. ask.type .. ' ' .. state)
  end
  settle(open, failed, handled, ask.id, false, state, ask.seconds, facts)
  return state
end

-- Fail an event that cannot even be dispatched.
local function bury(id, declared, note)
  local facts = {'type', declared, 'note', note}
  settle(KEYS[3], KEYS[4], KEYS[5], id, false, 'failed', 0, facts)
  meter('event ' .. declared .. ' failed')
  blame('events', 'WorkerDied')
  return 'failed'
end
