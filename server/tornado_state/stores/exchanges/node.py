"""One server of a store: its queue, its lanes, the deadline, and the breaker.

Rule 1: what all requests of one turn of the loop want leaves in one exchange; what comes while
every lane is busy waits for the next. There is no task and no timer for a command.
Rule 2: the deadline counts from the call, and the call fails at it whatever its lane is doing. A
write that was not sent by then is never sent.
Rule 3: a server that does not answer shuts the queue (the breaker is open): all that waits, and
every later call, fails at once. New connections, not visitors' calls, are tried until one answers.
Rule 4: our own slowness is not the server's. What has arrived is read before a deadline is
believed; where the loop itself was late, answers get as long again, and what waits for a lane gets
that ten times while the server answers; and a command that was sent with less than half
of its time left, that ran out of it, opens the breaker only if the server does not answer over a
new connection. Nor is it the server's fault that this process has no descriptor
left: calls fail, and the next one tries anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ...exceptions import StoreUnavailable
from .breaker import PROBE_PATIENCE, Breaker
from .commands import Command, Limits, OwnFault, StoreCounters, StoreError, Unreachable
from .lanes import Lane, LaneOwner
from .queue import CommandQueue

#: Seconds by which a timer may be late without the loop having been busy.
_LATENESS = 0.05

MakeLane = Callable[[LaneOwner, asyncio.AbstractEventLoop], Lane]


class Node:
    """One server. For one event loop; its connections are made with the first call."""

    def __init__(
        self, name: str, make_lane: MakeLane, limits: Limits, counters: StoreCounters
    ) -> None:
        self.name = name
        self._make_lane = make_lane
        self._limits = limits
        self._counters = counters
        self._queue = CommandQueue(limits.max_batch, limits.max_waiting)
        self._lanes: list[Lane] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flushing = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._closed = False
        self._breaker = Breaker(name, counters, self._probe)

    @property
    def waiting(self) -> int:
        """How many calls wait for a lane."""
        return self._queue.waiting

    @property
    def is_away(self) -> bool:
        """Whether calls fail at once."""
        return self._breaker.is_open

    def call(self, command: Command) -> asyncio.Future[Any]:
        """Return what will be the answer; raise `StoreUnavailable` where it cannot be asked for."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._belong_to(loop)
        waiter: asyncio.Future[Any] = asyncio.Future(loop=loop)
        command.counters = self._counters
        self._counters.writes += not command.is_lookup
        try:
            self._queue.put(command, waiter)
        except StoreUnavailable:
            self._counters.failures += 1
            raise
        command.deadline = loop.time() + self._limits.deadline
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._send_now)
        if self._timer is None:
            self._set_timer(command.deadline)
        return waiter

    async def close(self) -> None:
        """Fail what waits or is under way, and close the connections."""
        self._closed = True
        error = StoreUnavailable("the session store is closed")
        self._fail(self._queue.shut(error), error)
        for lane in self._lanes:
            self._fail(lane.close(), error)
        self._breaker.end()
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*(lane.closed() for lane in self._lanes))

    # What lanes tell.

    def opened(self, lane: Lane) -> None:
        """See `LaneOwner.opened`."""
        if self._breaker.is_open and not self._closed:
            self._breaker.close()
            self._queue.reopen()
        self._send(waited=True)

    def not_opened(self, lane: Lane, error: StoreError) -> None:
        """See `LaneOwner.not_opened`."""
        if self._breaker.is_open or any(other.is_open for other in self._lanes):
            return  # it is tried anew; another lane serves those who wait, or finds out itself
        if isinstance(error, OwnFault):
            while waiting := self._queue.take():
                self._fail(waiting, error)
        else:
            self._break(error)

    def answered(self, lane: Lane, commands: list[Command]) -> None:
        """See `LaneOwner.answered`."""
        self._counters.batches += any(command.is_lookup for command in commands)
        self._send(waited=True)

    def lost(self, lane: Lane, commands: list[Command], error: StoreError) -> None:
        """See `LaneOwner.lost`."""
        if not isinstance(error, Unreachable):
            self._fail(commands, error)
        elif lane.answers:
            self._fail([each for each in commands if each.again], error)
            repeated = [each for each in commands if not each.again and each.is_wanted()]
            for each in repeated:
                each.again = True
            self._queue.put_first(repeated)
        elif commands:
            self._fail(commands, error)
            self._break(error)
        self._send(waited=True)

    # Sending.

    def _belong_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise RuntimeError("a session store serves one event loop, and this is another")
        self._loop = loop
        self._lanes = [self._make_lane(self, loop) for _ in range(self._limits.connections)]

    def _send_now(self) -> None:
        self._flushing = False
        self._send()

    def _send(self, *, waited: bool = False) -> None:
        """Give what waits to lanes that are idle; open one where none is and none is coming."""
        if self._breaker.is_open or self._closed:
            return
        for lane in self._lanes:
            if not self._queue:
                return
            if lane.is_idle and not waited:
                lane.hear()  # it may have ended meanwhile
            if lane.is_idle and (commands := self._in_time(self._queue.take(), waited)):
                lane.send(commands)
            elif not (lane.is_open or lane.is_opening):
                lane.open(self._limits.deadline)
                return

    def _in_time(self, commands: list[Command], waited: bool) -> list[Command]:
        """Fail the writes that are past their deadline; return the others.

        Those that have ``waited`` for a lane while the loop was busy are sent: it is not they that
        were late, and somebody still waits for them.
        """
        assert self._loop is not None
        now = self._loop.time()
        if all(command.deadline > now for command in commands):
            return commands
        was_busy = waited and self._timer is not None and now > self._timer_at + _LATENESS
        for command in commands:
            if was_busy or command.is_lookup:
                command.prolong(now + self._limits.deadline, again=was_busy)
        self._fail([each for each in commands if each.deadline <= now], self._too_late())
        return [each for each in commands if each.deadline > now]

    # The deadline.

    def _set_timer(self, when: float) -> None:
        assert self._loop is not None
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        assert self._loop is not None
        was_busy = self._loop.time() > self._timer_at + _LATENESS
        for lane in self._lanes:
            lane.hear()
        self._timer = None
        now = self._loop.time()
        if was_busy:
            answers = any(now - lane.heard_at < self._limits.deadline for lane in self._lanes)
            self._queue.prolong(now + self._limits.deadline, again=answers)
            for command in (each for lane in self._lanes for each in lane.exchange):
                command.prolong(now + self._limits.deadline)
        for lane in self._lanes:
            self._expire(lane, now)
        self._fail(self._queue.take_late(now), self._too_late())
        self._send(waited=True)
        self._wait_on()

    def _wait_on(self) -> None:
        """Set the timer for the oldest call, if any is on its way."""
        deadlines = [each.deadline for lane in self._lanes for each in lane.exchange]
        queued = self._queue.oldest_deadline()
        if queued is not None:
            deadlines.append(queued)
        if deadlines and self._timer is None:
            self._set_timer(min(deadlines))

    def _expire(self, lane: Lane, now: float) -> None:
        """Fail what is past its deadline on a lane; close one that nobody waits for any more."""
        late = [command for command in lane.exchange if command.deadline <= now]
        self._fail(late, self._too_late())
        if late and len(late) == len(lane.exchange):
            self._give_up(lane, now)

    def _give_up(self, lane: Lane, now: float) -> None:
        in_vain = now - max(lane.sent_at, lane.heard_at)
        lane.close()
        if in_vain < self._limits.deadline / 2:
            lane.open(PROBE_PATIENCE)  # rule 4: only if this fails the breaker opens
        else:
            self._break(self._too_late())

    def _too_late(self) -> Unreachable:
        return Unreachable(f"the session store did not answer within {self._limits.deadline} s")

    # The breaker.

    def _break(self, error: StoreError) -> None:
        if self._breaker.is_open or self._closed:
            return
        assert self._loop is not None
        self._breaker.open(error, self._loop)
        self._fail(self._queue.shut(StoreUnavailable("the session store does not answer")), error)
        for lane in self._lanes:
            self._fail(lane.close(), error)

    def _probe(self) -> None:
        if not self._lanes[0].is_opening:
            self._lanes[0].open(PROBE_PATIENCE)

    def _fail(self, commands: list[Command], error: StoreError) -> None:
        for command in commands:
            command.fail(error)
