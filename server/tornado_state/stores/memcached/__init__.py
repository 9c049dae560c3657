"""The session store on a fleet of memcached nodes.

store.py       the fleet: which node keeps which key
commands.py    the contract's methods in memcached's protocol, and what its answers mean
lane.py        one connection: an exchange of many commands, each answer matched to its own
answers.py     what comes over a connection, cut into answers
opening.py     a connection being made, where nobody waits for it
connection.py  making it: the one importer of pymemcache, and the edge its errors stop at
sockets.py     what pymemcache takes for the socket module while it connects
greeting.py    what is asked of memcached at the start of an application
"""
