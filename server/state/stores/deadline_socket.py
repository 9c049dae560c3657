"""Sockets that keep one deadline over a whole operation.

Rule 1: a socket's own time-out starts anew with every call, so a peer that sends a byte a second is
never late. Here the deadline is an instant of `time.monotonic`, the same for every call until the
next operation sets another; whatever would go past it raises `TimeoutError`.
Rule 2: an idle connection is looked at before it is used again. What the peer closed, or sent
unasked, meanwhile would otherwise be found out by the next command, or be taken for its answer.
"""

from __future__ import annotations

import select
import socket
import time
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: pymemcache asks for 4,096 bytes at a time; more a call saves calls on the answer to a batch.
_READ_SIZE = 16_384


class DeadlineSockets:
    """Stands in for the `socket` module; every socket it makes keeps ``deadline``."""

    def __init__(self) -> None:
        self.deadline = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def socket(self, family: int, kind: int, proto: int = 0) -> DeadlineSocket:
        """Return a new socket, as `socket.socket` does."""
        return DeadlineSocket(self, family, kind, proto)

    def getaddrinfo(self, *args: Any) -> list[Any]:
        """Return the addresses with IPv4 first.

        pymemcache connects to the first one only, and a memcached on this machine usually listens
        on 127.0.0.1 alone while ``localhost`` means ::1 as well.
        """
        return sorted(socket.getaddrinfo(*args), key=lambda info: info[0] != socket.AF_INET)


class DeadlineSocket(socket.socket):
    """A non-blocking socket whose `connect`, `recv` and `sendall` wait until ``sockets.deadline``.

    It waits by itself because `socket.settimeout` costs a system call each time it is set.
    """

    def __init__(self, sockets: DeadlineSockets, family: int, kind: int, proto: int) -> None:
        super().__init__(family, kind, proto)
        self._sockets = sockets
        self._poll = select.poll()
        self._poll.register(self, 0)

    def settimeout(self, value: float | None) -> None:
        """Ignore the time-out of one call: the deadline is in charge."""

    def connect(self, address: Any) -> None:
        """Connect before the deadline."""
        super().settimeout(self._remaining())
        super().connect(address)
        super().settimeout(0)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what has come, at least ``size`` bytes of it if so much has; b"" at the end."""
        self._wait(select.POLLIN)
        return super().recv(max(size, _READ_SIZE), flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send everything before the deadline."""
        unsent = memoryview(data)
        while unsent:
            self._wait(select.POLLOUT)
            unsent = unsent[super().send(unsent, flags) :]

    def is_fresh(self) -> bool:
        """Return whether the peer is still there and has sent nothing unasked."""
        try:
            super().recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _remaining(self) -> float:
        remaining = self._sockets.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        return remaining

    def _wait(self, event: int) -> None:
        self._poll.modify(self, event)
        if not self._poll.poll(ceil(self._remaining() * 1000)):
            raise TimeoutError("the deadline has passed")
