"""The queue before the connections to one memcached.

Rule 1: it is bounded, and refuses rather than waits.
Rule 2: whoever takes, takes all lookups that wait, or one write, whichever has waited longest.
Rule 3: a job whose caller has given up - cancelled, or past the deadline - is never handed out.
Rule 4: while it is shut it is empty, and refuses every job at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from ...exceptions import StoreUnavailable
from .connection import Connection

#: What is done for a job that is not a lookup, with a connection.
Command = Callable[[Connection], Any]


class Job:
    """A call on its way. ``command`` is None for a lookup; ``deadline`` is on the loop's clock."""

    __slots__ = ("command", "deadline", "future", "key")

    def __init__(
        self, key: str, command: Command | None, deadline: float, future: asyncio.Future[Any]
    ) -> None:
        self.key, self.command, self.deadline, self.future = key, command, deadline, future

    def is_wanted(self) -> bool:
        """Return whether somebody still waits for the answer."""
        return not self.future.done() and self.future.get_loop().time() < self.deadline


class JobQueue:
    """The jobs that wait, for one event loop."""

    def __init__(self, max_batch: int, max_waiting: int) -> None:
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._lookups: deque[Job] = deque()
        self._writes: deque[Job] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()
        self._refusal: str | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._lookups) + len(self._writes)

    def put(self, job: Job) -> None:
        """Let ``job`` wait; `StoreUnavailable` when the queue is full, shut or closed."""
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)
        if len(self) >= self._max_waiting:
            raise StoreUnavailable("too many calls wait for memcached")
        queue = self._lookups if job.command is None else self._writes
        queue.append(job)
        # Whoever takes, takes all lookups: where others wait already, he is on his way.
        if queue is self._writes or len(queue) == 1:
            self._wake()

    async def take(self) -> list[Job]:
        """Wait for work: lookups, oldest first, or one write."""
        while True:
            while not self:
                await self._work()
            if wanted := [job for job in self._next() if job.is_wanted()]:
                return wanted

    def shut(self, refusal: str) -> list[Job] | None:
        """Refuse every job from now on; return those that waited, or None if it is shut already."""
        if self._refusal is not None:
            return None
        self._refusal = refusal
        return self._drain()

    def reopen(self) -> None:
        """Take jobs again."""
        if not self._closed:
            self._refusal = None

    def close(self) -> list[Job]:
        """Shut for good; return the jobs that waited."""
        self._refusal = "the session store is closed"
        self._closed = True
        return self._drain()

    async def _work(self) -> None:
        taker = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        await taker

    def _wake(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return

    def _next(self) -> list[Job]:
        lookups, writes = self._lookups, self._writes
        if writes and not (lookups and lookups[0].deadline < writes[0].deadline):
            return [writes.popleft()]
        jobs = [lookups.popleft() for _ in range(min(len(lookups), self._max_batch))]
        if lookups:
            self._wake()
        return jobs

    def _drain(self) -> list[Job]:
        jobs = [*self._lookups, *self._writes]
        self._lookups.clear()
        self._writes.clear()
        return jobs
