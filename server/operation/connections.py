"""Who is connected, from where, and who of them says nothing.

Rule 1: a connection is silent until the whole of its request is there: one that never asked
anything, one that waits for its next request, one whose headers or body come drop by drop. It is
silent again when its answer has begun: what is left is for the client to read.
Rule 2: there is room for so many. When it is used up, a newcomer takes the place of whoever has
been silent longest; a request that is being worked at is never ended for it, and who has come just
now is given the time to speak.
Rule 3: a network (:mod:`tornado_state.networks`) has a share of the room. Beyond it a newcomer from
there takes the place of one of its own, or gets none.
"""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple, Protocol

#: A network may have this part of the room.
_SHARE = 4

#: Seconds in which nobody need speak.
_TIME_TO_SPEAK = 0.25


class Stream(Protocol):
    """What can be closed."""

    def close(self) -> object:
        """Close it."""


class _Network(NamedTuple):
    """The connections of a network: all of them, and the silent ones by when they last spoke."""

    all: set[Stream]
    silent: dict[Stream, float]


class Connections:
    """The connections of one process, ``most`` of them.

    A network of None is a proxy's: its connections are many people's, and have no share. ``now`` is
    in seconds everywhere.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = max(1, most // _SHARE)
        self._network_of: dict[Stream, str | None] = {}
        self._networks: dict[str | None, _Network] = {}
        self._silent: dict[Stream, float] = {}
        #: Those that never sent whole headers, by when they came.
        self._mute: dict[Stream, float] = {}
        #: Those that wait for a request, and since when.
        self._idle: dict[Stream, float] = {}
        #: Those that have not taken their answer, by when it began.
        self._unread: dict[Stream, float] = {}

    def __len__(self) -> int:
        return len(self._network_of)

    def is_full(self, now: float) -> bool:
        """Return whether there is no place for anybody, whoever it is."""
        return len(self) >= self._most and _longest(self._silent, now) is None

    @property
    def idle(self) -> dict[Stream, float]:
        """Those that wait for a request, and since when."""
        return self._idle

    def make_room(self, network: str | None, now: float) -> bool:
        """Return whether there is a place for one more from there, now that a silent one went."""
        theirs = self._networks.get(network)
        if network is not None and theirs and len(theirs.all) >= self._share:
            return self._end_longest(theirs.silent, now)
        return len(self) < self._most or self._end_longest(self._silent, now)

    def _end_longest(self, silent: dict[Stream, float], now: float) -> bool:
        longest = _longest(silent, now)
        if longest is None:
            return False
        self.remove(longest)
        longest.close()
        return True

    def add(self, stream: Stream, network: str | None, now: float) -> None:
        """Take note of a new one."""
        self._network_of[stream] = network
        self._networks.setdefault(network, _Network(set(), {})).all.add(stream)
        self._mute[stream] = now
        self._speaks(stream, now)

    def waits(self, stream: Stream, now: float) -> None:
        """Its next request may come."""
        if stream in self._network_of:
            self._unread.pop(stream, None)
            self._idle[stream] = now
            self._speaks(stream, now)

    def begins(self, stream: Stream, now: float) -> None:
        """The headers of its request are there."""
        self._mute.pop(stream, None)
        self._idle.pop(stream, None)
        if stream in self._network_of:
            self._speaks(stream, now)

    def works(self, stream: Stream) -> None:
        """The whole of its request is there."""
        self._silent.pop(stream, None)
        if stream in self._network_of:
            self._networks[self._network_of[stream]].silent.pop(stream, None)

    def answers(self, stream: Stream, now: float) -> None:
        """Its answer has begun."""
        if stream in self._network_of:
            self._unread[stream] = now
            self._speaks(stream, now)

    def remove(self, stream: Stream) -> None:
        """It is gone."""
        self._unread.pop(stream, None)
        self._mute.pop(stream, None)
        self._idle.pop(stream, None)
        self.works(stream)
        if stream in self._network_of:
            network = self._network_of.pop(stream)
            theirs = self._networks[network]
            theirs.all.discard(stream)
            if not theirs.all:
                del self._networks[network]

    def end_mute(self, before: float) -> None:
        """Close those that came ``before`` and never sent whole headers."""
        self._end(self._mute, before)

    def end_unread(self, before: float) -> None:
        """Close those that have not taken an answer which began ``before``."""
        self._end(self._unread, before)

    def _end(self, streams: dict[Stream, float], before: float) -> None:
        for stream in list(takewhile(lambda each: streams[each] < before, streams)):
            self.remove(stream)
            stream.close()

    def _speaks(self, stream: Stream, now: float) -> None:
        """Put it behind all others that are silent."""
        for silent in (self._silent, self._networks[self._network_of[stream]].silent):
            silent.pop(stream, None)
            silent[stream] = now


def _longest(silent: dict[Stream, float], now: float) -> Stream | None:
    """Return who has been silent longest, and long enough."""
    for stream, since in silent.items():
        return stream if now - since >= _TIME_TO_SPEAK else None
    return None
