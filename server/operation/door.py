"""The door: how connections are accepted.

Rule 1: who has connected waits outside while there is no place (:mod:`.connections`), and while
there are no descriptors or no memory. The door is tried again soon; it never spins.
Rule 2: processes that share a port keep in step. The system wakes all of them, or the same one
again and again; so one that has more connections than another lets that one go first. It does not
wait for long: the other may hang, or be gone.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import mmap
import socket
from collections.abc import Callable, Iterable
from typing import Any

#: Seconds.
_FULL, _NO_DESCRIPTORS, _AFTER_YOU = 0.05, 0.5, 0.005

#: How many are accepted before the loop turns to other things.
_AT_ONCE = 64

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_AWAY = 2**31 - 1

_log = logging.getLogger(__name__)


class Seats:
    """How many connections each of ``count`` processes has; made before they fork."""

    def __init__(self, count: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * count)).cast("i")
        for number in range(count):
            self.leave(number)

    def take(self, number: int, connections: int) -> None:
        """Say how many a process has."""
        self._counts[number] = connections

    def leave(self, number: int) -> None:
        """Say that a process accepts none."""
        self._counts[number] = _AWAY

    def is_ahead(self, connections: int) -> bool:
        """Return whether another process has clearly fewer."""
        least = min(self._counts)
        return connections > least + least // 16


class Door:
    """Accepts what comes in at ``listeners`` and has ``enter`` called with it.

    ``full`` tells that there is no place, ``connections`` how many there are; ``seats`` are those
    of all processes, and ``number`` is which of them this one is.
    """

    def __init__(
        self,
        enter: Callable[[socket.socket, Any], None],
        full: Callable[[], bool],
        connections: Callable[[], int],
        seats: Seats | None = None,
        number: int = 0,
    ) -> None:
        self._enter = enter
        self._full = full
        self._connections = connections
        self._seats = seats or Seats(1)
        self._number = number
        self._listeners: list[socket.socket] = []
        self._pause: asyncio.TimerHandle | None = None
        self._waited = False
        self._told = False

    def open(self, listeners: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        self._listeners.extend(listeners)
        self._seats.take(self._number, self._connections())
        self._watch()

    def close(self) -> None:
        """Accept no more, and close the listeners."""
        self._stop_watching()
        self._seats.leave(self._number)
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def count(self) -> None:
        """Tell the other processes how many there are here."""
        if self._listeners:
            self._seats.take(self._number, self._connections())

    def _watch(self) -> None:
        self._stop_watching()
        for listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _stop_watching(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)

    def _wait(self, seconds: float) -> None:
        self._stop_watching()
        self._pause = asyncio.get_running_loop().call_later(seconds, self._watch)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            if self._full():
                self._tell("there is no place for more than %d connections", self._connections())
                self._wait(_FULL)
                return
            if self._seats.is_ahead(self._connections()) and not self._waited:
                self._waited = True
                self._wait(_AFTER_YOU)
                return
            self._waited = False
            if not self._accept_one(listener):
                return

    def _accept_one(self, listener: socket.socket) -> bool:
        """Return whether another one may be waiting."""
        try:
            connection, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._tell("no connection can be accepted: %s", error.strerror)
            self._wait(_NO_DESCRIPTORS)
            return False
        self._enter(connection, address)
        self.count()
        return True

    def _tell(self, message: str, *arguments: object) -> None:
        """Say it once, until it has been better for a minute."""
        if not self._told:
            self._told = True
            _log.warning(message, *arguments)
            asyncio.get_running_loop().call_later(60, self._forget)

    def _forget(self) -> None:
        self._told = False
