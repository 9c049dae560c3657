"""From the command line to a serving process.

start.py              what every composition root does
private_memcached.py  a memcached of the application's own
serving.py            listen, serve, stop without dropping anything
workers.py            several processes on one port
logs.py               one JSON object a line, and no secret in it
"""
