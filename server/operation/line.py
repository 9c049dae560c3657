"""The line of requests that wait to be worked at.

Rule 1: so many are worked at at a time. More at once would be answered no sooner, and all of them
later: what has begun and waits for the loop runs into the store's deadline, and a request that
fails then has cost as much as one that was answered.
Rule 2: the others wait unread, but for their headers and body, in the order they came. Who leaves
meanwhile is not worked at.
Rule 3: nobody waits in vain. Who cannot be served in time, as fast as it goes just now, is refused
at once; so is whoever has waited that long all the same. A refusal is prepared: it costs little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import NamedTuple

#: Fewer leave the store waiting; more gain nothing (``make campaign-crowd``).
AT_WORK = 128

#: Seconds.
PATIENCE = 10.0

#: Seconds over which the pace is measured: the loop does many of a kind before it turns to others.
_WINDOW = 1.0


class _Waiting(NamedTuple):
    begin: Callable[[], None]
    refuse: Callable[[], None]
    came: float


class Line:
    """The line of one process; ``patience`` is how many seconds may pass before work begins."""

    def __init__(self, at_work: int = AT_WORK, patience: float = PATIENCE) -> None:
        self._most = at_work
        self._patience = patience
        self._working: set[Hashable] = set()
        self._waiting: dict[Hashable, _Waiting] = {}
        #: Seconds from one that is done to the next; how many were done since when.
        self._pace = 0.0
        self._done, self._since = 0, 0.0

    def enter(
        self, key: Hashable, begin: Callable[[], None], refuse: Callable[[], None], now: float
    ) -> None:
        """Have ``begin`` called when it is the turn of ``key``, or ``refuse``."""
        if len(self._working) < self._most:
            self._working.add(key)
            begin()
        elif len(self._waiting) * self._pace > self._patience:
            refuse()
        else:
            if not self._waiting:
                self._pace, self._done, self._since = 0.0, 0, now
            self._waiting[key] = _Waiting(begin, refuse, now)

    def leave(self, key: Hashable, now: float) -> None:
        """It is done, or gone; the next one begins."""
        self._waiting.pop(key, None)
        if key not in self._working:
            return
        self._working.remove(key)
        self._note_pace(now)
        self.refuse_late(now)
        if self._waiting:
            following = next(iter(self._waiting))
            self._working.add(following)
            # In a turn of its own: what it does is nothing to whoever has just left.
            asyncio.get_running_loop().call_soon(self._waiting.pop(following).begin)

    def refuse_late(self, now: float) -> None:
        """Refuse whoever has waited too long."""
        while self._waiting:
            first = next(iter(self._waiting))
            if now - self._waiting[first].came < self._patience:
                return
            self._waiting.pop(first).refuse()

    def _note_pace(self, now: float) -> None:
        """Measure how fast it goes while somebody waits."""
        self._done += 1
        if now - self._since >= _WINDOW:
            self._pace = (now - self._since) / self._done
            self._done, self._since = 0, now
