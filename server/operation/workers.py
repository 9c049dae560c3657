"""Several processes on one port: forked before any event loop or thread exists.

Rule 1: every worker serves the same listening sockets, and they keep in step (:mod:`.door`).
Rule 2: a worker that ends is replaced, but for ten in a minute: then something is wrong that
another start will not mend, and all stop. One of the first that cannot start stops all at once,
with status 2; a later one, which meets an outage, is given time, so that those that serve go on.
Rule 3: SIGTERM and SIGINT are the parent's, which has every worker stop as :mod:`.serving` says. A
second one ends all at once.
Rule 4: SIGHUP replaces every worker by a new one. The new ones serve before the old ones stop, and
the sockets stay open all the while, so nobody is refused.
Rule 5: when the parent is gone, its end of a pipe closes, and the workers stop as well.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NamedTuple, NoReturn

from ..start_error import StartError
from .door import Seats
from .serving import Worker

_log = logging.getLogger(__name__)

_STOPS = (signal.SIGTERM, signal.SIGINT)
_MOST_ENDS = 10
_WITHIN = 60.0

#: The exit status of a worker that could not start, and for how many seconds a later one waits.
_NO_START = 2
_PAUSE = 2 * _WITHIN / _MOST_ENDS


class _Place(NamedTuple):
    """Where a worker is: its seat, and which process it takes over from."""

    seat: int
    before: int | None = None


class Workers:
    """``count`` processes that each call ``work`` with what makes a worker of them.

    ``renew`` is called before they are all replaced, and returns whether that is possible.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[Worker], None],
        listeners: Sequence[socket.socket],
        renew: Callable[[], bool] = lambda: True,
    ) -> None:
        self._count = count
        self._work = work
        self._listeners = listeners
        self._renew = renew
        self._parent_closes, self._parent = os.pipe()
        self._seats = Seats(2 * count)
        self._places: dict[int, _Place] = {}
        #: Those whose work others take over.
        self._leaving: dict[int, _Place] = {}
        self._ends: deque[float] = deque(maxlen=_MOST_ENDS)
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Return when every worker has ended: 0 when they did as they were told."""
        for number in _STOPS:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_renewal)
        for seat in range(self._count):
            self._fork(_Place(seat), pause=0)
        while self._places or self._leaving:
            pid, status = os.wait()
            # And not another child, the private memcached's keeper.
            place = self._places.pop(pid, None) or self._leaving.get(pid)
            if place is not None:
                self._seats.leave(place.seat)
                self._follow(pid, place, os.waitstatus_to_exitcode(status))
        return self._status

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop(signal.SIGKILL if self._stopping else signal.SIGTERM)

    def _on_renewal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping or self._leaving or not self._renew():
            return
        _log.info("every worker is replaced by a new one")
        self._leaving, self._places = self._places, {}
        taken = {place.seat for place in self._leaving.values()}
        free = (seat for seat in range(2 * self._count) if seat not in taken)
        for before, seat in zip(tuple(self._leaving), free, strict=False):
            self._fork(_Place(seat, before), pause=0)

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        # Whoever connects from now on is refused by the system instead of waiting in vain.
        for listener in self._listeners:
            listener.close()
        for pid in (*self._places, *self._leaving):
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(pid, number)

    def _follow(self, pid: int, place: _Place, code: int) -> None:
        """Do what is to be done after a worker has ended."""
        left = self._leaving.pop(pid, None) is not None
        if self._stopping or left:
            # One that had not yet begun to serve is ended by the signal itself.
            self._status |= code not in {0, -signal.SIGTERM, _NO_START}
        elif code == _NO_START:
            self._status = _NO_START
            self._stop(signal.SIGTERM)
        else:
            _log.warning("worker %s ended with status %s and is replaced", pid, code)
            self._replace(place)

    def _replace(self, place: _Place) -> None:
        self._ends.append(time.monotonic())
        if len(self._ends) == _MOST_ENDS and self._ends[-1] - self._ends[0] < _WITHIN:
            _log.error("workers keep ending; the application stops")
            self._status = 1
            self._stop(signal.SIGTERM)
        self._fork(place, pause=_PAUSE)

    def _fork(self, place: _Place, pause: float) -> None:
        with _blocked((*_STOPS, signal.SIGHUP)):  # so that a worker is told to stop, or not made
            if self._stopping:
                return
            pid = os.fork()
            if pid == 0:
                self._be_worker(place, pause)
            self._places[pid] = place

    def _be_worker(self, place: _Place, pause: float) -> NoReturn:
        """Work and end, never returning into the parent's code."""
        status = 1
        try:
            os.close(self._parent)
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_STOPS, signal.SIGHUP))
            self._work(Worker(self._parent_closes, self._seats, place.seat, place.before))
            status = 0
        except StartError as error:
            _log.error("a worker cannot start: %s", error)
            time.sleep(pause)
            status = 1 if pause or place.before else _NO_START
        except Exception:  # noqa: BLE001 - whatever it is, it must not unwind into the parent's code
            _log.exception("a worker failed")
        finally:
            os._exit(status)


@contextmanager
def _blocked(signals: Sequence[signal.Signals]) -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
