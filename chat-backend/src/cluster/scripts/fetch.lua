-- Takes away the letters that were read, and gives the next ones.
-- KEYS: letters. ARGV: how many, ids of those that were read
for i = 2, #ARGV do redis.call('XDEL', KEYS[1], ARGV[i]) end
local letters = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])) do
  letters[#letters + 1] = {entry[1], entry[2][2]}
end
return letters
