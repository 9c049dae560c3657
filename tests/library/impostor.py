"""Something on a port that is not a healthy memcached, for faults no real one can be put to.

Nothing is left behind: leaving the ``with`` block closes every connection and ends every thread.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from types import TracebackType
from typing import Self

#: Serves one connection until it returns or the connection ends.
Behaviour = Callable[[socket.socket], None]


class Impostor:
    """Serves each connection to ``address`` by ``behaviour``, in a thread of its own."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.connections: list[socket.socket] = []
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for open_socket in (self._listener, *self.connections):
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for open_socket in (self._listener, *self.connections):
            open_socket.close()

    def _run(self, function: Callable[[], None]) -> None:
        thread = threading.Thread(target=function, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections.append(connection)
                self._run(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self._behaviour(connection)
            connection.shutdown(socket.SHUT_RDWR)


def always(reply: bytes) -> Behaviour:
    """Answer whatever comes with ``reply``."""

    def behave(connection: socket.socket) -> None:
        while connection.recv(65_536):
            connection.sendall(reply)

    return behave


def dripping(letter: bytes) -> Behaviour:
    """Answer with one byte at a time, for ever."""

    def behave(connection: socket.socket) -> None:
        ended = threading.Event()
        while connection.recv(65_536):
            while not ended.wait(0.02):
                connection.sendall(letter)

    return behave


def greeted(
    exchange: Callable[[bytes], bytes | None], *, version: bytes = b"1.6.18", miss: bytes = b"EN O1"
) -> Behaviour:
    """Say what memcached says at first, and to each exchange what ``exchange`` makes of it.

    None ends the connection. ``{O}`` in what it says is the number that came with the command.
    """

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if command == b"version\r\n":
                connection.sendall(b"VERSION " + version + b"\r\n")
            elif not command.endswith(b"mn\r\n"):
                connection.sendall(miss + b"\r\n")
            elif (reply := exchange(command)) is None:
                return
            else:
                number = re.search(rb"(?<= )O\d+(?=[ \r])", command)
                connection.sendall(reply.replace(b"{O}", number[0] if number else b""))

    return behave


#: How a connection to Redis begins, and how an exchange over it ends.
REDIS_BEGINS, REDIS_ENDS = b"PING\r\n$43\r\n", b"*2\r\n$4\r\nPING\r\n"


def redis_end(command: bytes) -> bytes:
    """Return what ends the answer to ``command`` as Redis ends it."""
    _, ends, rest = command.rpartition(REDIS_ENDS)
    return rest if ends else b""


class CuttingProxy:
    """Passes everything to the memcached at ``path`` and back, but for one answer.

    Instead of the answer to a command that begins with ``cut`` it ends the connection, once, after
    calling ``meanwhile``. Without ``carries_out`` memcached never gets that command.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.cut: bytes | None = None
        self.carries_out = True
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as memcached:
            memcached.connect(self._path)
            while command := connection.recv(65_536):
                is_cut = self.cut is not None and command.startswith(self.cut)
                if self.carries_out or not is_cut:
                    memcached.sendall(command)
                    answer = memcached.recv(65_536)
                if is_cut:
                    self.cut = None
                    self.meanwhile()
                    return
                connection.sendall(answer)


class RoundRobin:
    """Leads each connection to the next of several memcached."""

    def __init__(self, *paths: str) -> None:
        self._proxies = cycle([CuttingProxy(path) for path in paths])

    def __call__(self, connection: socket.socket) -> None:
        next(self._proxies)(connection)
