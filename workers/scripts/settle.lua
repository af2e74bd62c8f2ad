-- Put an event into the set of its state, with `facts` about it; one that is over goes after
-- `seconds`. `before` is the state it had, or false: what is stored or dispatched stands among the
-- open ones already.
local function settle(open, failed, handled, id, before, state, seconds, facts)
  local event, delivery = 'backroom:event:' .. id, 'backroom:delivery:' .. id
  push(facts, 'state', state)
  redis.call('HSET', event, unpack(facts))
  if state == 'dispatched' then
    if before and before ~= 'dispatched' then
      remove(failed, id)
      remove(handled, id)
      add(open, now_ms(), id)
      redis.call('PERSIST', event)
      redis.call('PERSIST', delivery)
    end
    return
  end
  remove(open, id)
  if state == 'failed' then
    add(failed, now_ms(), id)
    return
  end
  if before == 'failed' then
    remove(failed, id)
  end
  local now = now_ms()
  add(handled, now, id)
  trim(handled, now - seconds * 1000)
  redis.call('EXPIRE', event, seconds)
  redis.call('EXPIRE', delivery, seconds)
end

-- Where who dispatches has room for more, the jobs are born claimed.
local births = {left = 0}

-- Queue one subscriber's job, due at `at`; return its outcome so far: queued, with no run counted.
local function enqueue(queue, job_id, job, at)
  local outcome = cmsgpack.pack({state = 'queued', job_id = job_id})
  put('arq:job:' .. job_id, job)
  if births.left > 0 then
    births.left = births.left - 1
    births.claim(job_id, job, {false, outcome}) -- who dispatches it has its delivery
  else
    add(queue, at, job_id)
  end
  return outcome
end
