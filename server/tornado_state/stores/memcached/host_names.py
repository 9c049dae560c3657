"""The addresses of hosts, by name, without holding up anybody.

Rule 1: the system's look-up blocks, for many seconds while no name server answers, and cannot be
stopped. So it has a thread of its own that nobody waits for: neither the event loop's own threads,
which others need, nor the end of the process.
Rule 2: there is one look-up at a time. Whoever asks anew meanwhile waits for the same one, so the
threads cannot pile up.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

_KIND = {"family": socket.AF_UNSPEC, "type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}


class HostName:
    """A host and port to connect to. For one event loop."""

    def __init__(self) -> None:
        self._under_way: asyncio.Future[list[Any]] | None = None

    async def addresses(self, host: str, port: int) -> list[Any]:
        """Return what `socket.getaddrinfo` returns, or raise its `OSError`."""
        with suppress(socket.gaierror, UnicodeError):
            # An address that is one already needs no look-up.
            return socket.getaddrinfo(host, port, **_KIND, flags=socket.AI_NUMERICHOST)
        if self._under_way is None or self._under_way.done():
            self._under_way = _look_up(host, port)
        return await asyncio.shield(self._under_way)


def _look_up(host: str, port: int) -> asyncio.Future[list[Any]]:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Any]] = loop.create_future()
    found.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(outcome: list[Any] | OSError) -> None:
        if isinstance(outcome, OSError):
            found.set_exception(outcome)
        else:
            found.set_result(outcome)

    def work() -> None:
        outcome: list[Any] | OSError
        try:
            outcome = socket.getaddrinfo(host, port, **_KIND)
        except OSError as error:
            outcome = error
        except UnicodeError:  # a label that is empty, say, or too long
            outcome = OSError("this can be no host's name")
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, name=f"look-up of {host}", daemon=True).start()
    return found
