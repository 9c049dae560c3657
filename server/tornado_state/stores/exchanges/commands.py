"""A call on its way to a server: who waits for it, until when, and what it said.

Rule 1: a command is sent once; once more only where its connection broke in the midst of an
exchange (``again``), and then it looks into what became of the first one. After a time-out nothing
is sent again: it may still be carried out.
Rule 2: an error is told to each waiter as an exception of its own: a shared one would gather every
request's traceback.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...exceptions import RecordTooLarge, StoreRefused, StoreUnavailable, StoreUnfit
from ..base import SessionRecord

StoreError = StoreRefused | StoreUnavailable


@dataclass
class StoreCounters:
    """What a store has done so far. Changed on the event loop only.

    `load` found (``hits``) or definitely did not find (``misses``) a record; ``lookups`` were
    answered by ``batches`` exchanges; ``writes`` are all other calls; ``failures`` are the calls
    of either sort that ended in `StoreUnavailable` or `StoreRefused`; ``openings`` the breaker's.
    """

    hits: int = 0
    misses: int = 0
    lookups: int = 0
    batches: int = 0
    writes: int = 0
    failures: int = 0
    openings: int = 0


class Unreachable(StoreUnavailable):
    """Nobody answered: the server was not reached, closed the connection, or was too late."""


class OwnFault(StoreUnavailable):
    """What failed is this process: it has no descriptor left, say."""


_NOBODYS = StoreCounters()

#: How often somebody's time may begin anew while the loop is busy.
_PROLONGED_AT_MOST = 10


class Command:
    """What is asked of a server, in one step; each store has its own kinds.

    ``deadline`` is on the loop's clock. ``joins`` is what makes two commands one while both wait;
    None where each stands for itself.
    """

    __slots__ = ("again", "counters", "deadline", "joins", "key", "prolonged", "waiters")

    #: Whether it only asks; such a command may be sent after its deadline, for it changes nothing.
    is_lookup = False

    def __init__(self, key: str, joins: object | None = None) -> None:
        self.key, self.joins = key, joins
        self.deadline = 0.0
        self.again = False
        self.prolonged = 0
        self.waiters: list[asyncio.Future[Any]] = []
        #: Of the store whose command it is, once it is on its way.
        self.counters = _NOBODYS

    def is_wanted(self) -> bool:
        """Return whether somebody still waits for the answer."""
        for waiter in self.waiters:  # noqa: SIM110 - it is asked for each command, and this is faster
            if not waiter.done():
                return True
        return False

    def prolong(self, deadline: float, *, again: bool = False) -> None:
        """Give it until ``deadline``: the loop was busy when its own passed.

        Once, or ``again``; no call waits for ever, however busy the loop is.
        """
        if self.prolonged < (_PROLONGED_AT_MOST if again else 1):
            self.prolonged += 1
            self.deadline = max(self.deadline, deadline)

    def answer(self, outcome: object) -> None:
        """Tell everybody who waits."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(outcome)

    def found(self, record: SessionRecord | None) -> None:
        """Tell everybody who waits for a lookup what there is.

        In no order: two that ask together would write in that order as well, and the same one of
        them would win every compare-and-swap.
        """
        counters = self.counters
        waiting = len(self.waiters)
        if waiting > 1:
            random.shuffle(self.waiters)
        counters.lookups += waiting
        if record is None:
            counters.misses += waiting
        else:
            counters.hits += waiting
        self.answer(record)

    def fail(self, error: StoreError) -> None:
        """Raise an exception like ``error`` in everybody who waits."""
        for waiter in self.waiters:
            if not waiter.done():
                self.counters.failures += 1
                waiter.set_exception(_like(error))
                waiter.exception()  # who has stopped asking is no error of the loop


def fail(commands: Iterable[Command], error: StoreError) -> None:
    """Tell everybody who waits for one of ``commands``."""
    for command in commands:
        command.fail(error)


def _like(error: StoreError) -> StoreError:
    if isinstance(error, RecordTooLarge):
        return RecordTooLarge(error.size, error.limit)
    for kind in (StoreRefused, StoreUnfit):
        if isinstance(error, kind):
            return kind(str(error), error.retry_after)
    return StoreUnavailable(str(error), error.retry_after)


@dataclass(frozen=True)
class Limits:
    """How a node works.

    ``deadline``     seconds for a whole call, from the call to the answer
    ``connections``  lanes of a node
    ``max_batch``    commands that share one exchange, at most
    ``max_waiting``  calls that may wait per node; one more fails at once

    Raises `ValueError` for a number that cannot be.
    """

    deadline: float
    connections: int
    max_batch: int
    max_waiting: int

    def __post_init__(self) -> None:
        if self.deadline <= 0 or min(self.connections, self.max_batch, self.max_waiting) < 1:
            raise ValueError(
                "deadline is more than 0; connections, max_batch and max_waiting at least 1"
            )
