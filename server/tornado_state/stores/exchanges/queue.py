"""What waits to be sent to one server.

Rule 1: it is bounded, and refuses rather than waits.
Rule 2: whoever takes, takes what has waited longest, and much of it.
Rule 3: two lookups of one key that wait are one; nobody has confirmed a write between them.
Rule 4: a command whose callers have all given up is never handed out.
Rule 5: where that much does not come through in time, it is less, and more again where it does.
Rule 6: while it is shut it is empty, and refuses every command at once.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ...exceptions import StoreUnavailable
from .commands import Command, StoreError


class CommandQueue:
    """The commands that wait, for one event loop."""

    def __init__(self, max_batch: int, max_waiting: int) -> None:
        self._max_batch = self._batch = max_batch
        self._max_waiting = max_waiting
        self._commands: list[Command] = []
        self._joining: dict[object, Command] = {}
        self._refusal: StoreError | None = None
        self.waiting = 0

    def __len__(self) -> int:
        return len(self._commands)

    def put(self, command: Command, waiter: asyncio.Future[Any]) -> None:
        """Let ``waiter`` wait for ``command``; `StoreUnavailable` where it is full or shut."""
        if self._refusal is not None or self.waiting >= self._max_waiting:
            raise self._refused()
        self.waiting += 1
        if command.joins is not None:
            first = self._joining.setdefault(command.joins, command)
            if first is not command:
                first.waiters.append(waiter)
                return
        command.waiters.append(waiter)
        self._commands.append(command)

    def put_again(self, command: Command) -> None:
        """Let those who wait for ``command`` wait here; `StoreUnavailable` as with `put`."""
        if self._refusal is not None or self.waiting >= self._max_waiting:
            raise self._refused()
        self._commands.append(command)
        self.waiting += len(command.waiters)

    def put_first(self, commands: list[Command]) -> None:
        """Have these sent next, once more."""
        self._keep(commands + self._commands)

    def take(self) -> list[Command]:
        """Return what is to be sent next, oldest first; nothing when nobody waits."""
        wanted = [each for each in self._commands if not each.waiters[0].done() or each.is_wanted()]
        self._keep(wanted[self._batch :])
        return wanted[: self._batch]

    def take_less(self, sent: int) -> None:
        """Hand out less at once: ``sent`` commands were too many for one exchange."""
        self._batch = max(1, min(self._batch, sent) // 2)

    def take_more(self, answered: int, is_quick: bool) -> None:
        """Hand out more at once again, if so many could be ``answered``; one, unless quickly.

        What was less tells nothing: a lone call is quick on the slowest line.
        """
        if answered >= self._batch:
            more = self._batch if is_quick else 1
            self._batch = min(self._max_batch, self._batch + more)

    @property
    def takes_less(self) -> bool:
        """Whether it hands out less than it might."""
        return self._batch < self._max_batch

    def take_late(self, now: float) -> list[Command]:
        """Return what waits past its deadline."""
        late = [command for command in self._commands if command.deadline <= now]
        self._keep([command for command in self._commands if command.deadline > now])
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
        self._refusal, waited = refusal, self._commands
        self._keep([])
        return waited

    def reopen(self) -> None:
        """Take commands again."""
        self._refusal = None

    def _keep(self, commands: list[Command]) -> None:
        self._commands, self.waiting = commands, 0
        self._joining.clear()
        for command in commands:
            self.waiting += len(command.waiters)
            if command.joins is not None:
                self._joining[command.joins] = command

    def _refused(self) -> StoreError:
        if self._refusal is not None:
            return type(self._refusal)(str(self._refusal))
        return StoreUnavailable("too many calls wait for the session store")
