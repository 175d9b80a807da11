-- A room's log as it stands; a new one when there is none and one is wanted.
-- KEYS: meta, log, snapshot. ARGV: '1' to make one, its epoch, its first snapshot, seconds to live or ''
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local snapshot = epoch and redis.call('GET', KEYS[3])
if not snapshot then
  if ARGV[1] ~= '1' then return {} end
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'top', '0', 'rules', '0', 'mark', '', 'at', '0', 'bytes', '0', 'snapshot', '0')
  redis.call('SET', KEYS[3], ARGV[3])
  epoch, snapshot = ARGV[2], ARGV[3]
end
if ARGV[4] ~= '' then
  for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[4]) end
end
local entries = {}
for i, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+')) do entries[i] = entry[2][4] end
local meta = redis.call('HMGET', KEYS[1], 'top', 'mark')
return {epoch, snapshot, meta[1], meta[2], entries}
