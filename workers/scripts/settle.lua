-- Put an event into the set of its state; one that is over goes after `seconds`. `before` is the
-- state it had, or false: what is stored or dispatched stands among the open ones already.
local function settle(open, failed, handled, id, before, state, seconds)
  local event, delivery = 'backroom:event:' .. id, 'backroom:delivery:' .. id
  redis.call('HSET', event, 'state', state)
  if state == 'dispatched' then
    if before and before ~= 'dispatched' then
      redis.call('ZREM', failed, id)
      redis.call('ZREM', handled, id)
      redis.call('ZADD', open, 'NX', now_ms(), id)
      redis.call('PERSIST', event)
      redis.call('PERSIST', delivery)
    end
    return
  end
  redis.call('ZREM', open, id)
  if state == 'failed' then
    redis.call('ZADD', failed, now_ms(), id)
    return
  end
  if before == 'failed' then
    redis.call('ZREM', failed, id)
  end
  local now = now_ms()
  redis.call('ZADD', handled, now, id)
  redis.call('ZREMRANGEBYSCORE', handled, '-inf', now - seconds * 1000)
  redis.call('EXPIRE', event, seconds)
  redis.call('EXPIRE', delivery, seconds)
end

-- Queue one subscriber's job, due at `at`; return its outcome so far: queued, with no run counted.
local function enqueue(queue, job_id, job, at)
  redis.call('SET', 'arq:job:' .. job_id, job)
  redis.call('ZADD', queue, at, job_id)
  return cmsgpack.pack({state = 'queued', job_id = job_id})
end
