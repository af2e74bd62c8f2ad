-- One turn of a worker: end the runs that are over, then claim what there is room for.
-- A claim's score is its lease's end, so that what runs never stands in the way of what is due; a
-- stock arq worker reads it rightly. What a run changed is applied with its end or not at all.
-- KEYS: queue, the mark that somebody was woken; the others are for `effect`
-- ARGV: who claims, lease in ms, how many, how many suspects among them; then for each end:
--       id, who claimed it, ms until it runs again (-1: over), how many words follow, those words
-- Answers: ms until the next is due (-1: none waits), what became of each end, the claims (id,
--          job, count of claims, what `bring` found), and why claiming broke off, if it did.
-- Before it stand `bring(jobs)`, `effect(...)` and `births`: jobs that `effect` enqueues are ours at
-- once, as many of them as there is room for.
local queue, token, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
local most, suspects = tonumber(ARGV[3]), tonumber(ARGV[4])
local SUSPECT = 3
local now = now_ms()
local claims = {}

local function marks_of(ids)
  local marks = {}
  for i, id in ipairs(ids) do
    marks[i] = 'arq:in-progress:' .. id
  end
  return marks
end

local function finish(id, mark, after, first, last)
  local answer = 'ended'
  if first <= last then
    answer = effect(unpack(ARGV, first, last))
  end
  if after < 0 then
    remove(queue, id)
    forget('arq:job:' .. id)
  else
    add(queue, now + after, id)
  end
  forget(mark, 'arq:retry:' .. id)
  return answer
end

local function said(answer)
  return tostring(type(answer) == 'table' and answer.err or answer)
end

-- End runs; who has lost a lease ends nothing: the job is another's by now, or free for any.
local function end_all()
  local ids, at, answers = {}, {}, {}
  local i = 5
  while ARGV[i] do
    ids[#ids + 1], at[#at + 1] = ARGV[i], i
    i = i + 4 + tonumber(ARGV[i + 3])
  end
  local marks = marks_of(ids)
  local owners = #ids > 0 and redis.call('MGET', unpack(marks)) or {}
  for j, id in ipairs(ids) do
    i = at[j]
    if owners[j] ~= ARGV[i + 1] then
      answers[j] = 'lost'
    else
      local last = i + 3 + tonumber(ARGV[i + 3])
      local done, answer = pcall(finish, id, marks[j], tonumber(ARGV[i + 2]), i + 4, last)
      answers[j] = done and answer or '!' .. said(answer)
    end
  end
  flush()
  return answers
end

local function lease_out(id, job, count, found)
  redis.call('SET', 'arq:in-progress:' .. id, token, 'PX', lease)
  put('arq:retry:' .. id, count)
  add(queue, now + lease, id)
  claims[#claims + 1] = {id, job, count, found}
end

-- Take one job, unless it must wait. What has cost workers their lives is run alone, so that it
-- takes no neighbours along for ever.
local function take(id, job, mark, count)
  if not job then
    remove(queue, id)
    forget('arq:retry:' .. id)
  elseif mark then -- a worker that knows no leases has it
    add(queue, now + math.max(redis.call('PTTL', 'arq:in-progress:' .. id), 100), id)
  elseif count >= SUSPECT and suspects == 0 then
    add(queue, now + 250, id)
  else
    suspects = count >= SUSPECT and suspects - 1 or suspects
    lease_out(id, job, count)
    return true
  end
end

local function claim_all()
  redis.call('DEL', KEYS[2])
  local ids = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'LIMIT', 0, births.left)
  local names, jobs, born = marks_of(ids), {}, #claims
  for _, prefix in ipairs({'arq:job:', 'arq:retry:'}) do
    for _, id in ipairs(ids) do
      names[#names + 1] = prefix .. id
    end
  end
  local known, size = #ids > 0 and redis.call('MGET', unpack(names)) or {}, #ids
  for i, id in ipairs(ids) do
    local count = tonumber(known[2 * size + i] or 0) + 1
    if take(id, known[size + i], known[i], count) then
      jobs[#jobs + 1] = known[size + i]
    end
  end
  flush()
  for i, found in pairs(bring(jobs)) do
    claims[born + i][4] = found
  end
end

births.left = most
births.claim = function(id, job, found)
  lease_out(id, job, 1, found)
end
local answers, trouble = end_all(), false
if most > 0 then
  local done, answer = pcall(claim_all)
  trouble = not done and said(answer)
end

local first, due = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES'), -1
if first[2] then
  due = math.max(0, math.ceil(first[2] - now))
  if due == 0 then
    wake(queue) -- there is more than we can take
  end
end
return {due, answers, claims, trouble}
