"""What was worked out lately and would come out the same again, kept within bounds.

Two generations: what is asked for moves to the younger one; when that is full, the older one goes.
So it costs no bookkeeping to find something, and at most twice ``limit`` things are kept. The
younger one is the dict itself: what is found there is found without a call.
"""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(dict[K, V | None]):
    """Keeps the last ``limit`` to twice ``limit`` values by their keys. For one event loop.

    ``recent[key]`` is None for a value that is not kept (any more).
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._older: dict[K, V | None] = {}

    def __missing__(self, key: K) -> V | None:
        value = self._older.get(key)
        if value is not None:
            self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep ``value``."""
        if len(self) >= self._limit:
            self._older = dict(self)
            self.clear()
        self[key] = value
