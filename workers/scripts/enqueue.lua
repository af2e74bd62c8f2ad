-- Enqueue jobs and what is known of them: one round trip for all that wait; a second run of it
-- enqueues nothing twice. What the retailer's budget has no room for gets a later turn at once, so
-- that one retailer's crowd never stands before others' jobs.
-- KEYS: queue, what is remembered of these jobs ('' for nothing).
-- ARGV: pace, window ms, first limit; digest of all that is asked for, seed of the ids, how many of
-- them were enqueued before, seconds that they are remembered; then for each: id, job, retailer,
-- lane, key of its record, how many words follow, fields and values of that.
-- Answers: the seed of their ids ('' where another digest is remembered), how many are enqueued.
-- Where they are not those that were given here, nothing was enqueued.
local queue, memory, real = KEYS[1], KEYS[2], now_ms()
local pace, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local digest, seed, taken, seconds = ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
local OPEN = 1e14 -- what is not over stands behind what is
local now = real * pace
local lines, own = {}, {}

if memory ~= '' then
  local known = redis.call('HMGET', memory, 'digest', 'seed', 'taken')
  if known[1] and known[1] ~= digest then
    return {'', 0}
  elseif known[1] and (known[2] ~= seed or tonumber(known[3]) ~= taken) then
    return {known[2], tonumber(known[3])}
  elseif not known[1] then
    redis.call('HSET', memory, 'digest', digest, 'seed', seed)
    redis.call('EXPIRE', memory, seconds)
  end
end

local function turn(retailer, id)
  local s, line = budget_of(retailer, now, real, window, limit), line_of(retailer)
  lines[line] = lines[line] or redis.call('ZCOUNT', line, '(' .. real, '+inf')
  if lines[line] == 0 and room(s, now, window) >= 1 then
    s.through = s.through + 1
    return real
  end
  local score = real + (turn_of(s, lines[line], now, window, pace) - now) / pace
  lines[line] = lines[line] + 1
  redis.call('ZADD', line, score, id)
  return score
end

local i = 8
while ARGV[i] do
  local id, retailer, name, last = ARGV[i], ARGV[i + 2], ARGV[i + 4], i + 5 + tonumber(ARGV[i + 5])
  if redis.call('EXISTS', name) == 0 then
    redis.call('HSET', name, unpack(ARGV, i + 6, last))
    redis.call('SET', 'arq:job:' .. id, ARGV[i + 1])
    redis.call('ZADD', queue, ARGV[i + 3] == 'bulk' and turn(retailer, id) or real, id)
    own[retailer] = own[retailer] or {'ZADD', 'backroom:jobs-of:' .. retailer}
    local words = own[retailer]
    words[#words + 1], words[#words + 2] = OPEN + real, id
  end
  i, taken = last + 1, taken + 1
end
for _, words in pairs(own) do
  redis.call(unpack(words))
end
if memory ~= '' then
  redis.call('HSET', memory, 'taken', taken)
end
save_budgets()
wake(queue)
return {seed, taken}
