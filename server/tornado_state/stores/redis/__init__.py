"""The session store on Redis or Valkey, 6.2 or later.

store.py       the store
commands.py    the contract's methods in Redis's commands, and what its answers mean
lane.py        one connection: an exchange of many commands
sentinels.py   the way to the primary that Sentinels tell
connection.py  making it: the one importer of redis, and the edge its errors stop at
"""
