"""The contract every session store keeps.

Rule 1: a store maps a store key to opaque bytes and knows nothing of what they mean.
Rule 2: missing, expired and evicted are the same thing, and it is an *answer*: ``None`` or
``False``.
Rule 3: no answer is never an answer. A store that could not tell raises `StoreUnavailable`.
Rule 4: there is no unconditional write. ``add`` creates, ``cas`` changes what was read, ``delete``
ends, ``touch`` keeps alive. So a write that is late, slow or retried can never bring back a record
that was deleted, and cannot undo one it has not seen.
Rule 5: nothing blocks the event loop, and every call ends within the store's deadline.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple


class SessionRecord(NamedTuple):
    """What is kept under a store key: sealed bytes, and the token that names this version."""

    sealed: bytes
    cas: bytes


class SessionStore(ABC):
    """Where server-side records live.

    ``key`` is a store key: 43 characters of the URL-safe base64 alphabet. ``idle`` is in whole
    seconds, 1 to 2,592,000 (memcached reads more as a date, and the record would be gone at once).
    Each method raises `StoreUnavailable` when the store gave no definite answer in time; what was
    asked for may then have happened or not. `load`, `touch` and `delete` may simply be repeated.
    """

    @abstractmethod
    async def load(self, key: str) -> SessionRecord | None:
        """Return the record, or None when there is definitely none."""

    @abstractmethod
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """Create the record; False when the key is taken. `StoreRefused` when there is no room."""

    @abstractmethod
    async def cas(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
        """Replace the version named by ``cas``.

        True when stored, False when another version stands there now, None when there is no record.
        `StoreRefused` when there is no room; the old version then stands.
        """

    @abstractmethod
    async def touch(self, key: str, idle: int) -> bool:
        """Let the record live ``idle`` seconds from now; False when there is none."""

    @abstractmethod
    async def delete(self, key: str) -> bool:
        """End the record; False when there was none. Returns only once the store has confirmed."""
