-- A queue whose claims bring nothing along, and whose ends change nothing else.
local births = {left = 0}

local function bring()
  return {}
end

local function effect()
  return 'ended'
end
