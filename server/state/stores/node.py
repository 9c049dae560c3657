"""One memcached of the fleet: its queue, its worker threads, and the breaker.

Rule 1: the event loop never waits. A call puts a job into the queue and awaits its future; the
answers to a whole batch come back with one `call_soon_threadsafe`.
Rule 2: the deadline counts from the call, and the future fails at it whatever the worker is doing.
Rule 3: a memcached that does not answer shuts the queue (the breaker is open): all that waits, and
every later call, fails at once. The worker that shut it asks for the version over new connections
until there is an answer; no visitor's request is spent on finding out.
Rule 4: our own slowness is not memcached's. A command that was sent late, with less than half of
its time left, and ran out of it opens the breaker only if memcached does not answer a question of
its own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from ..exceptions import StoreRefused, StoreUnavailable
from .base import SessionRecord
from .connection import Address, Connection, Unreachable
from .jobs import Command, Job, JobQueue

logger = logging.getLogger("server.state.store")

T = TypeVar("T")

#: Seconds that memcached has to say its version, and between two questions while the breaker is
#: open.
_PROBE_DEADLINE = 0.25
_PROBE_PAUSE = 0.25


@dataclass
class StoreCounters:
    """What a store has done so far. Changed on the event loop only.

    `load` found (``hits``) or definitely did not find (``misses``) a record; ``lookups`` were
    answered by ``batches`` round trips; ``writes`` are all other calls; ``failures`` are the calls
    of either sort that ended in `StoreUnavailable` or `StoreRefused`; ``openings`` are the
    breaker's.
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
    workers: int
    max_batch: int
    max_waiting: int


class Node:
    """One memcached. For one event loop; its threads start with the first call."""

    def __init__(
        self, name: str, address: Address, limits: Limits, counters: StoreCounters
    ) -> None:
        self.name = name
        self._address = address
        self._limits = limits
        self._counters = counters
        self._queue = JobQueue(limits.max_batch, limits.max_waiting)
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._queue)

    # On the event loop.

    async def load(self, key: str) -> SessionRecord | None:
        """Return the record, or None when there is definitely none."""
        record: SessionRecord | None = await self._call(key, None)
        if record is None:
            self._counters.misses += 1
        else:
            self._counters.hits += 1
        return record

    async def write(self, key: str, command: Callable[[Connection, float], T]) -> T:
        """Return what ``command`` returns for a connection and a deadline, in a worker."""
        self._counters.writes += 1
        answer: T = await self._call(key, command)
        return answer

    async def check(self) -> None:
        """Raise `StoreUnavailable`, naming the address, unless a memcached of use answers there."""
        await asyncio.to_thread(self._check)

    async def close(self) -> None:
        """Fail what waits, and return when the threads have ended."""
        self._settle(_all(self._queue.close(), StoreUnavailable("the session store is closed")))
        for thread in tuple(self._threads):
            await asyncio.to_thread(thread.join)

    async def _call(self, key: str, command: Command | None) -> Any:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        try:
            self._belong_to(loop)
            self._queue.put(Job(key, command, time.monotonic() + self._limits.deadline, future))
            self._start_workers()
            timer = loop.call_later(self._limits.deadline, self._give_up, future)
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

    def _start_workers(self) -> None:
        for _ in range(self._limits.workers - len(self._threads)):
            thread = threading.Thread(target=self._work, name=f"memcached {self.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _give_up(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            within = f"within {self._limits.deadline} s"
            future.set_exception(StoreUnavailable(f"memcached did not answer {within}"))

    def _settle(self, outcomes: Iterable[tuple[Job, Any]], **counted: int) -> None:
        for name, number in counted.items():
            setattr(self._counters, name, getattr(self._counters, name) + number)
        for job, outcome in outcomes:
            if job.future.done():
                continue
            if isinstance(outcome, StoreUnavailable | StoreRefused):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)

    # In a worker thread.

    def _work(self) -> None:
        connection = Connection(self._address)
        try:
            while (jobs := self._queue.take()) is not None:
                self._carry_out(jobs, connection)
        finally:
            connection.close()
            self._threads.remove(threading.current_thread())

    def _carry_out(self, jobs: list[Job], connection: Connection) -> None:
        started = time.monotonic()
        try:
            self._answer(jobs, connection)
        except Unreachable as error:
            self._settle_soon(_all(jobs, error))
            late = time.monotonic() - started < self._limits.deadline / 2
            if not (error.timed_out and late and self._answers(connection)):
                self._open(error, connection)
        except (StoreUnavailable, StoreRefused) as error:
            self._settle_soon(_all(jobs, error))

    def _answer(self, jobs: list[Job], connection: Connection) -> None:
        deadline = jobs[-1].deadline
        command = jobs[0].command
        if command is not None:
            self._settle_soon([(jobs[0], command(connection, deadline))])
            return
        records = connection.load({job.key for job in jobs}, deadline)
        outcomes = [(job, records.get(job.key)) for job in jobs]
        self._settle_soon(outcomes, batches=1, lookups=len(jobs))

    def _open(self, error: Unreachable, connection: Connection) -> None:
        waiting = self._queue.shut("memcached does not answer")
        if waiting is None:
            return
        logger.warning("%s: %s; calls fail at once until it answers", self.name, error)
        self._settle_soon(_all(waiting, error), openings=1)
        while self._queue.pause(_PROBE_PAUSE):
            if self._answers(connection):
                self._queue.reopen()
                logger.warning("%s: memcached answers again", self.name)
                return

    def _answers(self, connection: Connection) -> bool:
        try:
            connection.version(time.monotonic() + _PROBE_DEADLINE)
        except StoreUnavailable:
            return False
        return True

    def _check(self) -> None:
        connection = Connection(self._address)
        deadline = time.monotonic() + self._limits.deadline
        try:
            connection.version(deadline)
            if not connection.has_cas(deadline):
                raise StoreUnavailable("this memcached does not compare and swap (option -C)")
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{self.name}: {error}") from error
        finally:
            connection.close()

    def _settle_soon(self, outcomes: list[tuple[Job, Any]], **counted: int) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(lambda: self._settle(outcomes, **counted))


def _all(
    jobs: Iterable[Job], error: StoreUnavailable | StoreRefused
) -> list[tuple[Job, StoreUnavailable | StoreRefused]]:
    """Return an exception for each job: a shared one would gather every request's traceback."""
    kind = StoreRefused if isinstance(error, StoreRefused) else StoreUnavailable
    return [(job, kind(str(error), error.retry_after)) for job in jobs]
