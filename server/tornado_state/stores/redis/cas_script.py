"""Compare and swap, which Redis runs in one step.

nil where there is no record, 0 where another version stands there, 1 when stored. What is mine
already was stored by the same command before its connection broke. The token of what another
program left, of a type that no record has or with nothing in it, is empty.
"""

from hashlib import sha1

SCRIPT = b"""
local now = redis.pcall('GETRANGE', KEYS[1], 0, 15)
if now == '' and not redis.call('GET', KEYS[1]) then return nil end
if type(now) == 'table' then
    if not string.find(now.err, 'WRONGTYPE', 1, true) then return now end
    now = ''
end
if now == string.sub(ARGV[2], 1, 16) then return 1 end
if now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
SCRIPT_NAME = sha1(SCRIPT, usedforsecurity=False).hexdigest()
