-- Numbers and stores what a node appends to a room's log, in one step; with no facts it only catches up.
-- KEYS: meta, log, snapshot
-- ARGV: epoch, by, turn, known seq, known mark, guard or '', buried incarnation or '', seconds to live,
--       entries the log may hold, bytes it may hold, the channel, then for each fact: 'r' (changes the rules) or '-', what may be
--       there once or '', the number of the message whose texts go with it or '', its JSON without the leading brace
local OVER = 9007199254740991
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'rules', 'mark', 'at', 'bytes', 't:' .. ARGV[2])
if meta[1] ~= ARGV[1] then return {'lost'} end
local top, known, turn = tonumber(meta[2]), tonumber(ARGV[4]), tonumber(ARGV[3])

-- What the node knows must be in the log, or the log has gone back in time.
if top < known then return {'torn'} end
local missed, taken = {}, {}
if top > known then
  local from = math.max(known, 1)
  local found = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', from), '+')
  if known > 0 then
    if #found == 0 or found[1][1] ~= string.format('%.0f-0', known) then return {'behind'} end
    if found[1][2][2] ~= ARGV[5] then return {'torn'} end
    table.remove(found, 1)
  elseif #found == 0 or found[1][1] ~= '1-0' then
    return {'behind'}
  end
  for i, entry in ipairs(found) do
    missed[i] = entry[2][4]
    if entry[2][6] then taken[entry[2][6]] = true end
  end
elseif known > 0 and meta[4] ~= ARGV[5] then
  return {'torn'}
end

-- A node that was declared gone, or an append that was given up, comes too late.
local last = tonumber(meta[7] or '0')
if last >= OVER then return {'declared', missed, meta[2], meta[4]} end
if last >= turn then return {'stale'} end
redis.call('HSET', KEYS[1], 't:' .. ARGV[2], ARGV[3])

local facts = (#ARGV - 11) / 4
if facts == 0 then return {'ok', missed, meta[2], meta[4]} end
if ARGV[6] ~= '' and ARGV[6] ~= meta[3] then return {'guard', missed, meta[2], meta[4]} end
-- What the node knows it has looked at itself; what it missed may hold the same message, sent again by another way.
for i = 1, facts do
  if taken[ARGV[9 + 4 * i]] then return {'guard', missed, meta[2], meta[4]} end
end
local bytes = tonumber(meta[6])
if redis.call('XLEN', KEYS[2]) + facts > tonumber(ARGV[9]) or bytes > tonumber(ARGV[10]) then
  return {'full', missed, meta[2], meta[4]}
end

local now = redis.call('TIME')
local at = math.max(tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000), tonumber(meta[5]))
local mark, rules = ARGV[2] .. ':' .. ARGV[3], meta[3]
local told = {ARGV[2], ARGV[1], string.format('%.0f', top)}

-- Takes the texts of a message away. An entry can't be changed, so all are written again, as what they were.
local function redact(message)
  local all, found = redis.call('XRANGE', KEYS[2], '-', '+'), false
  for _, entry in ipairs(all) do
    local json = entry[2][4]
    if entry[1] == message .. '-0' or string.find(json, '"is":"edit"', 1, true) then
      local read = cjson.decode(json)
      local edit = read.act and read.act.is == 'edit' and read.act.message == tonumber(message) and read.act
      local goes = edit or (entry[1] == message .. '-0' and read.fact == 'said' and read)
      if goes then
        goes.text = ''
        entry[2][4], found = cjson.encode(read), true
        bytes = bytes - #json + #entry[2][4]
      end
    end
  end
  if not found then return end
  redis.call('DEL', KEYS[2])
  for _, entry in ipairs(all) do redis.call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
end

for i = 1, facts do
  if ARGV[10 + 4 * i] ~= '' then redact(ARGV[10 + 4 * i]) end
  local seq = string.format('%.0f', top + i)
  local entry = string.format('{"seq":%s,"at":%.0f,"by":"%s","turn":%s,%s', seq, at, ARGV[2], ARGV[3], ARGV[11 + 4 * i])
  if ARGV[9 + 4 * i] == '' then
    redis.call('XADD', KEYS[2], seq .. '-0', 'm', mark, 'e', entry)
  else
    redis.call('XADD', KEYS[2], seq .. '-0', 'm', mark, 'e', entry, 'k', ARGV[9 + 4 * i])
  end
  bytes = bytes + #entry
  if ARGV[8 + 4 * i] == 'r' then rules = seq end
  told[#told + 1] = entry
end
local latest = string.format('%.0f', top + facts)
redis.call('HSET', KEYS[1], 'top', latest, 'rules', rules, 'mark', mark, 'at', string.format('%.0f', at), 'bytes', string.format('%.0f', bytes))
if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 't:' .. ARGV[7], string.format('%.0f', OVER)) end
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[8]) end
redis.call('PUBLISH', ARGV[11], table.concat(told, '\n'))
return {'ok', missed, latest, mark, string.format('%.0f', at)}
