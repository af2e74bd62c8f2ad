-- One turn of a worker: end the runs that are over, then claim what there is room for.
-- A claim's score is its lease's end, so that what runs never stands in the way of what is due; a
-- stock arq worker reads it rightly. What a run changed is applied with its end or not at all.
-- KEYS: queue, the mark that somebody was woken; the others are for `effect`
-- ARGV: who claims, lease in ms, how many, how many suspects among them; then for each end:
--       id, who claimed it, ms until it runs again (-1: over), how many words follow, those words
-- Answers: ms until the next is due (-1: none waits), what became of each end, the claims (id,
--          job, count of claims, what `bring` found), and why claiming broke off, if it did.
-- Before it stand `bring(job)` and `effect(...)`.
local queue, token, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
local most, suspects = tonumber(ARGV[3]), tonumber(ARGV[4])
local SUSPECT = 3
local now = now_ms()
local ends, claims, trouble = {}, {}, false

local function finish(id, owner, after, first, last)
  local mark, answer = 'arq:in-progress:' .. id, 'ended'
  if redis.call('GET', mark) ~= owner then
    return 'lost' -- its lease ran out, and it is another's by now or free for any
  end
  if first <= last then
    answer = effect(unpack(ARGV, first, last))
  end
  if after < 0 then
    redis.call('ZREM', queue, id)
    redis.call('DEL', mark, 'arq:retry:' .. id, 'arq:job:' .. id)
  else
    redis.call('ZADD', queue, 'XX', now + after, id)
    redis.call('DEL', mark, 'arq:retry:' .. id)
  end
  return answer
end

-- What has cost workers their lives is run alone, so that it takes no neighbours along for ever.
local function claim(id)
  local job, mark = redis.call('GET', 'arq:job:' .. id), 'arq:in-progress:' .. id
  if not job then
    redis.call('ZREM', queue, id)
    redis.call('DEL', 'arq:retry:' .. id)
  elseif redis.call('SET', mark, token, 'NX', 'PX', lease) then
    local count = redis.call('INCR', 'arq:retry:' .. id)
    if count >= SUSPECT and suspects == 0 then
      redis.call('DECR', 'arq:retry:' .. id)
      redis.call('DEL', mark)
      redis.call('ZADD', queue, 'XX', now + 250, id)
      return
    end
    suspects = count >= SUSPECT and suspects - 1 or suspects
    redis.call('ZADD', queue, 'XX', now + lease, id)
    claims[#claims + 1] = {id, job, count, bring(job)}
  else -- a worker that knows no leases has it
    redis.call('ZADD', queue, 'XX', now + math.max(redis.call('PTTL', mark), 100), id)
  end
end

local i = 5
while ARGV[i] do
  local words = tonumber(ARGV[i + 3])
  local first, last = i + 4, i + 3 + words
  local done, answer = pcall(finish, ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), first, last)
  ends[#ends + 1] = done and answer or '!' .. tostring(type(answer) == 'table' and answer.err or answer)
  i = last + 1
end

if most > 0 then
  redis.call('DEL', KEYS[2])
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', 0, most)) do
    local done, answer = pcall(claim, id)
    if not done then
      trouble = tostring(type(answer) == 'table' and answer.err or answer)
      break
    end
  end
end

local first, due = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES'), -1
if first[2] then
  due = math.max(0, math.ceil(first[2] - now))
  if due == 0 then
    wake(queue) -- there is more than we can take
  end
end
return {due, ends, claims, trouble}
