-- What many jobs of one script write alike is written together at its end: the calls are what a
-- script costs, not the writes.
local MOST = 1000 -- words of one call
local later = {}

local function begin()
  later = {ZADD = {}, ZREM = {}, HINCRBY = {}, MSET = {'MSET'}, DEL = {'DEL'}, trims = {}}
end
begin()

local function words_of(command, key)
  local words = later[command][key] or {command, key}
  later[command][key] = words
  return words
end

-- One word, or two.
local function push(words, one, other)
  local at = #words
  words[at + 1], words[at + 2] = one, other
end

local function add(key, score, member)
  push(words_of('ZADD', key), score, member)
end

local function remove(key, member)
  push(words_of('ZREM', key), member)
end

local function put(key, value)
  push(later.MSET, key, value)
end

local function forget(one, other)
  push(later.DEL, one, other)
end

local function count(key, field, times)
  later.HINCRBY[key] = later.HINCRBY[key] or {}
  later.HINCRBY[key][field] = (later.HINCRBY[key][field] or 0) + (times or 1)
end

-- Drop what is older than a score, once what is new was added.
local function trim(key, score)
  later.trims[key] = score
end

-- Send a command whose first `head` words go with each call that the others need.
local function send(words, head)
  for i = head + 1, #words, MOST do
    local chunk = words
    if #words > MOST then
      chunk = {unpack(words, 1, head)}
      for j = i, math.min(i + MOST - 1, #words) do
        chunk[#chunk + 1] = words[j]
      end
    end
    redis.call(unpack(chunk))
  end
end

local function flush()
  send(later.MSET, 1)
  for _, command in ipairs({'ZREM', 'ZADD'}) do
    for _, words in pairs(later[command]) do
      send(words, 2)
    end
  end
  for key, fields in pairs(later.HINCRBY) do
    for field, times in pairs(fields) do
      redis.call('HINCRBY', key, field, times)
    end
  end
  for key, score in pairs(later.trims) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', score)
  end
  send(later.DEL, 1)
  begin()
end
