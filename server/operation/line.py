"""The line of requests that wait to be worked at.

Rule 1: so many are worked at at a time. More at once would be answered no sooner, and all of them
later: what has begun and waits for the loop runs into the store's deadline, and a request that
fails then has cost as much as one that was answered.
Rule 2: the others wait unread, but for their headers and body, those of a network in the order they
came. Who leaves meanwhile is not worked at.
Rule 3: a network (:mod:`tornado_state.networks`) has a share of the work, and networks take turns.
So who asks for one thing waits for one of each other network, however many those asked for before;
in order of arrival he would wait for all of a flood. A house of many with one address is one
network: while others wait as well, that one has its turn no more often than they have theirs.
Of a network a few begin in a turn of the loop, or a crowd whose requests are done at once has the
loop to itself without ever being worked at.
Rule 4: nobody waits in vain. Who cannot be served in time, as fast as it goes just now, is refused
at once; so is whoever has waited that long all the same. A refusal is prepared: it costs little.
But to read what is refused may cost much, and who is refused asks again: a crowd that is in its own
way waits.
Rule 5: to enter, to leave and to be refused cost the same however many wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

#: Fewer leave the store waiting; more gain nothing (``make campaign-crowd``).
AT_WORK = 128

#: A network may have this part of the work.
_SHARE = 4

#: Of a network so many begin in a turn of the loop.
_AT_ONCE = 4

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
        #: Whose requests are worked at, and how many of a network.
        self._working: dict[Hashable, str | None] = {}
        self._at_work: Counter[str | None] = Counter()
        #: Those who wait, all and of a network, in the order they came. (To find the first entry of
        #: a plain dict takes the longer the more before it are gone.)
        self._waiting: OrderedDict[Hashable, _Waiting] = OrderedDict()
        self._queues: dict[str | None, OrderedDict[Hashable, None]] = {}
        #: The networks that wait and have a share left, in turn.
        self._turns: OrderedDict[str | None, None] = OrderedDict()
        #: How many of a network have begun in this turn of the loop.
        self._begun: Counter[str | None] = Counter()
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
        if self._is_free() and self._has_share(network):
            self._work_at(key, network)
            begin()
        elif self._before(network) * self._pace > self._patience and not self._is_crowd(network):
            refuse()
        else:
            if not self._waiting:
                self._pace, self._done, self._since = 0.0, 0, now
            self._waiting[key] = _Waiting(begin, refuse, now, network)
            self._queues.setdefault(network, OrderedDict())[key] = None
            self._note_turn(network)

    def leave(self, key: Hashable, now: float) -> None:
        """It is done, or gone; the next one begins."""
        if key in self._waiting:
            self._step_out(key)
        if key not in self._working:
            return
        self._end_work(key)
        self._note_pace(now)
        self.refuse_late(now)
        if self._turns and self._is_free():
            # In a turn of its own: what it does is nothing to whoever has just left.
            asyncio.get_running_loop().call_soon(self._next_to_begin())

    def may_begin(self, network: str | None) -> bool:
        """Return whether one more of a network may begin in this turn of the loop."""
        return network is None or self._begun[network] < _AT_ONCE

    def begins(self, network: str | None) -> None:
        """Note that one of a network begins."""
        if network is not None:
            if not self._begun:
                asyncio.get_running_loop().call_soon(self._turn)
            self._begun[network] += 1

    def _turn(self) -> None:
        """Let those begin who had to wait for the next turn of the loop."""
        begun, self._begun = self._begun, Counter()
        for network in begun:
            self._note_turn(network)
        while self._turns and self._is_free():
            self._next_to_begin()()

    def _next_to_begin(self) -> Callable[[], None]:
        following = next(iter(self._queues[self._turns.popitem(last=False)[0]]))
        waited = self._step_out(following)
        self._work_at(following, waited.network)
        return waited.begin

    def _is_free(self) -> bool:
        return len(self._working) < self._most

    def _has_share(self, network: str | None) -> bool:
        return network is None or (self._at_work[network] < self._share and self.may_begin(network))

    def _before(self, network: str | None) -> int:
        """Return how many are done before who comes from there now, at the most."""
        theirs = len(self._queues.get(network, ()))
        return min(len(self._waiting), (theirs + 1) * len(self._queues))

    def _is_crowd(self, network: str | None) -> bool:
        """Return whether as many of a network wait as may be worked at."""
        return network is not None and len(self._queues.get(network, ())) >= self._share

    def _work_at(self, key: Hashable, network: str | None) -> None:
        self._working[key] = network
        self._at_work[network] += 1
        self.begins(network)
        self._note_turn(network)

    def _end_work(self, key: Hashable) -> None:
        network = self._working.pop(key)
        self._at_work[network] -= 1
        if not self._at_work[network]:
            del self._at_work[network]
        self._note_turn(network)

    def _step_out(self, key: Hashable) -> _Waiting:
        waited = self._waiting.pop(key)
        queue = self._queues[waited.network]
        del queue[key]
        if not queue:
            del self._queues[waited.network]
        self._note_turn(waited.network)
        return waited

    def _note_turn(self, network: str | None) -> None:
        """Let a network keep its turn or come last, or have none."""
        if network in self._queues and self._has_share(network):
            self._turns.setdefault(network)
        else:
            self._turns.pop(network, None)

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
