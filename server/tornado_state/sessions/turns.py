"""Getting a change in edgeways: turns within a process, tries between processes.

Compare-and-swap makes changes exact without this; but whoever keeps losing must give up some time.

Rule 1: the requests of one process that change the same session do it one after the other. Answered
in lockstep, as they are, the same one would win every time.
Rule 2: between processes everybody tries again at once. Whoever pauses first is overtaken by those
who do not: eight clients that did nothing but change one session needed 58 tries at most without
pauses, and 369 with random ones of up to a millisecond.
Rule 3: tries are bounded, by number and by time. Whoever runs out of them is told of a conflict.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from ..exceptions import Conflict

_TRIES = 1024
_PATIENCE = 5.0


def attempts(patience: float = _PATIENCE) -> Iterator[int]:
    """Count the tries: 1,024 of them, or those of ``patience`` seconds."""
    give_up = time.monotonic() + patience
    for attempt in range(_TRIES):
        if time.monotonic() > give_up:
            return
        yield attempt


class Turns:
    """Hands out turns per store key. ``patience`` in seconds is the longest wait for one."""

    def __init__(self, patience: float = _PATIENCE) -> None:
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
