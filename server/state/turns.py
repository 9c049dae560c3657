"""Turns: the requests of one process that change the same session do it one after the other.

Compare-and-swap makes them exact without this. But of requests that are answered in lockstep, as
those of one process are, the same one would win every time and the others run out of tries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from .exceptions import Conflict


class Turns:
    """Hands out turns per store key. ``patience`` in seconds is the longest wait for one."""

    def __init__(self, patience: float = 5.0) -> None:
        self._patience = patience
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, store_key: str, *kinds: str) -> AsyncIterator[bool]:
        """Wait for a turn; gives whether somebody else had one meanwhile.

        Raises `Conflict` naming ``kinds`` when none comes in time.
        """
        lock = self._locks.setdefault(store_key, asyncio.Lock())
        waited = lock.locked()
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError:
            raise Conflict(kinds) from None
        try:
            yield waited
        finally:
            lock.release()
