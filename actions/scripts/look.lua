-- How budgets stand now, for people: the time that has passed since they were kept is reckoned in,
-- and nothing is kept.
-- KEYS: budgets. ARGV: pace; the moment in ms since 1970 (-1: now); each budget's window in ms.
-- Answers: for each an Outlook of `actions/outlook.py` as MessagePack, or nothing where none is kept.
local pace, real = tonumber(ARGV[1]), tonumber(ARGV[2])
if real < 0 then
  local time = redis.call('TIME')
  real = time[1] * 1000 + time[2] / 1000
end
local now = real * pace

local function seconds_until(moment)
  return math.max(0, moment - now) / pace / 1000
end

local function gate(s)
  local opens = math.max(s.shut, s.broken)
  return opens, now < s.shut and '429' or now < opens and 'outage' or ''
end

local function outlook(s, window)
  local others, held, off = math.floor(s.others), held_by_all(s), phase_error(s, window)
  local left = math.max(0, left_over(s, now, window))
  local opens, why = gate(s)
  local processes = 0
  for _ in pairs(s.held) do
    processes = processes + 1
  end
  return {
    at = real / 1000,
    window = window / 1000,
    limit = s.limit,
    used = ours(s, now - window),
    held = held,
    processes = processes,
    others = others,
    others_expected = math.ceil(foreign(s, now, window)) - others,
    others_before = s.before,
    left = left,
    kept = math.min(left, (reserve(s, now, window))),
    reset = (s.fixed or left < s.limit) and seconds_until(room_at(s, now, window)) or nil,
    proven = s.fixed,
    phase = s.fixed and (s.hi - off / 2) % window / 1000 or nil,
    phase_error = s.fixed and off / 2 / 1000 or nil,
    shut = seconds_until(opens),
    why = why,
    refused = s.refused,
    heard = s.told > 0 and (now - s.told) / pace / 1000 or nil,
  }
end

local answer = {}
for i, key in ipairs(KEYS) do
  local kept, window = redis.call('GET', key), tonumber(ARGV[i + 2])
  answer[i] = false
  if kept then
    local s = cmsgpack.unpack(kept)
    pass_time(s, now, real, window)
    answer[i] = cmsgpack.pack(outlook(s, window))
  end
end
return answer
