"""The line of requests that wait to be worked at.

Rule 1: so many are worked at at a time. More at once would be answered no sooner, and all of them
later: what has begun and waits for the loop runs into the store's deadline, and a request that
fails then has cost as much as one that was answered.
Rule 2: the others wait unread, but for their headers and body, in the order they came. Who leaves
meanwhile is not worked at.
Rule 3: a network (:mod:`..networks`) has a share of the work. Who waits behind others of a network
that has all of its share is not kept by them.
Rule 4: nobody waits in vain. Who cannot be served in time, as fast as it goes just now, is refused
at once; so is whoever has waited that long all the same. A refusal is prepared: it costs little.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from typing import NamedTuple

#: Fewer leave the store waiting; more gain nothing (``make campaign-crowd``).
AT_WORK = 128

#: A network may have this part of the work.
_SHARE = 4

#: Seconds.
PATIENCE = 10.0

#: Seconds over which the pace is measured: the loop does many of a kind before it turns to others.
_WINDOW = 1.0


class _Waiting(NamedTuple):
    begin: Callable[[], None]
    refuse: Callable[[], None]
    came: float
    network: str | None


class Line:
    """The line of one process; ``patience`` is how many seconds may pass before work begins."""

    def __init__(self, at_work: int = AT_WORK, patience: float = PATIENCE) -> None:
        self._most = at_work
        self._patience = patience
        self._share = max(1, at_work // _SHARE)
        self._working: dict[Hashable, str | None] = {}
        #: How many of a network are worked at, and how many wait.
        self._at_work: Counter[str | None] = Counter()
        self._in_line: Counter[str | None] = Counter()
        self._waiting: dict[Hashable, _Waiting] = {}
        #: Seconds from one that is done to the next; how many were done since when.
        self._pace = 0.0
        self._done, self._since = 0, 0.0

    def enter(
        self,
        key: Hashable,
        begin: Callable[[], None],
        refuse: Callable[[], None],
        now: float,
        network: str | None = None,
    ) -> None:
        """Have ``begin`` called when it is the turn of ``key``, or ``refuse``.

        A network of None is nobody's, and has no share.
        """
        if len(self._working) < self._most and self._has_share(network):
            self._work_at(key, network)
            begin()
        elif self._before(network) * self._pace > self._patience:
            refuse()
        else:
            if not self._waiting:
                self._pace, self._done, self._since = 0.0, 0, now
            self._waiting[key] = _Waiting(begin, refuse, now, network)
            self._in_line[network] += 1

    def leave(self, key: Hashable, now: float) -> None:
        """It is done, or gone; the next one begins."""
        if key in self._waiting:
            self._step_out(key)
        if key not in self._working:
            return
        _take_one(self._at_work, self._working.pop(key))
        self._note_pace(now)
        self.refuse_late(now)
        following = next((k for k, w in self._waiting.items() if self._has_share(w.network)), None)
        if following is not None:
            waited = self._step_out(following)
            self._work_at(following, waited.network)
            # In a turn of its own: what it does is nothing to whoever has just left.
            asyncio.get_running_loop().call_soon(waited.begin)

    def _has_share(self, network: str | None) -> bool:
        return network is None or self._at_work[network] < self._share

    def _before(self, network: str | None) -> int:
        """Return how many are done before who comes from there now, at the most."""
        everybody = len(self._waiting)
        return everybody if network is None else min(everybody, _SHARE * self._in_line[network])

    def _work_at(self, key: Hashable, network: str | None) -> None:
        self._working[key] = network
        self._at_work[network] += 1

    def _step_out(self, key: Hashable) -> _Waiting:
        waited = self._waiting.pop(key)
        _take_one(self._in_line, waited.network)
        return waited

    def refuse_late(self, now: float) -> None:
        """Refuse whoever has waited too long."""
        while self._waiting:
            first = next(iter(self._waiting))
            if now - self._waiting[first].came < self._patience:
                return
            self._step_out(first).refuse()

    def _note_pace(self, now: float) -> None:
        """Measure how fast it goes while somebody waits."""
        self._done += 1
        if now - self._since >= _WINDOW:
            self._pace = (now - self._since) / self._done
            self._done, self._since = 0, now


def _take_one(counts: Counter[str | None], network: str | None) -> None:
    counts[network] -= 1
    if not counts[network]:
        del counts[network]
