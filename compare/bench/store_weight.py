"""What a store has taken for the sessions in it.

Of memcached it is what items take with their headers, in chunks of the size that fits (``stats
slabs``), and a pointer of 8 bytes for each in the hash table: what it has taken from the system
comes in pages of a megabyte, too coarse for thousands. Of Redis it is what it says of each key
(``MEMORY USAGE``): what it has for clients and scripts is no session.
"""

from __future__ import annotations

import redis

from ..memcached_process import MemcachedProcess
from ..store_process import StoreProcess

_POINTER = 8


def bytes_taken(store: StoreProcess) -> int:
    """Return how many bytes, now."""
    if isinstance(store, MemcachedProcess):
        return _chunks(store.counters())
    with redis.Redis(port=store.port or 0) as client:
        asked = client.pipeline(transaction=False)
        for key in client.scan_iter(count=1000):
            asked.memory_usage(key)
        return sum(map(int, filter(None, asked.execute())))


def _chunks(counted: dict[str, int]) -> int:
    classes = [name.partition(":")[0] for name in counted if name.endswith(":chunk_size")]
    chunks = sum(counted[f"{of}:used_chunks"] * counted[f"{of}:chunk_size"] for of in classes)
    return chunks + counted["curr_items"] * _POINTER
