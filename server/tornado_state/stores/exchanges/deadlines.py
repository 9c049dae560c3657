"""The deadlines of one server's calls: one timer for all of them.

What has arrived is read before a deadline is believed; where the loop itself was late, answers get
as long again, and what waits for a lane gets that ten times while the server answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .commands import Command, Limits, Unreachable, fail
from .lanes import Lane
from .queue import CommandQueue

#: Seconds by which a timer may be late without the loop having been busy.
_LATENESS = 0.05


class Deadlines:
    """Fails what is past its deadline, on ``loop``, whether it waits or is on a lane.

    ``give_up`` hears of a lane on which nobody waits any more, and ``go_on`` that the timer has
    done what it had to.
    """

    def __init__(
        self,
        limits: Limits,
        queue: CommandQueue,
        lanes: list[Lane],
        give_up: Callable[[Lane, float], None],
        go_on: Callable[[], None],
    ) -> None:
        self._deadline, self._queue, self._lanes = limits.deadline, queue, lanes
        self._give_up, self._go_on = give_up, go_on
        #: None while no call is on its way.
        self.timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def watch(self, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        """Have the timer go off at ``deadline``, unless it does so earlier."""
        if self.timer is not None:
            if self._timer_at <= deadline:
                return
            self.timer.cancel()
        self._timer_at = deadline
        self.timer = loop.call_at(deadline, self._on_timer, loop)

    def end(self) -> None:
        """Watch nothing any more."""
        if self.timer is not None:
            self.timer.cancel()

    def too_late(self) -> Unreachable:
        """Return what is told to whoever has waited in vain."""
        return Unreachable(f"the session store did not answer within {self._deadline} s")

    def in_time(self, commands: list[Command], now: float, *, waited: bool) -> list[Command]:
        """Fail the writes that are past their deadline; return the others.

        Those that have ``waited`` for a lane while the loop was busy are sent: it is not they that
        were late, and somebody still waits for them.
        """
        if all(command.deadline > now for command in commands):
            return commands
        was_busy = waited and self.timer is not None and now > self._timer_at + _LATENESS
        for command in commands:
            if was_busy or command.is_lookup:
                command.prolong(now + self._deadline, again=was_busy)
        fail([each for each in commands if each.deadline <= now], self.too_late())
        return [each for each in commands if each.deadline > now]

    def _on_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        was_busy = loop.time() > self._timer_at + _LATENESS
        for lane in self._lanes:
            lane.hear()
        self.timer = None
        now = loop.time()
        if was_busy:
            self._prolong(now)
        for lane in self._lanes:
            self._expire(lane, now)
        fail(self._queue.take_late(now), self.too_late())
        self._go_on()
        self._wait_on(loop)

    def _prolong(self, now: float) -> None:
        answers = any(now - lane.heard_at < self._deadline for lane in self._lanes)
        self._queue.prolong(now + self._deadline, again=answers)
        for command in (each for lane in self._lanes for each in lane.exchange):
            command.prolong(now + self._deadline)

    def _wait_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the timer for the oldest call, if any is on its way."""
        deadlines = [each.deadline for lane in self._lanes for each in lane.exchange]
        queued = self._queue.oldest_deadline()
        if queued is not None:
            deadlines.append(queued)
        if deadlines:
            self.watch(min(deadlines), loop)

    def _expire(self, lane: Lane, now: float) -> None:
        """Fail what is past its deadline on a lane; give up one that nobody waits for any more."""
        late = [command for command in lane.exchange if command.deadline <= now]
        fail(late, self.too_late())
        if late and len(late) == len(lane.exchange):
            self._give_up(lane, now)
