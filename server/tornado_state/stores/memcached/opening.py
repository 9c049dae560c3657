"""What blocks, done where nobody waits for it: connecting, and the questions of the start.

Rule 1: looking a name up and connecting block, for many seconds while no name server answers, and a
look-up cannot be stopped. So it is done in a thread that is nobody else's: neither the event loop's
own threads, which others need, nor one that the end of the process waits for.
Rule 2: a lane has one such thread at a time, so they cannot pile up.
Rule 3: at the deadline the sockets are shut, which ends whatever waits for them, a drip as well.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ...exceptions import StoreRefused, StoreUnavailable
from ..exchanges.commands import OwnFault, StoreError, Unreachable
from .connection import Connection
from .sockets import Sockets

T = TypeVar("T")


class Opening(Generic[T]):
    """One try at ``work``; ``done`` or ``failed`` is called on the loop, at most once."""

    def __init__(
        self,
        name: str,
        work: Callable[[Sockets], T],
        patience: float,
        done: Callable[[T], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        self._work, self._patience = work, patience
        self._done, self._failed = done, failed
        self._sockets = Sockets()
        self._over = self._abandoned = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(patience, self._give_up)
        self._thread = threading.Thread(target=self._run, name=f"opening of {name}", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._loop.call_soon(self._fail, OwnFault("this process can start no more threads"))

    def is_stuck(self) -> bool:
        """Return whether the thread of a try that was given up still runs."""
        return self._abandoned and self._thread.is_alive()

    def abandon(self) -> None:
        """Tell nobody of what comes of it."""
        if not self._over:
            self._over = self._abandoned = True
            self._timer.cancel()
            self._sockets.shut()

    def _give_up(self) -> None:
        self.abandon()
        self._failed(Unreachable(f"memcached did not answer within {self._patience} s"))

    def _fail(self, error: StoreError) -> None:
        if not self._over:
            self._over = True
            self._timer.cancel()
            self._failed(error)

    def _run(self) -> None:
        settle: Callable[[Any], None] = self._fail
        outcome: object = OwnFault("an error nobody foresaw; see the traceback of the thread")
        try:
            outcome = self._work(self._sockets)
            settle = self._succeed
        except (StoreUnavailable, StoreRefused) as error:
            outcome = error
        finally:
            self._sockets.forget()
            self._settle_soon(settle, outcome)

    def _settle_soon(
        self, settle: Callable[[T], None] | Callable[[StoreError], None], outcome: object
    ) -> None:
        try:
            self._loop.call_soon_threadsafe(settle, outcome)  # type: ignore[arg-type]
        except RuntimeError:  # the loop has ended, and nobody waits any more
            _drop(outcome)

    def _succeed(self, outcome: T) -> None:
        if self._over:
            _drop(outcome)
            return
        self._over = True
        self._timer.cancel()
        self._done(outcome)


def _drop(outcome: object) -> None:
    if isinstance(outcome, Connection):
        outcome.close()
