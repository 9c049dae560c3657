"""From the command line to a serving process.

start.py              what every composition root does
private_memcached.py  a memcached of the application's own
listening.py          where to listen
serving.py            serve, stop without dropping anything
server.py             Tornado's HTTP server, as it is used here
door.py               how connections are accepted
connections.py        who is connected, and says nothing
descriptors.py        how many there may be
forwarded.py          what a proxy says of a request
line.py               the requests that wait for their turn
refusal.py            the answer when there is no time
answering.py          when an answer begins, and nobody reads it
workers.py            several processes on one port
logs.py               one JSON object a line, and no secret in it
"""
