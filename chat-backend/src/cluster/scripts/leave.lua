-- Leaves a letter for a node, and tells it so. Of many the oldest go; who never fetches them is gone.
-- KEYS: letters. ARGV: channel, letter, how many are kept, seconds to live
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'l', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[1], '')
return {}
