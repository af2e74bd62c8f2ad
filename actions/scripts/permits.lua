-- One exchange of a process about one retailer: it says what became of its permits and gets more.
-- What it has not sent by now it hands back.
-- KEYS: the budget. ARGV: process, pace, window ms, first limit, lease ms; how many are under way;
-- wanted for interactive, for bulk; turned away since; limit and remaining it was told last and
-- how many ms ago that call was sent (limit -1: nothing was told); Retry-After in ms and how long ago
-- that call was sent (-1: no 429, -2: it did not say); calls that failed since one was answered; then
-- for those answered: how many ms ago, how many.
-- Answers: granted for interactive, for bulk; ms until there may be more for each, until
-- this process is to look, and why not now;
-- limit, left, reserve; ms until the reserve shrinks, the stride in which it goes on, until bulk
-- gets the rest, until there is room again; turned away in this window.
local key, process = KEYS[1], ARGV[1]
local arg = {}
for i = 2, #ARGV do
  arg[i] = tonumber(ARGV[i])
end
local pace, window, lease, underway = arg[2], arg[3], arg[5], arg[6]
local CHANNEL, BROKEN = 'backroom:budgets', 'backroom:budgets:broken'
local METERS, TOKENS = 'backroom:meters', 'backroom:budget:/token'
local OPENS_AFTER, FIRST_PAUSE_MS, MOST_PAUSE_MS = 5, 10000, 60000 -- or half as long again
local STAGGER_MS, HELD_MS = 50, 100
local LEAST_MS, MOST_MS, UNSAID_MS = 1000, 330000, 30000
local time = redis.call('TIME')
local real = time[1] * 1000 + time[2] / 1000
local now = real * pace
local s = load_budget(key, arg[4], now, real)

-- Have all processes look again, but for the one whose own exchange shows it the change.
local function tell(who, but)
  redis.call('PUBLISH', CHANNEL, who .. ' ' .. (but or ''))
end

-- Heed limit and remaining of a call that was sent at a moment; `fresh` were answered since the last
-- report. What is used and not ours is others'; calls that were under way together with that one may
-- be in it or not, which leaves two bounds.
local function heed(limit, remaining, sent, fresh)
  s.limit = limit
  if s.fixed and sent < s.hi then
    return -- it may be the old window's
  end
  local total = limit - remaining
  local certain = answered(s, s.fixed and s.hi or now - window + LATE_MS, sent)
  if is_new_window(s, total, certain, now, window) then
    begin_window(s, math.max(s.told, now - window), now)
    s.used = total
  else
    local least = total - ours(s, sent - window) - held_by_all(s)
    local most = total - 1 - certain
    s.others = math.max(0, least, math.min(foreign(s, now, window), most))
    if s.fixed then
      s.lo = math.max(s.lo, math.min(s.hi, sent - window))
      s.hi = s.used <= fresh and now or s.hi -- it may have begun with this call
      s.used = least == most and math.min(s.used, total) or s.used
    end
  end
  s.known, s.told = now, math.max(s.told, sent)
end

-- Close the gate. Who is refused although the time has come must not believe the next date alone.
local function shut(after, sent)
  s.refused = s.refused + 1
  redis.call('HINCRBY', METERS, key == TOKENS and 'limited tokens' or 'limited calls', 1)
  local wait = math.min(math.max(after, LEAST_MS), MOST_MS)
  if after == -2 then
    wait = s.fixed and math.max(LEAST_MS, s.hi + window - now) or UNSAID_MS
  end
  if now < s.shut or sent < s.shut then
    return
  end
  s.struck = s.struck + 1
  s.shut = now + (s.struck > 1 and math.max(wait, window) or wait)
  s.known, s.probe = 0, false
  tell(key, process)
end

-- Others are likely to be well again too, so they may look at once.
local function recover()
  s.broken, s.pause = 0, 0
  redis.call('SREM', BROKEN, key)
  for _, other in ipairs(redis.call('SRANDMEMBER', BROKEN, 100)) do
    local kept = redis.call('GET', other)
    if kept then
      local budget = cmsgpack.unpack(kept)
      budget.broken = math.min(budget.broken, now)
      save_budget(other, budget)
      tell(other)
    else
      redis.call('SREM', BROKEN, other)
    end
  end
end

local function fail(count, is_well)
  s.failures = (is_well and 0 or s.failures) + count
  if is_well and s.broken > 0 then
    recover()
  end
  if s.failures >= OPENS_AFTER and count > 0 and now >= s.broken then
    s.pause = math.min(math.max(2 * s.pause, FIRST_PAUSE_MS), MOST_PAUSE_MS)
    s.known, s.probe, s.broken = 0, false, now + s.pause * (1 + time[2] % 1000 / 2000)
    redis.call('SADD', BROKEN, key)
    tell(key, process)
  end
end

local function take_report()
  local is_well = ARGV[16] ~= nil
  local fresh = 0
  for i = 16, #ARGV, 2 do
    note_answered(s, now - arg[i], arg[i + 1])
    fresh = fresh + arg[i + 1]
  end
  s.held[process] = underway > 0 and {underway, real + lease} or nil
  s.away = s.away + arg[9]
  if arg[10] >= 0 then
    heed(arg[10], arg[11], now - arg[12], fresh)
  elseif is_well and arg[13] == -1 then
    s.known = now -- it says nothing: our own count is all there is
  end
  if is_well and arg[13] == -1 then
    reopen(s, now - (arg[10] >= 0 and arg[12] or 0))
  end
  if arg[13] ~= -1 then
    shut(arg[13], now - arg[14])
  end
  if is_well or arg[15] > 0 then
    fail(arg[15], is_well)
  end
  local is_ahead = s.probe and s.probe[1] == process
  if is_ahead and underway == 0 then
    s.probe = false
  elseif is_ahead and s.broken + s.shut > 0 then
    s.probe[2] = math.max(s.probe[2], now + FRESH_MS) -- it is still out, however slow
  end
end

-- Whether Lightspeed's last word can be built on. In Redis' first moments others may hold permits
-- of which it has lost the count.
local function is_known()
  return now - s.known < FRESH_MS and s.broken == 0 and real >= s.careful
end

local function grant(wanted, bulk)
  local left, kept = left_over(s, now, window), reserve(s, now, window)
  local reopens = s.shut > 0 and now >= s.shut
  if now < math.max(s.shut, s.broken) then
    return 0, 0, now < s.shut and 'shut' or 'broken', math.max(s.shut, s.broken)
  elseif is_known() and not reopens then
    local given = math.max(0, math.min(wanted, left))
    return given, math.max(0, math.min(bulk, bulk_room(s, left - given - kept))), 'spent'
  end
  -- Nothing is known for certain: one call goes ahead.
  local is_out = s.probe and s.probe[2] > now
  local may = reopens or left >= 1
  if is_out or not may then
    local one = may and not reopens and s.broken == 0 and math.min(wanted, 1) or 0
    if is_out and (reopens or left > kept) then
      return one, 0, 'probe', s.probe[2]
    end
    return one, 0, 'spent'
  end
  if wanted > 0 or (bulk > 0 and (reopens or left > kept)) then
    s.probe = {process, now + FRESH_MS}
    return wanted > 0 and 1 or 0, wanted > 0 and 0 or 1, 'probe', s.probe[2]
  end
  return 0, 0, 'spent'
end

pass_time(s, now, real, window)
take_report()
local wanted, bulk = arg[7], arg[8]
local given, given_bulk, why, at = grant(wanted, bulk)
if given + given_bulk > 0 then
  s.held[process] = {underway + given + given_bulk, real + lease}
end
local left, back = left_over(s, now, window), room_at(s, now, window)
local kept, step, stride, release = reserve(s, now, window)
if given < wanted or given_bulk < bulk then
  s.short = true
elseif s.short and is_known() and left > kept then
  s.short = false
  tell(key, process)
end

-- Not all look at once: each has a step of the reserve of its own, one looks at the release, and
-- one at the new window. The others come a little later, and are woken if there is something.
local function appointment()
  if (s.order[process] or 0) > now then
    return s.order[process]
  end
  local taken, late = {}, 0
  for name, moment in pairs(s.order) do
    taken[moment] = name ~= process
    late = late + (name ~= process and moment >= back and 1 or 0)
  end
  if left > 0 then
    for moment = step, release - 1, stride > 0 and stride or window do
      if not taken[moment] then
        return moment
      end
    end
    if not taken[release] and release < back then
      return release
    end
  end
  return back + late * STAGGER_MS * pace
end

-- Whether another process looks by then: it has the others woken if there is something.
local function is_looked_at(moment)
  for name, at in pairs(s.order) do
    if name ~= process and at > now and at <= moment then
      return true
    end
  end
  return false
end

-- While one call goes ahead there may be more at any moment; otherwise it is known when.
local is_ahead = why == 'probe'
local soon, soon_bulk, lease_ends = now, now, now + (first_lease(s, process) - real) * pace
if left < 1 or (at and not is_ahead) then
  soon = at or math.min(back, lease_ends)
end
if at and not is_ahead then
  soon_bulk = at
elseif left <= kept then
  soon_bulk = left > 0 and math.min(step, back) or back
elseif given_bulk < bulk and not is_ahead then
  soon_bulk = now + HELD_MS * pace -- it waits for calls under way
end
local look = is_ahead and at or soon_bulk
if bulk > 0 and why == 'spent' and left <= kept then
  look = appointment()
  if lease_ends < look and not is_looked_at(lease_ends) then
    look = lease_ends
  end
  s.order[process] = look
end
save_budget(key, s)

local function wait(moment)
  return math.ceil((moment - now) / pace)
end

return {
  given, given_bulk, wait(soon), wait(soon_bulk), wait(look), why,
  s.limit, math.max(0, left), kept, wait(step), math.ceil(stride / pace), wait(release), wait(back),
  s.away,
}
