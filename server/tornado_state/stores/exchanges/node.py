"""One server of a store: its queue, its lanes, the deadline, and the breaker.

Rule 1: what all requests of one turn of the loop want leaves in one exchange; what comes while
every lane is busy waits for the next. There is no task and no timer for a command.
Rule 2: the deadline counts from the call, and the call fails at it whatever its lane is doing. A
write that was not sent by then is never sent.
Rule 3: a server that does not answer shuts the queue (the breaker is open): all that waits, and
every later call, fails at once. New connections, not visitors' calls, are tried until one answers.
Rule 4: our own slowness is not the server's (:mod:`.deadlines`). A command that was sent with less
than half of its time left, that ran out of it, opens the breaker only if the server does not answer
over a new connection. Nor is it the server's fault that this process has no descriptor left: calls
fail, and the next one tries anew.
Rule 5: what is large, or comes over a slow line, may be too much for one exchange: where answers
had come as the deadline passed, and half of it had been left, the next exchanges are smaller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ...exceptions import StoreUnavailable
from .breaker import PROBE_PATIENCE, Breaker
from .commands import Command, Limits, OwnFault, StoreCounters, StoreError, Unreachable, fail
from .deadlines import Deadlines
from .lanes import Lane, LaneOwner
from .queue import CommandQueue

#: An exchange that takes less than this part of the deadline is quick.
_QUICK = 4

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
        self._closed: StoreUnavailable | None = None
        self._deadlines = Deadlines(limits, self._queue, self._lanes, self._give_up, self._go_on)
        self._breaker = Breaker(name, counters, self._probe)

    @property
    def waiting(self) -> int:
        """How many calls wait for a lane."""
        return self._queue.waiting

    @property
    def is_away(self) -> bool:
        """Whether calls fail at once."""
        return self._breaker.is_open

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for an answer."""
        return bool(self._queue) or any(lane.exchange for lane in self._lanes)

    def call(self, command: Command) -> asyncio.Future[Any]:
        """Return what will be the answer; raise `StoreUnavailable` where it cannot be asked for."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._belong_to(loop)
        waiter: asyncio.Future[Any] = asyncio.Future(loop=loop)
        counters = command.counters = self._counters
        if not command.is_lookup:
            counters.writes += 1
        try:
            self._queue.put(command, waiter)
        except StoreUnavailable:
            counters.failures += 1
            raise
        command.deadline = loop.time() + self._limits.deadline
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._send_now)
        if self._deadlines.timer is None:
            self._deadlines.watch(command.deadline, loop)
        return waiter

    def pass_on(self, command: Command) -> None:
        """Have a command sent that another node did not carry out; its deadline stays."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._belong_to(loop)
        try:
            self._queue.put_again(command)
        except StoreUnavailable as error:
            command.fail(error)
            return
        self._send_soon(loop)
        self._deadlines.watch(command.deadline, loop)

    async def close(self) -> None:
        """Fail what waits or is under way, and close the connections.

        On another loop only while its own does not run: nobody waits there once it has ended.
        """
        is_here = self.may_close()
        loop = self._loop
        error = self._closed = StoreUnavailable("the session store is closed")
        ended = self._queue.shut(error)
        for lane in self._lanes:
            ended += lane.close()
        if loop is not None and not loop.is_closed():
            fail(ended, error)
        self._breaker.end()
        self._deadlines.end()
        if is_here:
            await asyncio.gather(*(lane.closed() for lane in self._lanes))

    def may_close(self) -> bool:
        """Return whether this loop is its own; raise where that is another one which runs."""
        is_here = self._loop is asyncio.get_running_loop()
        if self._loop is not None and not is_here and self._loop.is_running():
            raise _another_loop()
        return is_here

    def refuse_if_closed(self) -> None:
        """Raise what every call is told once it is closed."""
        if self._closed is not None:
            raise StoreUnavailable(str(self._closed))

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
                fail(waiting, error)
        else:
            self._break(error)

    def answered(self, lane: Lane, commands: list[Command]) -> None:
        """See `LaneOwner.answered`."""
        self._counters.batches += any(command.is_lookup for command in commands)
        if self._queue.takes_less:
            took = lane.loop.time() - lane.sent_at
            if took < self._limits.deadline / 2:
                self._queue.take_more(len(commands), took < self._limits.deadline / _QUICK)
        self._send(waited=True)

    def lost(self, lane: Lane, commands: list[Command], error: StoreError) -> None:
        """See `LaneOwner.lost`."""
        if not isinstance(error, Unreachable):
            fail(commands, error)
        elif lane.answers:
            fail([each for each in commands if each.again], error)
            repeated = [each for each in commands if not each.again and each.is_wanted()]
            for each in repeated:
                each.again = True
            self._queue.put_first(repeated)
        elif commands:
            fail(commands, error)
            self._break(error)
        self._send(waited=True)

    # Sending.

    def _send_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._send_now)

    def _belong_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise _another_loop()
        self._loop = loop
        self._lanes += [self._make_lane(self, loop) for _ in range(self._limits.connections)]

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
            if lane.is_idle and (commands := self._taken(lane.loop.time(), waited)):
                lane.send(commands)
            elif not (lane.is_open or lane.is_opening):
                lane.open(self._limits.deadline)
                return

    def _taken(self, now: float, waited: bool) -> list[Command]:
        return self._deadlines.in_time(self._queue.take(), now, waited=waited)

    def _go_on(self) -> None:
        self._send(waited=True)

    def _give_up(self, lane: Lane, now: float) -> None:
        in_vain = now - max(lane.sent_at, lane.heard_at)
        sent = lane.close()
        had = now - lane.sent_at
        if lane.heard_at > lane.sent_at and had >= self._limits.deadline / 2:
            self._queue.take_less(len(sent))
        if in_vain < self._limits.deadline / 2:
            lane.open(PROBE_PATIENCE)  # rule 4: only if this fails the breaker opens
        else:
            self._break(self._deadlines.too_late())

    # The breaker.

    def _break(self, error: StoreError) -> None:
        if self._breaker.is_open or self._closed:
            return
        assert self._loop is not None
        self._breaker.open(error, self._loop)
        fail(self._queue.shut(StoreUnavailable("the session store does not answer")), error)
        for lane in self._lanes:
            fail(lane.close(), error)

    def _probe(self) -> None:
        if not self._lanes[0].is_opening:
            self._lanes[0].open(PROBE_PATIENCE)


def _another_loop() -> RuntimeError:
    return RuntimeError("a session store serves one event loop, and this is another")
