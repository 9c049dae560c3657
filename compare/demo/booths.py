"""Who has which booth.

Rule 1: a visitor is a random ID in a cookie. A booth is opened when its visitor first comes, and
closed when nobody has used it for a quarter of an hour.
Rule 2: there are eight at the most; who comes when all are taken is told so.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time

from .booth import Booth

MOST_BOOTHS = 8
_UNUSED_FOR = 900.0

log = logging.getLogger(__name__)


class AllTaken(Exception):
    """There is no booth left."""


class Booths:
    """The booths by visitor. For one event loop."""

    def __init__(self) -> None:
        self._booths: dict[str, asyncio.Task[Booth]] = {}
        self._used: dict[str, float] = {}

    def new_visitor(self) -> str:
        """Return an ID for somebody new."""
        return secrets.token_urlsafe(16)

    def get(self, visitor: str | None) -> Booth | None:
        """Return the visitor's booth, if it is open."""
        task = self._booths.get(visitor or "")
        if visitor is None or task is None or not task.done() or task.exception() is not None:
            return None
        self._used[visitor] = time.monotonic()
        return task.result()

    async def open(self, visitor: str) -> Booth:
        """Return the visitor's booth, opened if need be; `AllTaken` when there is none left."""
        task = self._booths.get(visitor)
        if task is None or (task.done() and task.exception() is not None):
            if visitor not in self._booths and len(self._booths) >= MOST_BOOTHS:
                raise AllTaken
            task = self._booths[visitor] = asyncio.ensure_future(_opened())
        self._used[visitor] = time.monotonic()
        return await asyncio.shield(task)

    async def tidy(self) -> None:
        """Close what nobody has used for long."""
        oldest = time.monotonic() - _UNUSED_FOR
        for visitor in [each for each, used in self._used.items() if used < oldest]:
            await self._close(visitor)

    async def close(self) -> None:
        """Close all."""
        await asyncio.gather(*map(self._close, list(self._booths)))

    async def _close(self, visitor: str) -> None:
        self._used.pop(visitor, None)
        task = self._booths.pop(visitor)
        await asyncio.wait([task])
        if task.exception() is None:
            await asyncio.to_thread(task.result().close)


async def _opened() -> Booth:
    booth = Booth()
    try:
        await asyncio.to_thread(booth.open)
    except Exception:
        await asyncio.to_thread(booth.close)
        raise
    return booth
