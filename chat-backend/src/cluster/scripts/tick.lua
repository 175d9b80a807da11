-- Renews a node's lease, and says how old everybody's is.
-- KEYS: leases, what nodes say of themselves. ARGV: node or '', what it says, milliseconds after which a node is forgotten
local now = redis.call('TIME')
local ms = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], ms, ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms - tonumber(ARGV[3]))) do
  redis.call('ZREM', KEYS[1], node)
  redis.call('HDEL', KEYS[2], node)
end
local all = {}
local leases = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #leases, 2 do
  all[#all + 1] = {leases[i], string.format('%.0f', ms - tonumber(leases[i + 1])), redis.call('HGET', KEYS[2], leases[i]) or ''}
end
return all
