"""What stands between the calls of all requests and a server that keeps records, whichever it is.

commands.py  a call on its way: who waits for it, until when, and what it said
queue.py     what waits to be sent
lanes.py     a connection: one exchange at a time
breaker.py   whether a server is taken to be away, and the tries to reach it anew
deadlines.py one timer for all calls of a server
node.py      one server: its queue, its lanes, and the deadline
"""
