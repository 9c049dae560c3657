"""One memcached of the fleet: its queue, its connections, and the breaker.

Rule 1: the event loop never waits. A call puts a job into the queue and awaits its future; a few
lanes, each a task with a connection of its own, take what waits.
Rule 2: the deadline counts from the call, and the future fails at it whatever its lane is doing.
Rule 3: a memcached that does not answer shuts the queue (the breaker is open): all that waits, and
every later call, fails at once. The lane that shut it asks for the version over new connections
until there is an answer; no visitor's request is spent on finding out.
Rule 4: our own slowness is not memcached's. A command sent with less than half of its time left,
that ran out of it, opens the breaker only if memcached does not answer a question of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..base import SessionRecord
from ..urls import Address
from .bridge import run
from .connection import Connection, Unreachable, is_foreign
from .jobs import Command, Job, JobQueue

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds memcached has to say its version, and between two questions while the breaker is open.
_PROBE_DEADLINE = _PROBE_PAUSE = 0.25


@dataclass
class StoreCounters:
    """What a store has done so far. Changed on the event loop only.

    `load` found (``hits``) or definitely did not find (``misses``) a record; ``lookups`` were
    answered by ``batches`` round trips; ``writes`` are all other calls; ``failures`` are the calls
    of either sort that ended in `StoreUnavailable` or `StoreRefused`; ``openings`` the breaker's.
    """

    hits: int = 0
    misses: int = 0
    lookups: int = 0
    batches: int = 0
    writes: int = 0
    failures: int = 0
    openings: int = 0


@dataclass(frozen=True)
class Limits:
    """How a node works; see `MemcachedStore`."""

    deadline: float
    connections: int
    max_batch: int
    max_waiting: int


class Node:
    """One memcached. For one event loop; its connections are made with the first call."""

    def __init__(
        self, name: str, address: Address, limits: Limits, counters: StoreCounters
    ) -> None:
        self.name = name
        self._address = address
        self._limits = limits
        self._counters = counters
        self._queue = JobQueue(limits.max_batch, limits.max_waiting)
        self._lanes: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def lanes(self) -> set[asyncio.Task[None]]:
        """The tasks that carry out calls."""
        return set(self._lanes)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._queue)

    async def load(self, key: str) -> SessionRecord | None:
        """Return the record, or None when there is definitely none."""
        record: SessionRecord | None = await self._call(key, None)
        if record is None:
            self._counters.misses += 1
        else:
            self._counters.hits += 1
        return record

    async def write(self, key: str, command: Callable[[Connection], T]) -> T:
        """Return what ``command`` returns for a connection."""
        self._counters.writes += 1
        answer: T = await self._call(key, command)
        return answer

    async def check(self) -> None:
        """Raise `StoreUnavailable`, naming the address, unless a memcached of use answers there."""
        connection = Connection(self._address)
        try:
            await self._ask(connection, connection.version)
            if not await self._ask(connection, connection.has_cas):
                raise StoreUnavailable("this memcached does not compare and swap (option -C)")
        except StoreUnavailable as error:
            kind = StoreUnfit if is_foreign(error) else StoreUnavailable
            raise kind(f"{self.name}: {error}") from error
        finally:
            connection.close()

    async def close(self) -> None:
        """Fail what waits or is under way, and close the connections."""
        self._settle(_all(self._queue.close(), StoreUnavailable("the session store is closed")))
        lanes = [lane for lane in self._lanes if not lane.done()]
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _call(self, key: str, command: Command | None) -> Any:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        deadline = loop.time() + self._limits.deadline
        try:
            self._belong_to(loop)
            self._queue.put(Job(key, command, deadline, future))
            self._open_lanes(loop)
            timer = loop.call_at(deadline, self._give_up, future)
            try:
                return await future
            finally:
                timer.cancel()
        except (StoreUnavailable, StoreRefused):
            self._counters.failures += 1
            raise

    def _belong_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            if self._loop is not None:
                raise RuntimeError("a session store serves one event loop, and this is another")
            self._loop = loop

    def _open_lanes(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open what is missing: at first all, later one that an unforeseen error has ended."""
        if any(lane.done() for lane in self._lanes):
            self._lanes = [lane for lane in self._lanes if not lane.done()]
        while len(self._lanes) < self._limits.connections:
            self._lanes.append(loop.create_task(self._lane()))

    def _give_up(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            within = f"within {self._limits.deadline} s"
            future.set_exception(StoreUnavailable(f"memcached did not answer {within}"))

    def _settle(self, outcomes: Iterable[tuple[Job, Any]]) -> None:
        for job, outcome in outcomes:
            if job.future.done():
                continue
            if isinstance(outcome, StoreUnavailable | StoreRefused):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)

    async def _lane(self) -> None:
        """Carry out what waits over one connection, until the node is closed."""
        connection = Connection(self._address)
        jobs: list[Job] = []
        try:
            while True:
                jobs = await self._queue.take()
                await self._carry_out(jobs, connection)
        finally:
            connection.close()
            self._settle(_all(jobs, StoreUnavailable("the session store is closed")))

    async def _carry_out(self, jobs: list[Job], connection: Connection) -> None:
        started = asyncio.get_running_loop().time()
        try:
            await self._answer(jobs, connection)
        except Unreachable as error:
            late = jobs[-1].deadline - started < self._limits.deadline / 2
            self._settle(_all(jobs, error))
            if not (error.timed_out and late and await self._answers(connection)):
                await self._break(error, connection)
        except (StoreUnavailable, StoreRefused) as error:
            self._settle(_all(jobs, error))

    async def _answer(self, jobs: list[Job], connection: Connection) -> None:
        deadline = jobs[-1].deadline
        command = jobs[0].command
        if command is not None:
            answer = await self._ask(connection, lambda: command(connection), deadline)
            self._settle([(jobs[0], answer)])
            return
        keys = {job.key for job in jobs}
        records = await self._ask(connection, lambda: connection.load(keys), deadline)
        self._counters.batches += 1
        self._counters.lookups += len(jobs)
        self._settle((job, records.get(job.key)) for job in jobs)

    async def _ask(
        self, connection: Connection, command: Callable[[], T], deadline: float | None = None
    ) -> T:
        """Run ``command`` until the deadline; past it the connection is destroyed."""
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + self._limits.deadline
        try:
            async with asyncio.timeout_at(deadline):
                return await run(command)
        except TimeoutError as error:
            raise Unreachable("memcached did not answer in time", timed_out=True) from error

    async def _break(self, error: Unreachable, connection: Connection) -> None:
        waiting = self._queue.shut("memcached does not answer")
        if waiting is None:
            return
        self._counters.openings += 1
        logger.warning("%s: %s; calls fail at once until it answers", self.name, error)
        self._settle(_all(waiting, error))
        try:
            while True:
                if await self._answers(connection):
                    break
                await asyncio.sleep(_PROBE_PAUSE)
        finally:
            # After an unforeseen error, too: no other lane would.
            self._queue.reopen()
        logger.warning("%s: memcached answers again", self.name)

    async def _answers(self, connection: Connection) -> bool:
        deadline = asyncio.get_running_loop().time() + _PROBE_DEADLINE
        try:
            await self._ask(connection, connection.version, deadline)
        except StoreUnavailable:
            return False
        except StoreRefused:
            pass  # refusing is answering
        return True


def _all(
    jobs: Iterable[Job], error: StoreUnavailable | StoreRefused
) -> list[tuple[Job, StoreUnavailable | StoreRefused]]:
    """Return an exception for each job: a shared one would gather every request's traceback."""
    kind = StoreRefused if isinstance(error, StoreRefused) else StoreUnavailable
    return [(job, kind(str(error), error.retry_after)) for job in jobs]
