-- Redis' own time in ms since 1970: machines' clocks differ. It stands still while a script runs.
local clock
local function now_ms()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return clock
end
