"""One connection to Redis: an exchange of many commands, answered in order.

An exchange is a task of its own, for redis-py reads with coroutines; there is none for a command,
and none while nobody asks.

Redis's answers carry nothing of their command, so an exchange ends with a number that is said back:
it is believed when that stands just where it must. A proxy that answers for Redis may say PONG.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol, cast

from ...exceptions import StoreRefused, StoreUnavailable
from ..exchanges.commands import Command, OwnFault, StoreError, Unreachable
from ..exchanges.lanes import Lane, LaneOwner
from .commands import RedisCommand, Request, foreign
from .connection import Wire

logger = logging.getLogger(__name__)


class Way(Protocol):
    """What leads to a Redis."""

    @property
    def name(self) -> str:
        """What people call where it leads."""

    async def open(self) -> Wire:
        """Return a connection to a primary that answers."""


class RedisLane(Lane):
    """A connection that is made and used by redis-py."""

    def __init__(self, door: Way, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(owner, loop)
        self._door = door
        self._wire: Wire | None = None
        self._work: asyncio.Task[None] | None = None
        self._number = 0
        self._ending: set[asyncio.Task[None]] = set()

    def open(self, patience: float) -> None:
        """See `Lane.open`."""
        self.is_opening = True
        self._begin(self._open(patience))

    def send(self, commands: list[Command]) -> None:
        """See `Lane.send`."""
        self.exchange = commands
        self.sent_at = self.loop.time()
        assert self._wire is not None
        self._begin(self._exchange(self._wire, cast("list[RedisCommand]", commands)))

    def hear(self) -> None:
        """See `Lane.hear`: what has arrived is read in the next turns of the loop.

        What was read of an exchange that is not over has been heard, too.
        """
        if self._wire is not None:
            self.heard_at = max(self.heard_at, self._wire.heard_at)

    def close(self) -> list[Command]:
        """See `Lane.close`."""
        self.is_open = self.is_opening = False
        wire, self._wire = self._wire, None
        if not self.loop.is_closed():  # which ends all of it
            if self._work is not None:
                self._work.cancel()
            if wire is not None:
                self._start(wire.close())  # which a second call does not cancel
        commands, self.exchange = self.exchange, []
        return commands

    async def closed(self) -> None:
        """See `Lane.closed`."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = self._start(work)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self.loop.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, work: asyncio.Task[None]) -> None:
        """Whatever nobody foresaw ends the connection and nothing else."""
        self._ending.discard(work)
        if work.cancelled() or (error := work.exception()) is None:
            return
        logger.error("%s: an error that nobody foresaw", self._door.name, exc_info=error)
        unforeseen = OwnFault("an error that nobody foresaw; see the log")
        if self.is_opening:
            self._not_opened(unforeseen)
        elif self.is_open:
            self.owner.lost(self, self.close(), unforeseen)

    async def _open(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._connect()
        except TimeoutError:
            self._not_opened(Unreachable(f"Redis did not answer within {patience} s"))
        except (StoreUnavailable, StoreRefused) as error:
            self._not_opened(error)
        else:
            self.is_open, self.is_opening, self.answers = True, False, 0
            self.owner.opened(self)

    async def _connect(self) -> None:
        self._wire = await self._door.open()

    def _not_opened(self, error: StoreError) -> None:
        self.is_opening = False
        self.owner.not_opened(self, error)

    async def _exchange(self, wire: Wire, commands: list[RedisCommand]) -> None:
        asked = commands
        try:
            while asked:
                asked = await self._ask(wire, asked)
                self.heard_at = self.loop.time()
                self.exchange = [*asked]
        except (StoreUnavailable, StoreRefused) as error:
            if self.is_open:
                self._work = None
                self.owner.lost(self, self.close(), error)
            return
        self.answers += 1
        self.owner.answered(self, [*commands])

    async def _ask(self, wire: Wire, commands: list[RedisCommand]) -> list[RedisCommand]:
        """Give each command its answer; return those that have something more to ask."""
        replies = await self._replies(wire, [command.request() for command in commands])
        pairs = zip(commands, replies, strict=True)
        return [command for command, reply in pairs if command.hear(reply)]

    async def _replies(self, wire: Wire, requests: list[Request]) -> list[Any]:
        """Return a reply to each; `StoreUnfit` where there are more or fewer."""
        self._number += 1
        *replies, end = await wire.exchange([*requests, ("PING", self._number)])
        if isinstance(end, StoreRefused):  # of this, where it cannot save; or of a write
            self._number += 1
            (end,) = await wire.exchange([("EVAL", "return ARGV[1]", 0, self._number)])
        if end not in (b"%d" % self._number, b"PONG"):
            raise end if isinstance(end, StoreUnavailable) else foreign()
        return replies
