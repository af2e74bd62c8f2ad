-- Put an event into the set of its state; one that is over goes after `seconds`.
local function settle(open, failed, handled, id, state, seconds)
  local now = now_ms()
  local event, delivery = 'backroom:event:' .. id, 'backroom:delivery:' .. id
  redis.call('HSET', event, 'state', state)
  if state == 'dispatched' then
    redis.call('ZREM', failed, id)
    redis.call('ZREM', handled, id)
    redis.call('ZADD', open, 'NX', now, id)
    redis.call('PERSIST', event)
    redis.call('PERSIST', delivery)
  elseif state == 'failed' then
    redis.call('ZREM', open, id)
    redis.call('ZADD', failed, now, id)
  else
    redis.call('ZREM', open, id)
    redis.call('ZREM', failed, id)
    redis.call('ZADD', handled, now, id)
    redis.call('EXPIRE', event, seconds)
    redis.call('EXPIRE', delivery, seconds)
    redis.call('ZREMRANGEBYSCORE', handled, '-inf', now - seconds * 1000)
  end
end

-- Queue one subscriber's job, due at `at`, and note it as queued, with no run counted yet.
local function enqueue(queue, id, subscriber, job_id, job, at)
  redis.call('SET', 'arq:job:' .. job_id, job)
  redis.call('ZADD', queue, at, job_id)
  local event, outcome = 'backroom:event:' .. id, {state = 'queued', job_id = job_id}
  redis.call('HSET', event, 's:' .. subscriber, cmsgpack.pack(outcome))
end
