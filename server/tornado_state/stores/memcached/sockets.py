"""What pymemcache takes for the `socket` module while a connection is made."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any


class Sockets:
    """Stands in for the `socket` module: remembers connections, to shut them at the deadline."""

    def __init__(self) -> None:
        self.addresses: list[Any] = []
        self._made: list[socket.socket] = []
        self._shut = False

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def socket(self, family: int, kind: int, proto: int = 0) -> socket.socket:
        """Return a new socket, as `socket.socket` does."""
        made = socket.socket(family, kind, proto)
        try:
            # A second descriptor of the same: what is wrapped in TLS gives up the first.
            self._made.append(made.dup())
        except OSError:
            made.close()
            raise
        if self._shut:
            self.shut()
        return made

    def getaddrinfo(self, *_: Any) -> list[Any]:
        """Return the one address that is being tried."""
        return self.addresses

    def shut(self) -> None:
        """End whatever waits for one of the sockets."""
        self._shut = True
        for made in self._made:
            with suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Let go of the connections: they are somebody's now, or closed."""
        made, self._made = self._made, []
        for each in made:
            each.close()
