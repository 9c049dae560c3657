"""When the idle clock of which session was last pushed, as far as this process knows.

A session that is read often need not be touched with every request; it is enough once a fraction of
the idle timeout is used up. What is forgotten here, or was done by another process, costs one touch
more.

Rule 1: what may still save a touch is not forgotten for others, however many sessions are in use: a
generation is let go once the one after it is as old as that.
Rule 2: it stays bounded. A session is known by a hash of 64 bits, which takes a third of what its
store key does. That two of a million are taken for one happens in one process of some millions,
nobody can bring it about, and it saves a touch.
"""

from __future__ import annotations

from collections.abc import Callable

#: Sessions of one generation: so many at least, whatever their age, and so many at most.
_AT_LEAST = 65_536
_AT_MOST = 524_288


class Touches:
    """Remembers what was touched lately. ``every`` is in seconds."""

    def __init__(self, every: float, clock: Callable[[], float]) -> None:
        self._every = every
        self._clock = clock
        self._younger: dict[int, float] = {}
        self._older: dict[int, float] = {}
        self._began = 0.0

    def due(self, store_key: str) -> bool:
        """Return whether the record is to be touched now."""
        known = hash(store_key)
        last = self._younger.get(known) or self._older.get(known)
        return last is None or not 0 <= self._clock() - last < self._every

    def last(self, store_key: str) -> float | None:
        """Return when the record was last written or touched; None when that is not known."""
        known = hash(store_key)
        return self._younger.get(known, self._older.get(known))

    def done(self, store_key: str) -> None:
        """Note that the record was written or touched just now."""
        now = self._clock()
        if len(self._younger) >= _AT_LEAST:
            self._let_go(now)
        self._younger[hash(store_key)] = now

    def _let_go(self, now: float) -> None:
        if now - self._began >= self._every or len(self._younger) >= _AT_MOST:
            self._older, self._younger, self._began = self._younger, {}, now
