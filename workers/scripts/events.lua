-- The queue of events: a claim brings its delivery and what is known of it along, an end records
-- what became of it. KEYS from the third: open, failed, handled, counts, retailer ids.
local function bring(jobs)
  local found, names, wanted = {}, {}, {}
  for i, job in ipairs(jobs) do
    local args = args_of(job)
    if args then
      names[#names + 1] = 'backroom:delivery:' .. args[1]
      wanted[#wanted + 1] = {i, 'backroom:event:' .. args[1], args[2] and 's:' .. args[2] or 'state'}
    end
  end
  local deliveries = #names > 0 and redis.call('MGET', unpack(names)) or {}
  for j, one in ipairs(wanted) do
    found[one[1]] = {deliveries[j], redis.call('HGET', one[2], one[3])}
  end
  return found
end

local effects = {dispatch = dispatch, finish = finish_run, bury = bury}

local function effect(name, ...)
  return effects[name](...)
end
