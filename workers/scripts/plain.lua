-- A queue whose claims bring nothing along, and whose ends change nothing else.
local function bring()
  return {}
end

local function effect()
  return 'ended'
end
