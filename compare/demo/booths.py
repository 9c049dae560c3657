"""Who has which booth.

Rule 1: a visitor is a random ID in a cookie. A booth is opened when its visitor first comes, and
closed when nobody has used it for a quarter of an hour.
Rule 2: there are eight at the most. Who comes when all are taken gets the one whose page has been
closed or out of sight for the longest; where all pages are seen, they are told so.
Rule 3: one that cannot be opened is one sentence, for the visitor and in the terminal.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable

from .booth import Booth
from .troubles import TROUBLES

MOST_BOOTHS = 8
_UNUSED_FOR = 900.0

log = logging.getLogger(__name__)


class AllTaken(Exception):
    """There is no booth left."""


class CannotOpen(Exception):
    """A booth's applications do not start; the text says why in a line."""


class Booths:
    """The booths by visitor. For one event loop. ``name`` begins the names of their cookies."""

    def __init__(self, name: str = "demo") -> None:
        self._name = name
        self._booths: dict[str, asyncio.Task[Booth]] = {}
        self._used: dict[str, float] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._ending = False

    def new_visitor(self) -> str:
        """Return an ID for somebody new."""
        return secrets.token_urlsafe(16)

    def get(self, visitor: str | None) -> Booth | None:
        """Return the visitor's booth, if it is open."""
        if visitor is None or visitor not in self._booths:
            return None
        self._used[visitor] = time.monotonic()
        return self._peek(visitor)

    async def open(self, visitor: str, leftover: Iterable[tuple[str, str]] = ()) -> Booth:
        """Return the visitor's booth, opened if need be; `AllTaken` or `CannotOpen` otherwise.

        ``leftover`` are cookies of an earlier one, by application, that the browser is to drop.
        """
        task = self._booths.get(visitor)
        if self._ending:
            raise CannotOpen("the demo is ending")
        if task is None or _has_failed(task):
            if visitor not in self._booths:
                self._make_room()
            task = self._booths[visitor] = asyncio.ensure_future(_opened(self._name, leftover))
        self._used[visitor] = time.monotonic()
        return await asyncio.shield(task)

    async def anew(self, visitor: str) -> None:
        """Give the visitor another booth; see `open`."""
        booth = self.get(visitor)
        if booth is not None:
            held = [(each, name) for each, side in booth.sides.items() for name in side.jar]
            self._give_up(visitor)
            await booth.notify()
            await self.open(visitor, held)

    def _make_room(self) -> None:
        for visitor in [each for each, task in self._booths.items() if _has_failed(task)]:
            self._give_up(visitor)
        while len(self._booths) >= MOST_BOOTHS:
            left = [
                each for each in self._booths if (booth := self._peek(each)) and not booth.pages
            ]
            if not left:
                raise AllTaken
            self._give_up(min(left, key=self._used.__getitem__))

    def _peek(self, visitor: str) -> Booth | None:
        task = self._booths[visitor]
        return task.result() if task.done() and not _has_failed(task) else None

    def tidy(self) -> None:
        """Close what nobody has used for long; do not wait for it."""
        oldest = time.monotonic() - _UNUSED_FOR
        for visitor in [each for each, used in self._used.items() if used < oldest]:
            self._give_up(visitor)

    async def close(self) -> None:
        """Close all, wait until they are, and open no more."""
        self._ending = True
        for visitor in list(self._booths):
            self._give_up(visitor)
        await asyncio.gather(*self._closing)

    def _give_up(self, visitor: str) -> None:
        self._used.pop(visitor, None)
        closing = asyncio.ensure_future(_closed(self._booths.pop(visitor)))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _has_failed(opening: asyncio.Task[Booth]) -> bool:
    return opening.done() and opening.exception() is not None


async def _opened(name: str, leftover: Iterable[tuple[str, str]]) -> Booth:
    booth = Booth(name)
    try:
        await asyncio.to_thread(booth.open)
    except TROUBLES as error:
        await asyncio.to_thread(booth.close)
        told = (str(error).splitlines() or [type(error).__name__])[-1]
        log.error("a visitor's applications do not start: %s", told)
        raise CannotOpen(told) from None
    for application, cookie in leftover:
        booth.sides[application].pending.append(f"{cookie}=; Max-Age=0; Path=/")
    return booth


async def _closed(opening: asyncio.Task[Booth]) -> None:
    """Close it when it has been opened, and again when what is being tried has seen that."""
    await asyncio.wait([opening])
    if opening.exception() is not None:
        return
    booth = opening.result()
    await asyncio.to_thread(booth.close)
    async with booth.busy:
        await asyncio.to_thread(booth.close)
