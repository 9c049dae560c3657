"""The session store on Redis or Valkey, 6.2 or later.

store.py       the store
commands.py    the contract's methods in Redis's commands, and what its answers mean
lane.py        one connection: an exchange of many commands
sentinels.py   the way to the primary that Sentinels tell
cluster.py     the primaries of a cluster, and who of them keeps which slots
slots.py       what a node tells of that
members.py     connections of a cluster
told.py        asking several servers the same thing
checking.py    what is asked at the start
connection.py  making a connection, with redis and hiredis
meanings.py    what their errors mean, which stop there
unasked.py     why one takes no connection
cas_script.py  compare and swap, in one step
"""
