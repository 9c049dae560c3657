"""Connections of a Redis Cluster: to the nodes, and to nobody while it is asked who they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ..exchanges.commands import Command, StoreError
from ..exchanges.lanes import LaneOwner
from .commands import ClusterDown, Redirection, RedisCommand, Request
from .connection import Door, Wire
from .lane import RedisLane

#: Said before a command of a slot that is on its way to the node.
_ASKING: Request = ("ASKING",)


class MemberOwner(Protocol):
    """Whom these connections tell what happens, and ask."""

    @property
    def doors(self) -> Sequence[Door]:
        """The ways to the nodes that were given."""

    async def learn(self) -> None:
        """Learn who keeps what."""

    def learn_soon(self) -> None:
        """Learn anew who keeps what, unless that is about to happen."""

    def name_of(self, door: Door) -> bytes:
        """Return the name of the node that was told to be behind ``door``, empty where none was."""

    def enter(self, command: RedisCommand) -> None:
        """Send a command that has waited for who keeps what to its home."""

    def redirect(self, command: RedisCommand, redirection: Redirection, sender: Door) -> None:
        """Send a command where the ``sender``, which has not carried it out, says."""


@dataclass(frozen=True)
class Member:
    """The way to a node that is called ``node`` by the others; empty where that is not known."""

    door: Door
    node: bytes

    @property
    def name(self) -> str:
        """See `Way`."""
        return self.door.name

    async def open(self) -> Wire:
        """See `Way`."""
        return await self.door.open(self.node)


class MemberLane(RedisLane):
    """A connection to one node, which may send commands elsewhere."""

    def __init__(
        self, cluster: MemberOwner, door: Door, owner: LaneOwner, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(door, owner, loop)
        self._cluster, self._member = cluster, door

    async def _connect(self) -> None:
        name = self._cluster.name_of(self._member)
        self._wire = await self._member.open(name)

    def _not_opened(self, error: StoreError) -> None:
        super()._not_opened(error)
        self._cluster.learn_soon()

    async def _ask(self, wire: Wire, commands: list[RedisCommand]) -> list[RedisCommand]:
        requests: list[Request] = []
        for command in commands:
            requests += [_ASKING, command.request()] if command.asks else [command.request()]
        replies = iter(await self._replies(wire, requests))
        return [command for command in commands if self._hears(command, replies)]

    def _hears(self, command: RedisCommand, replies: Iterator[object]) -> bool:
        asking = next(replies) if command.asks else None
        reply = next(replies)
        if isinstance(asking, StoreError):
            reply = asking  # without it, the node has sent the command back
        if isinstance(reply, Redirection):
            self._cluster.redirect(command, reply, self._member)
            return False
        if isinstance(reply, ClusterDown):
            self._cluster.learn_soon()
        return command.hear(reply)


class EntranceLane(RedisLane):
    """Open once the cluster has learned who keeps what; what is sent goes on to who does."""

    def __init__(
        self, cluster: MemberOwner, owner: LaneOwner, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(cluster.doors[0], owner, loop)
        self._cluster = cluster

    def send(self, commands: list[Command]) -> None:
        """See `Lane.send`."""
        for command in cast("list[RedisCommand]", commands):
            self._cluster.enter(command)

    async def _connect(self) -> None:
        await self._cluster.learn()
