"""A memory store that does as it is told: fails, loses its answer, waits, or lets others go first.

What it is told for an operation holds for the next call of it, one command a call.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from tornado_state import StoreUnavailable
from tornado_state.stores import MemoryStore
from tornado_state.stores.base import SessionRecord

Call = Callable[[], Awaitable[Any]]
Command = Callable[[Call], Awaitable[Any]]


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now += seconds


async def fails(call: Call) -> Any:
    """Do nothing, and say that nobody answered."""
    raise StoreUnavailable("no answer")


async def loses_its_answer(call: Call) -> Any:
    """Do it, and say that nobody answered."""
    await call()
    raise StoreUnavailable("no answer")


def after(action: Call) -> Command:
    """Have ``action`` done first."""

    async def command(call: Call) -> Any:
        await action()
        return await call()

    return command


class Gate:
    """Stops a call ``before`` or ``after`` it is done, until the gate is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def before(self, call: Call) -> Any:
        await self._wait()
        return await call()

    async def after(self, call: Call) -> Any:
        done = await call()
        await self._wait()
        return done

    async def _wait(self) -> None:
        self.reached.set()
        await self.opened.wait()


class CommandedStore(MemoryStore):
    """See the module. ``away`` makes every operation fail; ``turns`` of the loop pass in each."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.commands: dict[str, list[Command]] = defaultdict(list)
        self.operations: Counter[str] = Counter()
        self.away = False
        self.turns = 3

    def tell(self, operation: str, *commands: Command) -> None:
        """Have the next calls of ``operation`` obey ``commands``, one each."""
        self.commands[operation].extend(commands)

    def tamper(self, change: Callable[[bytes], bytes]) -> None:
        """Put something else in the place of what is kept in every record."""
        for key, kept in self._kept.items():
            record = SessionRecord(change(kept.record.sealed), kept.record.token)
            self._kept[key] = kept._replace(record=record)

    def lose(self) -> None:
        """Lose every record."""
        self._kept.clear()

    @property
    def keys(self) -> set[str]:
        """The store keys of what is alive."""
        return {key for key, kept in self._kept.items() if kept.expires > self._clock()}

    async def _obey(self, operation: str, call: Call) -> Any:
        self.operations[operation] += 1
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.away:
            return await fails(call)
        waiting = self.commands[operation]
        return await (waiting.pop(0)(call) if waiting else call())

    async def load(self, key: str) -> SessionRecord | None:
        return await self._obey("load", lambda: super(CommandedStore, self).load(key))

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await self._obey("add", lambda: super(CommandedStore, self).add(key, sealed, idle))

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return await self._obey(
            "cas", lambda: super(CommandedStore, self).cas(key, sealed, token, idle)
        )

    async def touch(self, key: str, idle: int) -> bool:
        return await self._obey("touch", lambda: super(CommandedStore, self).touch(key, idle))

    async def delete(self, key: str) -> bool:
        return await self._obey("delete", lambda: super(CommandedStore, self).delete(key))
