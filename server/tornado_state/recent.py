"""What was worked out lately and would come out the same again, kept within bounds.

Two generations: what is asked for moves to the younger one; when that is full, the older one goes.
So it costs no bookkeeping to find something, and at most twice ``limit`` things are kept.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the last ``limit`` to twice ``limit`` values by their keys. For one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._younger: dict[K, V] = {}
        self._older: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return the value, None for one that is not kept (any more)."""
        value = self._younger.get(key)
        if value is None and (value := self._older.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep ``value``."""
        if len(self._younger) >= self._limit:
            self._older, self._younger = self._younger, {}
        self._younger[key] = value
