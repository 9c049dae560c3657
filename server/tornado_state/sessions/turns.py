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
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

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


class Turn(msgspec.Struct, eq=False, gc=False):
    """One after the other: whoever takes the turn has it until he leaves it, then the next one."""

    taken: bool = False
    _waiting: deque[asyncio.Future[None]] | None = None
    _holder: asyncio.Task[Any] | None = None

    async def take(self, patience: float | None = None) -> bool:
        """Take the turn; return whether that had to wait for somebody else's.

        Raises `TimeoutError` when none comes within ``patience`` seconds.
        """
        if self.take_now():
            return False
        mine = asyncio.get_running_loop().create_future()
        self._waiting = self._waiting or deque()
        self._waiting.append(mine)
        try:
            async with asyncio.timeout(patience):
                await mine
        except BaseException:
            if mine.done() and not mine.cancelled():
                self.leave()  # it was mine already
            raise
        return True

    def take_now(self) -> bool:
        """Take the turn if nobody has it; return whether that was so."""
        if self.taken:
            return False
        self.taken = True
        return True

    async def __aenter__(self) -> bool:
        task = asyncio.current_task()
        if self._holder is not None and self._holder is task:
            raise RuntimeError("what a commit waits for cannot wait for that commit")
        waited = await self.take()
        self._holder = task
        return waited

    async def __aexit__(self, *error: object) -> None:
        self._holder = None
        self.leave()

    def leave(self) -> None:
        """Let the next one have the turn."""
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self.taken = False


class Turns:
    """Hands out turns per store key. ``patience`` in seconds is the longest wait for one."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._turns: dict[str, Turn] = {}

    def take(self, store_key: str, *kinds: str) -> TurnOf:
        """Wait for a turn, on entering; gives whether somebody else had one meanwhile.

        Raises `Conflict` naming ``kinds`` when none comes in time.
        """
        return TurnOf(self, store_key, kinds, self._patience)

    def is_taken(self, store_key: str) -> bool:
        """Return whether somebody has the turn."""
        return store_key in self._turns

    def take_now(self, store_key: str) -> None:
        """Take the turn, which nobody has."""
        self._turns[store_key] = Turn(taken=True)

    def of(self, store_key: str) -> Turn:
        """Return the turn, taken or to be taken."""
        turn = self._turns.get(store_key)
        if turn is None:
            turn = self._turns[store_key] = Turn()
        return turn

    def leave(self, store_key: str) -> None:
        """Let the next one have the turn."""
        turn = self._turns[store_key]
        turn.leave()
        if not turn.taken:
            del self._turns[store_key]


class TurnOf:
    """The turn of one store key, among ``turns``."""

    __slots__ = ("_key", "_kinds", "_patience", "_turns")

    def __init__(self, turns: Turns, key: str, kinds: tuple[str, ...], patience: float) -> None:
        self._turns, self._key, self._kinds, self._patience = turns, key, kinds, patience

    async def __aenter__(self) -> bool:
        try:
            return await self._turns.of(self._key).take(self._patience)
        except TimeoutError:
            raise Conflict(self._kinds) from None

    async def __aexit__(self, *error: object) -> None:
        self._turns.leave(self._key)
