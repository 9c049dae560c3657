"""A few threads for what takes long, shared fairly between those who ask from afar.

Rule 1: as many run at once as there are threads, and a bounded number waits. One more takes the
place of the last that waits from where most come from, which is told `TooManyTries`; where nobody
has more places than the newcomer would have, it is told `Busy`.
Rule 2: a remote address has a bounded number of these places. One more from there is told
`TooManyTries`, so a flood from one address leaves places to all others.
Rule 3: whose turn is next goes round the addresses that wait, so a flood does not go first either.
Rule 4: an IPv6 address counts as its network of 48 bits, the most that a customer is given.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from tornado_state.networks import SITE, network_of

from .errors import Busy, TooManyTries

T = TypeVar("T")


class FairThreads:
    """``threads`` threads; at most ``waiting`` calls wait, ``per_remote`` places for one address.

    For one event loop. A ``remote`` of None is nobody's address, and has any number of places.
    """

    def __init__(self, threads: int, waiting: int, per_remote: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._most = threads + waiting
        self._per_remote = per_remote
        self._places: Counter[str | None] = Counter()
        self._idle = threads
        #: By address, in the order of their next turns.
        self._waiting: dict[str | None, deque[asyncio.Future[None]]] = {}

    @contextmanager
    def place(self, remote: str | None) -> Iterator[None]:
        """Hold a place, or be told at once that there is none left."""
        group = _group(remote)
        if group is not None and self._places[group] >= self._per_remote:
            raise TooManyTries(1)
        if self._places.total() >= self._most and not self._displace(self._places[group] + 1):
            raise Busy
        self._places[group] += 1
        try:
            yield
        finally:
            self._places[group] -= 1
            self._places += Counter()  # without those that have none

    def _displace(self, least: int) -> bool:
        """Refuse the last that waits of those with most places, if those are more than ``least``.

        It lets go of its place when it hears of it, a moment later.
        """
        crowded = [
            each for each in self._waiting if each is not None and self._places[each] > least
        ]
        if not crowded:
            return False
        group = max(crowded, key=self._places.__getitem__)
        turns = self._waiting[group]
        turns.pop().set_exception(TooManyTries(1))
        if not turns:
            del self._waiting[group]
        return True

    async def run(self, remote: str | None, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done in a thread when it is the address's turn."""
        await self._turn(_group(remote))
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # Not sooner, also if nobody waits for it any more.
        running.add_done_callback(self._go_on)
        return await asyncio.shield(running)

    async def in_turn(self, remote: str | None, work: Callable[[], Awaitable[T]]) -> T:
        """Return what ``work`` returns, done on the event loop when it is the address's turn."""
        await self._turn(_group(remote))
        try:
            return await work()
        finally:
            self._go_on()

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, group: str | None) -> None:
        if self._idle:
            self._idle -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(group, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had come in the same moment
                self._go_on()
            raise

    def _go_on(self, _done: Any = None) -> None:
        """Give the turn to whoever is next, or to nobody."""
        while self._waiting:
            group = next(iter(self._waiting))
            turns = self._waiting.pop(group)
            turn = turns.popleft()
            if turns:
                self._waiting[group] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._idle += 1


def _group(remote: str | None) -> str | None:
    return None if remote is None else network_of(remote, SITE)
