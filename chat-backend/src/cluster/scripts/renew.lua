-- Keeps a newer snapshot and lets older entries go.
-- KEYS: meta, log, snapshot. ARGV: epoch, the snapshot's top, the snapshot, the oldest entry to keep, seconds to live
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'snapshot', 'bytes')
if meta[1] ~= ARGV[1] then return {'lost'} end
if tonumber(meta[2]) > tonumber(ARGV[2]) then return {'ok'} end
redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[5])
local bytes = tonumber(meta[3])
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '(' .. ARGV[4] .. '-0')) do bytes = bytes - #entry[2][4] end
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4] .. '-0')
redis.call('HSET', KEYS[1], 'snapshot', ARGV[2], 'bytes', string.format('%.0f', bytes))
return {'ok'}
