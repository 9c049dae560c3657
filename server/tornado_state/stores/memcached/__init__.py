"""The session store on a fleet of memcached nodes."""
