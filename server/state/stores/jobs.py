"""The queue between the event loop and the worker threads of one memcached.

Rule 1: it is bounded, and refuses rather than waits.
Rule 2: whoever takes, takes all lookups that wait, or one write, whichever has waited longest.
Rule 3: a job whose caller has given up - cancelled, or past the deadline - is never handed out.
Rule 4: while it is shut it is empty, and refuses every job at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..exceptions import StoreUnavailable
from .connection import Connection

#: What a worker does for a job that is not a lookup: with a connection, until a deadline.
Command = Callable[[Connection, float], Any]

_CLOSED = "the session store is closed"


class Job:
    """A call on its way. ``command`` is None for a lookup; ``deadline`` is on `time.monotonic`."""

    __slots__ = ("command", "deadline", "future", "key")

    def __init__(
        self, key: str, command: Command | None, deadline: float, future: asyncio.Future[Any]
    ) -> None:
        self.key, self.command, self.deadline, self.future = key, command, deadline, future

    def is_wanted(self) -> bool:
        """Return whether somebody still waits for the answer."""
        return not self.future.done() and time.monotonic() < self.deadline


class JobQueue:
    """The jobs that wait. `put` on the event loop, `take` in the workers; nothing blocks `put`."""

    def __init__(self, max_batch: int, max_waiting: int) -> None:
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._changed = threading.Condition(threading.Lock())
        # All below is changed only while holding _changed.
        self._lookups: deque[Job] = deque()
        self._writes: deque[Job] = deque()
        self._refusal: str | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._lookups) + len(self._writes)

    def put(self, job: Job) -> None:
        """Let ``job`` wait for a worker; `StoreUnavailable` when full, shut or closed."""
        with self._changed:
            refusal = _CLOSED if self._closed else self._refusal
            if refusal is not None:
                raise StoreUnavailable(refusal)
            if len(self) >= self._max_waiting:
                raise StoreUnavailable("too many calls wait for memcached")
            queue = self._lookups if job.command is None else self._writes
            queue.append(job)
            # One worker takes all lookups: where others wait already, it is on its way.
            if queue is self._writes or len(queue) == 1:
                self._changed.notify()

    def take(self) -> list[Job] | None:
        """Wait for work: lookups, oldest first, or one write. None once the queue is closed."""
        while True:
            with self._changed:
                while not self:
                    if self._closed:
                        return None
                    self._changed.wait()
                jobs = self._next()
            if wanted := [job for job in jobs if job.is_wanted()]:
                return wanted

    def shut(self, refusal: str) -> list[Job] | None:
        """Refuse every job from now on; return those that waited, or None if it did already."""
        with self._changed:
            if self._closed or self._refusal is not None:
                return None
            self._refusal = refusal
            return self._drain()

    def reopen(self) -> None:
        """Take jobs again."""
        with self._changed:
            self._refusal = None

    def close(self) -> list[Job]:
        """Shut for good and let the workers go; return the jobs that waited."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._drain()

    def pause(self, seconds: float) -> bool:
        """Wait in a worker; return False as soon as the queue is closed."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closed, seconds)

    def _next(self) -> list[Job]:
        lookups, writes = self._lookups, self._writes
        if writes and not (lookups and lookups[0].deadline < writes[0].deadline):
            return [writes.popleft()]
        jobs = [lookups.popleft() for _ in range(min(len(lookups), self._max_batch))]
        if lookups:
            self._changed.notify()
        return jobs

    def _drain(self) -> list[Job]:
        jobs = [*self._lookups, *self._writes]
        self._lookups.clear()
        self._writes.clear()
        return jobs
