-- How many jobs of each queue run, are due, and are due later.
-- KEYS: queues. ARGV: lease in ms; how many jobs to look at that may run
-- Answers: of each queue those three numbers. More than were looked at may run: they count as later.
local now, most, answer = now_ms(), tonumber(ARGV[2]), {}
local STEP = 1000 -- words of one call

for _, queue in ipairs(KEYS) do
  -- What runs is due when its lease ends, as is what waits for a moment that is as near.
  local ids = redis.call('ZRANGEBYSCORE', queue, '(' .. now, now + ARGV[1], 'LIMIT', 0, most)
  local running = 0
  for i = 1, #ids, STEP do
    local marks = {}
    for j = i, math.min(i + STEP - 1, #ids) do
      marks[#marks + 1] = 'arq:in-progress:' .. ids[j]
    end
    running = running + redis.call('EXISTS', unpack(marks))
  end
  local due = redis.call('ZCOUNT', queue, '-inf', now)
  local at = #answer
  answer[at + 1], answer[at + 2] = running, due
  answer[at + 3] = redis.call('ZCARD', queue) - running - due
end
return answer
