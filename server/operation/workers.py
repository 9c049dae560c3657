"""Several processes on one port: forked before any event loop or thread exists.

Rule 1: every worker serves the same listening sockets; the system hands each connection to one.
Rule 2: a worker that ends is replaced, but for ten in a minute: then something is wrong that
another start will not mend, and all stop. One of the first that cannot start stops all at once,
with status 2; a later one, which meets an outage, is given time, so that those that serve go on.
Rule 3: SIGTERM and SIGINT are the parent's, which has every worker stop as :mod:`.serving` says. A
second one ends all at once.
Rule 4: when the parent is gone, its end of a pipe closes, and the workers stop as well.
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
from typing import NoReturn

from ..start_error import StartError

_log = logging.getLogger(__name__)

_STOPS = (signal.SIGTERM, signal.SIGINT)
_MOST_ENDS = 10
_WITHIN = 60.0

#: The exit status of a worker that could not start, and for how many seconds a later one waits.
_NO_START = 2
_PAUSE = 2 * _WITHIN / _MOST_ENDS


class Workers:
    """``count`` processes that each call ``work`` with the file descriptor of rule 4's pipe."""

    def __init__(
        self, count: int, work: Callable[[int], None], listeners: Sequence[socket.socket]
    ) -> None:
        self._count = count
        self._work = work
        self._listeners = listeners
        self._parent_closes, self._parent = os.pipe()
        self._pids: set[int] = set()
        self._ends: deque[float] = deque(maxlen=_MOST_ENDS)
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Return when every worker has ended: 0 when they did as they were told."""
        for number in _STOPS:
            signal.signal(number, self._on_signal)
        for _ in range(self._count):
            self._fork(pause=0)
        while self._pids:
            pid, status = os.wait()
            if pid in self._pids:  # and not another child, the private memcached's keeper
                self._pids.remove(pid)
                self._replace(pid, os.waitstatus_to_exitcode(status))
        return self._status

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop(signal.SIGKILL if self._stopping else signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        # Whoever connects from now on is refused by the system instead of waiting in vain.
        for listener in self._listeners:
            listener.close()
        for pid in self._pids:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(pid, number)

    def _replace(self, pid: int, code: int) -> None:
        if self._stopping:
            # One that had not yet begun to serve is ended by the signal itself.
            self._status |= code not in {0, -signal.SIGTERM, _NO_START}
            return
        if code == _NO_START:
            self._status = _NO_START
            self._stop(signal.SIGTERM)
            return
        _log.warning("worker %s ended with status %s and is replaced", pid, code)
        self._ends.append(time.monotonic())
        if len(self._ends) == _MOST_ENDS and self._ends[-1] - self._ends[0] < _WITHIN:
            _log.error("workers keep ending; the application stops")
            self._status = 1
            self._stop(signal.SIGTERM)
        self._fork(pause=_PAUSE)

    def _fork(self, pause: float) -> None:
        with _blocked(_STOPS):  # so that a worker is told to stop, or not made
            if self._stopping:
                return
            pid = os.fork()
            if pid == 0:
                self._be_worker(pause)
            self._pids.add(pid)

    def _be_worker(self, pause: float) -> NoReturn:
        """Work and end, never returning into the parent's code."""
        status = 1
        try:
            os.close(self._parent)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            self._work(self._parent_closes)
            status = 0
        except StartError as error:
            _log.error("a worker cannot start: %s", error)
            time.sleep(pause)
            status = 1 if pause else _NO_START
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
