-- A log that went back in time goes on under another epoch, so that numbers of before compare with nothing.
-- KEYS: meta. ARGV: epoch, new epoch
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then redis.call('HSET', KEYS[1], 'epoch', ARGV[2]) end
return {}
