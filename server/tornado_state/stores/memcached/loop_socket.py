"""Sockets that wait on the event loop, in the shape that pymemcache expects of the `socket` module.

Rule 1: nothing here blocks. Who may wait, and how long, is decided where the command is run.
Rule 2: an idle connection is looked at before it is used again. What the peer closed, or sent
unasked, meanwhile would otherwise be found out by the next command, or be taken for its answer.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from .bridge import wait_for
from .host_names import HostName

#: pymemcache asks for 4,096 bytes at a time; more a call saves calls on the answer to a batch.
_READ_SIZE = 65_536


class LoopSockets:
    """Stands in for the `socket` module, for one connection."""

    def __init__(self) -> None:
        self._name = HostName()

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def socket(self, family: int, kind: int, proto: int = 0) -> LoopSocket:
        """Return a new socket, as `socket.socket` does."""
        return LoopSocket(socket.socket(family, kind, proto))

    def getaddrinfo(self, host: str, port: int, *_kind: int) -> list[Any]:
        """Return the addresses with IPv4 first.

        pymemcache connects to the first one only, and a memcached on this machine usually listens
        on 127.0.0.1 alone while ``localhost`` means ::1 as well.
        """
        found = wait_for(self._name.addresses(host, port))
        return sorted(found, key=lambda info: info[0] != socket.AF_INET)


class LoopSocket:
    """What pymemcache uses of a socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    def setsockopt(self, *args: Any) -> None:
        """As `socket.socket.setsockopt`."""
        self._socket.setsockopt(*args)

    def settimeout(self, value: float | None) -> None:
        """Ignore the time-out of one call: the deadline of the whole command is in charge."""

    def connect(self, address: Any) -> None:
        """Connect; given up, it is closed, because nobody else knows of it yet."""
        connected = False
        try:
            wait_for(self._loop.sock_connect(self._socket, address))
            connected = True
        finally:
            if not connected:
                self.close()

    def sendall(self, data: bytes) -> None:
        """Send everything; what the kernel takes at once, at once."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            wait_for(self._loop.sock_sendall(self._socket, memoryview(data)[sent:]))

    def recv(self, size: int) -> bytes:
        """Return what has come, at least ``size`` bytes of it if so much has; b"" at the end."""
        return wait_for(self._loop.sock_recv(self._socket, max(size, _READ_SIZE)))

    def is_fresh(self) -> bool:
        """Return whether the peer is still there and has sent nothing unasked."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it."""
        self._socket.close()
