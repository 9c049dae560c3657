"""The contract every session store keeps.

Rule 1: a store maps a store key to opaque bytes and knows nothing of what they mean.
Rule 2: missing, expired and evicted are the same thing, and it is an *answer*: ``None`` or
``False``.
Rule 3: no answer is never an answer. A store that could not tell raises `StoreUnavailable`.
Rule 4: there is no unconditional write. ``add`` creates, ``cas`` changes what was read, ``delete``
ends, ``touch`` keeps alive. So a write that is late, slow or retried can never bring back a record
that was deleted, and cannot undo one it has not seen.
Rule 5: nothing blocks the event loop, and every call ends within the store's deadline.

A store of one's own has the five methods that are abstract here, refuses wrong arguments with the
functions of :mod:`.arguments`, and is held to all this by `tornado_state.testing.StoreContract`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import NamedTuple

from ..exceptions import StoreUnavailable, StoreUnfit
from .arguments import check_idle

#: A store key as any other, that no session has: what `SessionStore.check` asks for.
_NOBODY = "-" * 43


class SessionRecord(NamedTuple):
    """What is kept under a store key: sealed bytes, and the token that names this version.

    The token is the store's own; nobody else reads anything into its bytes.
    """

    sealed: bytes
    token: bytes


class SessionStore(ABC):
    """Where server-side records live.

    ``key`` is a store key: 43 characters of the URL-safe base64 alphabet. ``idle`` is in whole
    seconds, 1 to 2,592,000 (memcached reads more as a date, and the record would be gone at once).
    Each method raises `StoreUnavailable` when the store gave no definite answer in time; what was
    asked for may then have happened or not. `load`, `touch` and `delete` may simply be repeated.
    Arguments that cannot be are the program's mistake: `ValueError`, before anything is sent.
    """

    @abstractmethod
    async def load(self, key: str) -> SessionRecord | None:
        """Return the record, or None when there is definitely none."""

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        """Begin to `load`, and return what will be the answer.

        For a store that has such a future anyway: whoever waits for it needs no task of his own.
        What `load` raises may be raised at once.
        """
        return asyncio.ensure_future(self.load(key))

    @abstractmethod
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """Create the record; False when the key is taken. `StoreRefused` when there is no room."""

    @abstractmethod
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """Compare and swap: replace the version named by ``token``.

        True when stored, False when another version stands there now, None when there is no record.
        `StoreRefused` when there is no room; the old version then stands.
        """

    def cas_soon(
        self, key: str, sealed: bytes, token: bytes, idle: int
    ) -> asyncio.Future[bool | None]:
        """Begin to `cas`, and return what will be the answer; as with `load_soon`."""
        return asyncio.ensure_future(self.cas(key, sealed, token, idle))

    @abstractmethod
    async def touch(self, key: str, idle: int) -> bool:
        """Let the record live ``idle`` seconds from now; False when there is none."""

    @abstractmethod
    async def delete(self, key: str) -> bool:
        """End the record; False when there was none. Returns only once the store has confirmed."""

    async def load_and_touch(self, key: str, idle: int) -> SessionRecord | None:
        """Return the record and let it live ``idle`` seconds from now; None when there is none.

        The token stays good. A store that can do both in one step has a method of its own.
        """
        check_idle(idle)
        record = await self.load(key)
        return record if record is not None and await self.touch(key, idle) else None

    @property
    def room(self) -> int | None:
        """How many bytes it may take for all records; None where it does not tell."""
        return None

    @property
    def may_answer_elsewhere(self) -> bool:
        """Whether another key may have an answer where one had none: for a store of several nodes.

        A new session is then kept under an ID that leads to a node which answers.
        """
        return False

    async def check(self) -> None:
        """Return if the store answers and will do; for the start of an application.

        `StoreUnfit` says in a sentence what answers there and why it will not do, which only
        another configuration mends; any other `StoreUnavailable` may pass.
        """
        await self.load(_NOBODY)

    async def close(self) -> None:
        """Fail what waits, and let go of what the store holds. Nothing is called after it."""
        return


def is_away(error: StoreUnavailable) -> bool:
    """Return whether nobody answered, which may pass; not so where what answers will not do."""
    return not isinstance(error, StoreUnfit)
