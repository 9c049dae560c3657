"""What waits to be sent to one server.

Rule 1: it is bounded, and refuses rather than waits.
Rule 2: whoever takes, takes what has waited longest, and much of it.
Rule 3: two lookups of one key that wait are one; nobody has confirmed a write between them.
Rule 4: a command whose callers have all given up is never handed out.
Rule 5: while it is shut it is empty, and refuses every command at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from ...exceptions import StoreUnavailable
from .commands import Command, StoreError


class CommandQueue:
    """The commands that wait, for one event loop."""

    def __init__(self, max_batch: int, max_waiting: int) -> None:
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._commands: deque[Command] = deque()
        self._joining: dict[object, Command] = {}
        self._refusal: StoreError | None = None
        self.waiting = 0

    def __len__(self) -> int:
        return len(self._commands)

    def put(self, command: Command, waiter: asyncio.Future[Any]) -> None:
        """Let ``waiter`` wait for ``command``; `StoreUnavailable` where it is full or shut."""
        self._admit(1)
        if command.joins is not None:
            first = self._joining.setdefault(command.joins, command)
            if first is not command:
                first.waiters.append(waiter)
                return
        command.waiters.append(waiter)
        self._commands.append(command)

    def put_again(self, command: Command) -> None:
        """Let those who wait for ``command`` wait here; `StoreUnavailable` as with `put`."""
        self._admit(len(command.waiters))
        self._commands.append(command)

    def put_first(self, commands: list[Command]) -> None:
        """Have these sent next, once more."""
        self._commands.extendleft(reversed(commands))
        self.waiting += sum(len(command.waiters) for command in commands)

    def take(self) -> list[Command]:
        """Return what is to be sent next, oldest first; nothing when nobody waits."""
        if len(self._commands) <= self._max_batch:
            waited = [*self._commands]
            self._commands.clear()
            self._joining.clear()
            self.waiting = 0
            return [each for each in waited if not each.waiters[0].done() or each.is_wanted()]
        taken: list[Command] = []
        while self._commands and len(taken) < self._max_batch:
            command = self._commands.popleft()
            self._leave(command)
            if command.is_wanted():
                taken.append(command)
        return taken

    def take_late(self, now: float) -> list[Command]:
        """Return what waits past its deadline."""
        late = [command for command in self._commands if command.deadline <= now]
        if late:
            self._commands = deque(command for command in self._commands if command.deadline > now)
            for command in late:
                self._leave(command)
        return late

    def prolong(self, deadline: float, *, again: bool) -> None:
        """Give what waits until ``deadline``; see `Command.prolong`."""
        for command in self._commands:
            command.prolong(deadline, again=again)

    def oldest_deadline(self) -> float | None:
        """Return when the first deadline of those that wait passes."""
        return min((command.deadline for command in self._commands), default=None)

    def shut(self, refusal: StoreError) -> list[Command]:
        """Refuse every command from now on; return those that waited."""
        self._refusal = refusal
        waited = [*self._commands]
        self._commands.clear()
        self._joining.clear()
        self.waiting = 0
        return waited

    def reopen(self) -> None:
        """Take commands again."""
        self._refusal = None

    def _admit(self, waiters: int) -> None:
        if self._refusal is not None:
            raise type(self._refusal)(str(self._refusal))
        if self.waiting >= self._max_waiting:
            raise StoreUnavailable("too many calls wait for the session store")
        self.waiting += waiters

    def _leave(self, command: Command) -> None:
        self.waiting -= len(command.waiters)
        if command.joins is not None:
            self._joining.pop(command.joins, None)
