"""Where session records live: the contract (:mod:`.base`) and the two stores that keep it."""

from .base import SessionRecord, SessionStore
from .connection import is_away
from .memcached import MemcachedStore
from .memory import MemoryStore

__all__ = ["MemcachedStore", "MemoryStore", "SessionRecord", "SessionStore", "is_away"]
