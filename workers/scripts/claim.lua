-- Take what is due, for as long as a lease lasts: its score becomes the lease's end, so that what
-- runs never stands in the way of what is due. A stock arq worker reads it rightly.
-- KEYS: queue, the mark that somebody was woken
-- ARGV: who claims, lease in ms, how many
-- Answers: ms until the next is due (-1: none waits), then id, job and count of claims in turn.
local queue, token, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[2])
local answer = {-1}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local job = redis.call('GET', 'arq:job:' .. id)
  local mark = 'arq:in-progress:' .. id
  if not job then
    redis.call('ZREM', queue, id)
  elseif redis.call('SET', mark, token, 'NX', 'PX', lease) then
    redis.call('ZADD', queue, 'XX', now + lease, id)
    local claims = redis.call('INCR', 'arq:retry:' .. id)
    redis.call('EXPIRE', 'arq:retry:' .. id, 604800)
    answer[#answer + 1], answer[#answer + 2], answer[#answer + 3] = id, job, claims
  else -- a worker that knows no leases has it
    redis.call('ZADD', queue, 'XX', now + math.max(redis.call('PTTL', mark), 100), id)
  end
end
local first = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
if first[2] then
  answer[1] = math.max(0, math.ceil(first[2] - now))
end
return answer
