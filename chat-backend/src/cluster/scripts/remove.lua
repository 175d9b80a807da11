-- Lets a room's log go, unless somebody appended to it: 1 when there is none afterwards.
-- KEYS: meta, log, snapshot. ARGV: epoch, known seq
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top')
if not meta[1] then return 1 end
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
