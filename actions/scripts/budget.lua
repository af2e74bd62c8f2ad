-- One retailer's budget: what is known of the vendor's window, and what is left of it.
-- Times are the vendor's, in ms by Redis' clock; it passes `pace` times as fast as ours where a
-- simulator's does. `actions/outlook.py` names the fields.
local RESERVE = 0.05 -- of the limit, for calls that somebody waits for
local RELEASE_MS = 10000 -- so long before the window's end bulk gets the reserve too
local FRESH_MS = 5000 -- so long Lightspeed's last word is trusted; then one call goes ahead
local LATE_MS = 30000 -- a call is answered so long after it was counted at most
local GRAIN_MS = 1000 -- of the log
local KEEP_SECONDS = 86400
local EPOCH = 'backroom:budgets:since' -- when this Redis first kept a budget
local CAREFUL_MS = 2000 -- from then on others may hold permits of which it has lost the count
local FADING = 0.7 -- of what others are thought to use, from one window to the next
local SURE_MS = 5000 -- an error of the phase that is good enough

local function fresh_budget(limit, now, real)
  redis.call('SET', EPOCH, real, 'NX')
  return {
    careful = redis.call('GET', EPOCH) + CAREFUL_MS,
    limit = limit, fixed = false, lo = now, hi = now, used = 0, log = {}, others = 0, before = 0,
    known = 0, told = 0, held = {}, shut = 0, struck = 0, probe = false, failures = 0, broken = 0,
    pause = 0, away = 0, short = false, refused = 0, answered = 0,
    order = {}, through = 0, followed = 0, -- `line.lua` notes here whom it lets through, and when
  }
end

local function load_budget(key, limit, now, real)
  local kept = redis.call('GET', key)
  return kept and cmsgpack.unpack(kept) or fresh_budget(limit, now, real)
end

local function save_budget(key, s)
  redis.call('SET', key, cmsgpack.pack(s), 'EX', KEEP_SECONDS)
end

-- How many of our calls were answered after one moment and up to another.
local function answered(s, after, upto)
  local sum = 0
  for _, one in ipairs(s.log) do
    if one[1] > after and one[1] <= upto then
      sum = sum + one[2]
    end
  end
  return sum
end

-- Count calls that were answered at a moment. The log is a grid, rounded up: a call counts as
-- answered late rather than early, but never as one of the next window.
local function note_answered(s, at, count)
  local moment = math.ceil(at / GRAIN_MS) * GRAIN_MS
  moment = at < s.hi and math.min(moment, s.hi - 1) or moment
  local log, i = s.log, #s.log
  while i > 0 and log[i][1] > moment do
    i = i - 1
  end
  if i > 0 and log[i][1] == moment then
    log[i][2] = log[i][2] + count
  else
    table.insert(log, i + 1, {moment, count})
  end
  s.used = s.used + (at >= s.hi and count or 0)
  s.answered = s.answered + count
end

local function held_by_all(s)
  local sum = 0
  for _, one in pairs(s.held) do
    sum = sum + one[1]
  end
  return sum
end

-- When the first permits of another process come back if that has died.
local function first_lease(s, process)
  local first = math.huge
  for name, one in pairs(s.held) do
    first = name ~= process and math.min(first, one[2]) or first
  end
  return first
end

-- Begin a window that came between two moments. What others used lately they may use again.
local function begin_window(s, lo, hi)
  s.before = math.max(math.ceil(s.others), math.floor(s.before * FADING))
  s.lo, s.hi, s.used, s.others, s.away, s.through = lo, hi, 0, 0, 0, 0
  s.order = {}
end

-- Whether what is used in all tells of a window that has begun since: there is no room in it for what
-- we know to have sent in the old one. If that comes in the midst of the old one, windows slide.
local function is_new_window(s, total, certain, now, window)
  if total > certain then
    return false
  end
  s.fixed = not s.fixed or now < s.hi + LATE_MS or now >= s.lo + window
  return s.fixed
end

-- Let time pass: old calls fall out, dead processes' permits come back, windows end.
local function pass_time(s, now, real, window)
  while s.log[1] and s.log[1][1] <= now - window - LATE_MS do
    table.remove(s.log, 1)
  end
  for name, one in pairs(s.held) do
    if one[2] <= real then
      s.held[name], s.known = nil, 0 -- what it has sent of them shows in the next answer
    end
  end
  local passed = math.floor((now - s.hi) / window)
  if passed < 1 then
    return
  end
  local others = s.others
  s.known = 0
  s.fixed = s.fixed and passed < 100
  if s.fixed then
    begin_window(s, s.lo + passed * window, s.hi + passed * window)
  else
    begin_window(s, now, now)
    s.others = passed == 1 and others or 0
  end
  s.before = passed == 1 and s.before or 0
end

-- Open the gate, unless it was shut after a call was sent.
local function reopen(s, sent)
  if sent >= s.shut then
    s.shut, s.struck = 0, 0
  end
end

-- Our calls of this window, or since a moment where none is proven.
local function ours(s, since)
  return s.fixed and s.used or answered(s, since, math.huge)
end

-- What others have used, and have used since we last heard if they go on as before.
local function foreign(s, now, window)
  return s.others + s.before * math.max(0, now - math.max(s.known, s.hi)) / window
end

local function left_over(s, now, window)
  return s.limit - ours(s, now - window) - held_by_all(s) - math.ceil(foreign(s, now, window))
end

-- When there is room again: all of it or, where nothing is proven, the first of it.
local function room_at(s, now, window)
  if not s.fixed then
    for _, one in ipairs(s.log) do
      if one[1] > now - window then
        return one[1] + window
      end
    end
  end
  return math.max(now, s.hi + window)
end

local function phase_error(s, window)
  return s.fixed and math.min(window, s.hi - s.lo) or window
end

-- What is kept for interactive calls, when that shrinks next, by what stride it goes on shrinking,
-- and when bulk gets the rest of it. It shrinks to nothing before it is lost. While the phase is
-- not known some of it is spent a little at a time: what those calls are answered tells whether a
-- new window has begun.
local function reserve(s, now, window)
  local whole, off, back = math.ceil(s.limit * RESERVE), phase_error(s, window), room_at(s, now, window)
  local release = (s.fixed and s.lo + window or back) - RELEASE_MS
  local scouts = off > SURE_MS and math.min(8, math.floor(whole / 2)) or 0
  if scouts > 0 and s.fixed == (now >= release) then
    local began = s.fixed and s.lo + window or s.hi
    local stride = off / scouts
    local gone = math.min(scouts, math.max(0, math.floor((now - began) / stride)))
    local step, ends = began + (gone + 1) * stride, s.fixed and back or release
    local kept = (s.fixed and scouts or whole) - gone
    return kept, gone < scouts and math.min(step, ends) or ends, stride, ends
  elseif now < release then
    return whole, release, 0, release
  end
  return 0, back, 0, back
end

-- What bulk may have of so much room. While others' calls eat into it, no more are under way than
-- stay: so answers tell in time of what others take, and the last go out one by one.
local function bulk_room(s, room)
  local held = held_by_all(s)
  if s.before + s.others == 0 then
    return room
  elseif held == 0 then
    return math.min(room, math.max(1, math.floor(room / 2)))
  end
  return math.floor((room - held) / 2)
end
