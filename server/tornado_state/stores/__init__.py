"""Where session records live: the contract (:mod:`.base`) and the two stores that keep it."""

from .base import SessionRecord, SessionStore
from .memcached.connection import is_away
from .memcached.store import MemcachedStore
from .memory import MemoryStore

__all__ = ["MemcachedStore", "MemoryStore", "SessionRecord", "SessionStore", "is_away"]
