-- Say how long an order is kept from now: what it asked for once it is over. Until then it is not
-- forgotten, for it would be taken in a second time; one that nobody goes on with goes after a month.
local function hold(order)
  local facts = redis.call('HMGET', order, 'total', 'applied', 'refused', 'unknown', 'keep')
  local over = tonumber(facts[2]) + tonumber(facts[3]) + tonumber(facts[4])
  local seconds = tonumber(facts[5])
  if over < tonumber(facts[1]) then
    seconds = math.max(seconds, 30 * 86400)
  end
  for _, tail in ipairs({'', ':results', ':waiting'}) do
    redis.call('EXPIRE', order .. tail, seconds)
  end
end
