-- Wake an idle worker: at most one message between two claims, whatever the rate.
local function wake(queue)
  if redis.call('SET', queue .. ':woken', 1, 'NX', 'PX', 500) then
    redis.call('PUBLISH', queue .. ':wake', '')
  end
end
