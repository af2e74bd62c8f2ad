-- The queue of events: a claim brings its delivery and what is known of it along, an end records
-- what became of it. KEYS from the third: open, failed, handled, counts, retailer ids.
local function bring(job)
  local known, told = pcall(cmsgpack.unpack, job)
  if not known or type(told) ~= 'table' or type(told.a) ~= 'table' or not told.a[1] then
    return false
  end
  local field = told.a[2] and 's:' .. told.a[2] or 'state'
  local event = 'backroom:event:' .. told.a[1]
  return {redis.call('GET', 'backroom:delivery:' .. told.a[1]), redis.call('HGET', event, field)}
end

local effects = {dispatch = dispatch, finish = finish_run, bury = bury}

local function effect(name, ...)
  return effects[name](...)
end
