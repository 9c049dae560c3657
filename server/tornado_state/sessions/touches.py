"""When the idle clock of which session was last pushed, as far as this process knows.

A session that is read often need not be touched with every request; it is enough once a fraction of
the idle timeout is used up. What is forgotten here, or was done by another process, costs one touch
more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

_REMEMBERED = 65_536


class Touches:
    """Remembers the last 65,536 touches. ``every`` is in seconds."""

    def __init__(self, every: float, clock: Callable[[], float]) -> None:
        self._every = every
        self._clock = clock
        self._last: OrderedDict[str, float] = OrderedDict()

    def due(self, store_key: str) -> bool:
        """Return whether the record is to be touched now."""
        last = self._last.get(store_key)
        return last is None or not 0 <= self._clock() - last < self._every

    def last(self, store_key: str) -> float | None:
        """Return when the record was last written or touched; None when that is not known."""
        return self._last.get(store_key)

    def done(self, store_key: str) -> None:
        """Note that the record was written or touched just now."""
        self._last[store_key] = self._clock()
        self._last.move_to_end(store_key)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
