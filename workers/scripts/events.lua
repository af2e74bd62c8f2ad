-- The queue of events: a claim brings its delivery along, and what is known of a subscriber's part
-- in it; an end records what became of it. KEYS from the third: open, failed, handled, counts, retailer ids.
local function bring(jobs)
  local found, names, wanted = {}, {}, {}
  for i, job in ipairs(jobs) do
    local args = args_of(job)
    if args then
      names[#names + 1] = 'backroom:delivery:' .. args[1]
      wanted[#wanted + 1] = {i, args}
    end
  end
  local deliveries = #names > 0 and redis.call('MGET', unpack(names)) or {}
  for j, one in ipairs(wanted) do
    local id, subscriber = unpack(one[2])
    local known = subscriber and redis.call('HGET', 'backroom:event:' .. id, 's:' .. subscriber)
    found[one[1]] = {deliveries[j], known}
  end
  return found
end

local effects = {dispatch = dispatch, finish = finish_run, bury = bury}

local function effect(name, ...)
  return effects[name](...)
end
