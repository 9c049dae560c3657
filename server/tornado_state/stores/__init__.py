"""Where session records live: the contract (:mod:`.base`) and the stores that keep it.

base.py       the contract
arguments.py  what every store refuses before it does anything
urls.py       a store by its URL
addresses.py  where a server listens
memory.py     in this process
strangers.py  a store of somebody else's, and the edge that its errors stop at
exchanges/    what stands between calls and a server: the queue, the deadline, the breaker
memcached/    on a fleet of memcached nodes
redis/        on Redis or Valkey
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .base import SessionRecord, SessionStore, is_away
from .memory import MemoryStore
from .urls import open_store

if TYPE_CHECKING:
    from .memcached.store import MemcachedStore
    from .redis.store import RedisStore

__all__ = [
    "MemcachedStore",
    "MemoryStore",
    "RedisStore",
    "SessionRecord",
    "SessionStore",
    "is_away",
    "open_store",
]

#: What is imported only where it is used, for it brings a client library along.
_LATER = {"MemcachedStore": ".memcached.store", "RedisStore": ".redis.store"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)
