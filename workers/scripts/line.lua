-- A retailer's line: jobs of the actions queue whose turn is not now, for its budget has no room.
-- They stand in the queue too, by the same moment; who is late in coming off the line is only in
-- the queue. Before it stands `budget.lua`, whose times are the vendor's.
local MOST_THROUGH = 32
local FOLLOW_MS = 100 -- of ours, between two that this window has room for
local budgets = {}

local function line_of(retailer)
  return 'backroom:parked:' .. retailer
end

local function budget_of(retailer, now, real, window, limit)
  local s = budgets[retailer]
  if not s then
    s = load_budget('backroom:budget:' .. retailer, limit, now, real)
    pass_time(s, now, real, window)
    budgets[retailer] = s
  end
  return s
end

local function save_budgets()
  for retailer, s in pairs(budgets) do
    save_budget('backroom:budget:' .. retailer, s)
  end
end

-- How many fit into this window, beside those that were let through and have no permit yet.
local function fits(s, now, window)
  return math.max(0, left_over(s, now, window) - reserve(s, now, window) - s.through)
end

-- How many of them may come now: few at a time, so that no crowd stands before others' jobs.
local function room(s, now, window)
  local is_shut = now < math.max(s.shut, s.broken)
  return is_shut and 0 or math.min(fits(s, now, window), MOST_THROUGH - s.through)
end

-- How long after each other those of a crowd come, that a window cannot hold: spread over its first
-- half. They are not in a hurry, for the last window decides when all are done; and the calls of
-- other retailers find this machine, and the vendor, at leisure.
local function stride(s, window)
  return window / 2 / s.limit
end

-- How many of so many in a line are brought forward now.
local function may_come(s, waiting, now, window)
  local most = room(s, now, window)
  if waiting <= fits(s, now, window) then
    return most
  end
  most = math.min(most, math.floor((now - (s.followed or 0)) / stride(s, window)))
  s.followed = most > 0 and now or s.followed
  return most
end

-- The moment of one who has so many before them in the line: when their window has room for them.
-- Within it they follow each other slowly; whoever uses the budget brings them forward.
local function turn_of(s, before, now, window, pace)
  local gate, here = math.max(now, s.shut, s.broken), fits(s, now, window)
  local opens, place, apart = gate, before + MOST_THROUGH, FOLLOW_MS * pace
  if before >= here then
    opens = math.max(gate, room_at(s, now, window)) + math.floor((before - here) / s.limit) * window
    place, apart = (before - here) % s.limit, stride(s, window)
  end
  return opens + place * math.min(apart, stride(s, window))
end
