"""Serving: what a request may cost, and a stop that drops nothing.

Rule 1: SIGTERM and SIGINT stop accepting; what is in flight is answered and committed, for ten
seconds at most, then accounts and store are closed. A second signal ends the process at once.
Rule 2: a request whose client has left is in flight all the same, and is finished.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import NamedTuple

from tornado.web import Application

from ..settings import Settings
from .door import Seats
from .server import Server

#: Seconds.
_PATIENCE = 10.0

_LIMITS = {
    "max_header_size": 64 * 1024,
    "max_body_size": 1024 * 1024,
    "body_timeout": 30,
    "idle_connection_timeout": 75,  # longer than proxies keep theirs (nginx: 60)
}

#: New objects before a look at them, such looks before one at those that stayed, and so on.
_GARBAGE = (20_000, 50, 100)

#: What must answer, however many people are there, but for one that asks all the time.
_APART = frozenset({"/health"})


class Worker(NamedTuple):
    """One of several processes on a port.

    ``parent`` is a pipe that closes when the parent ends, ``number`` the worker's among ``seats``,
    ``before`` the process whose work it takes over, to be told to stop.
    """

    parent: int
    seats: Seats
    number: int
    before: int | None = None


async def serve(
    opening: AbstractAsyncContextManager[Application],
    listeners: list[socket.socket],
    settings: Settings,
    https: ssl.SSLContext | None,
    worker: Worker | None = None,
) -> None:
    """Serve the application that ``opening`` opens until a signal says stop, then as the rules say.

    A worker stops as well when its parent ends; SIGINT, which a terminal sends to all of a group,
    is then the parent's business.
    """
    stop = asyncio.Event()
    _spare_the_collector()
    _stop_at_signal(stop, [signal.SIGTERM, *([signal.SIGINT] if worker is None else [])])
    if worker is not None:
        _stop_at_end_of(worker.parent, stop)
    async with opening as application:
        lasting = asyncio.all_tasks()
        server = Server(
            application,
            ssl_options=https,
            trust_proxy=settings.trust_proxy,
            apart=_APART,
            seats=worker.seats if worker else None,
            number=worker.number if worker else 0,
            **_LIMITS,
        )
        server.add_sockets(listeners)
        if worker and worker.before is not None:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(worker.before, signal.SIGTERM)
        await stop.wait()
        until = time.monotonic() + _PATIENCE
        await server.drain(listeners, until)
        # Requests whose client has left: what they have begun is still committed.
        if unfinished := asyncio.all_tasks() - lasting:
            await asyncio.wait(unfinished, timeout=max(0, until - time.monotonic()))


def _spare_the_collector() -> None:
    """Have the garbage collector look less often, and not at what stays for good.

    What a request leaves is gone by its count of references, but for a few cycles. With a thousand
    connections open, looking through all that lives took a third of the processor.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _stop_at_signal(stop: asyncio.Event, signals: Iterable[signal.Signals]) -> None:
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)  # the second one ends the process at once

    for number in signals:
        loop.add_signal_handler(number, first)


def _stop_at_end_of(parent: int, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def closed() -> None:
        loop.remove_reader(parent)
        os.close(parent)
        stop.set()

    loop.add_reader(parent, closed)
