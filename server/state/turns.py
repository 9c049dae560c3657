"""Getting a change in edgeways: turns within a process, spaced attempts between processes.

Compare-and-swap makes changes exact without this; but whoever keeps losing runs out of tries.

Rule 1: the requests of one process that change the same session do it one after the other. Answered
in lockstep, as they are, the same one would win every time.
Rule 2: between processes, which may fall into step as well, chance decides who waits how long.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from .exceptions import Conflict

_TRIES = 128


async def attempts() -> AsyncIterator[int]:
    """Count up to 128 tries, from the third one on after a pause of random length, at most 2 ms.

    Of eight processes that do nothing but change one session, each wins every eighth time by chance
    and loses 128 times in a row once in some twenty million.
    """
    for attempt in range(_TRIES):
        if attempt > 1:
            await asyncio.sleep(secrets.randbelow(2000) / 1e6)
        yield attempt


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
