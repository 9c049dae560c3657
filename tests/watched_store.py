"""A memory store that a test may watch, make fail and interrupt, and a clock to turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tornado_state import StoreUnavailable
from tornado_state.stores import MemoryStore
from tornado_state.stores.base import SessionRecord


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now += seconds


class WatchedStore(MemoryStore):
    """A memory store that counts its operations, fails on demand, and lets others go first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.operations: Counter[str] = Counter()
        self.failing: dict[str, Exception] = {}
        self._first: dict[str, list[Callable[[], Awaitable[Any]]]] = {}

    def fail(self, *operations: str, why: Exception | None = None) -> None:
        """Raise ``why``, `StoreUnavailable` by default, at each of ``operations``."""
        for operation in operations:
            self.failing[operation] = why or StoreUnavailable("no answer")

    def let_go_first(self, operation: str, action: Callable[[], Awaitable[Any]]) -> None:
        """Run ``action`` to its end just before the next ``operation`` takes effect."""
        self._first.setdefault(operation, []).append(action)

    def forget(self) -> None:
        """Count from zero."""
        self.operations.clear()

    def records(self) -> int:
        """Return how many records are alive."""
        return sum(kept.expires > self._clock() for kept in self._kept.values())

    async def evict(self) -> None:
        """Lose every record."""
        self._kept.clear()

    async def _pass(self, operation: str) -> None:
        self.operations[operation] += 1
        waiting = self._first.get(operation)
        if waiting:
            await waiting.pop(0)()
        await asyncio.sleep(0)  # as a real one, let whoever is waiting go on
        if operation in self.failing:
            raise self.failing[operation]

    async def load(self, key: str) -> SessionRecord | None:
        await self._pass("load")
        return await super().load(key)

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        await self._pass("add")
        return await super().add(key, sealed, idle)

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        await self._pass("cas")
        return await super().cas(key, sealed, token, idle)

    async def touch(self, key: str, idle: int) -> bool:
        await self._pass("touch")
        return await super().touch(key, idle)

    async def delete(self, key: str) -> bool:
        await self._pass("delete")
        return await super().delete(key)
