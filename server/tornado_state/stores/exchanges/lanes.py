"""A connection to one server, for one exchange at a time: what a node wants of it.

A lane is closed, being opened, open and idle, or open and busy with an exchange. It tells its node
what happens: ``opened``, ``not_opened``, ``answered``, ``lost``.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Protocol

from .commands import Command, StoreError


class LaneOwner(Protocol):
    """Whom a lane tells what happens."""

    def opened(self, lane: Lane) -> None:
        """Hear that the lane is open and idle."""

    def not_opened(self, lane: Lane, error: StoreError) -> None:
        """Hear that the lane could not be opened."""

    def answered(self, lane: Lane, commands: list[Command]) -> None:
        """Hear that the exchange with these commands is over, and the lane is idle."""

    def lost(self, lane: Lane, commands: list[Command], error: StoreError) -> None:
        """Hear that the lane is closed, and what it was busy with."""


class Lane(ABC):
    """One connection. For one event loop."""

    def __init__(self, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> None:
        self.owner, self.loop = owner, loop
        self.is_open = self.is_opening = False
        #: The commands of the exchange under way; empty while the lane is idle.
        self.exchange: list[Command] = []
        #: When that exchange was sent, and when an answer of it last came, on the loop's clock.
        self.sent_at = self.heard_at = 0.0
        #: How many exchanges this connection has answered.
        self.answers = 0

    @property
    def is_idle(self) -> bool:
        """Whether an exchange may be sent."""
        return self.is_open and not self.exchange

    @abstractmethod
    def open(self, patience: float) -> None:
        """Begin to connect, for ``patience`` seconds at most."""

    @abstractmethod
    def send(self, commands: list[Command]) -> None:
        """Begin an exchange."""

    @abstractmethod
    def hear(self) -> None:
        """Take in what has arrived and nobody had the time to look at."""

    @abstractmethod
    def close(self) -> list[Command]:
        """Close the connection, or stop making it; return what it was busy with."""

    async def closed(self) -> None:
        """Return once nothing of the lane is left."""
        return
