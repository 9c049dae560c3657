"""Serving: where to listen, what a request may cost, and a stop that drops nothing.

Rule 1: whatever can be refused - a port in use, a certificate that cannot be read - is refused
before anything else is started.
Rule 2: SIGTERM and SIGINT stop accepting; what is in flight is answered and committed, for ten
seconds at most, then accounts and store are closed. A second signal ends the process at once.
Rule 3: a connection that waits for its next request is not closed at once: that request may be on
its way. It is given half a second, and what comes is answered with ``Connection: close``.
Rule 4: a request whose client has left is in flight all the same, and is finished.
Rule 5: ``X-Forwarded-*`` is believed from loopback only, and only when asked to. Tornado's
``xheaders`` alone would believe it from anybody.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from ..settings import Settings, is_loopback
from ..start_error import StartError

#: Seconds.
_PATIENCE = 10.0
_LINGER = 0.5

_BACKLOG = 1024

_LIMITS = {
    "max_header_size": 64 * 1024,
    "max_body_size": 1024 * 1024,
    "body_timeout": 30,
    "idle_connection_timeout": 75,  # longer than proxies keep theirs (nginx: 60)
}


def bind_listeners(settings: Settings) -> list[socket.socket]:
    """Return the listening sockets; `StartError` when the port cannot be had."""
    try:
        return bind_sockets(settings.port, settings.address, backlog=_BACKLOG)
    except OSError as error:
        where = f"{settings.address} port {settings.port}"
        raise StartError(f"cannot listen on {where}: {error.strerror}") from error


def https_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what https needs, None for plain http; `StartError` for an unusable certificate."""
    if settings.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A password is never asked for: nobody may be there to answer.
        context.load_cert_chain(settings.certfile, settings.keyfile, password="")
    except (OSError, ValueError) as error:
        raise _unusable(settings, error) from error
    return context


def _unusable(settings: Settings, error: Exception) -> StartError:
    """Return which of the two files is to blame, where that can be told."""
    files = {"--certfile": settings.certfile, "--keyfile": settings.keyfile}
    for option, path in files.items():
        try:
            Path(str(path)).read_bytes()
        except OSError as unreadable:
            return StartError(f"{option}: {path}: {unreadable.strerror}")
    told = ", ".join(f"{option}: {path}" for option, path in files.items())
    why = getattr(error, "reason", None) or str(error)
    return StartError(f"{told}: no certificate and its key without a password, in PEM ({why})")


class Server(HTTPServer):
    """An HTTP server that knows which of its connections are at work. See the module's rules."""

    def initialize(self, *args: Any, trust_proxy: bool = False, **kwargs: Any) -> None:
        """Take `HTTPServer`'s arguments, and whether to believe a proxy on this machine."""
        super().initialize(*args, **kwargs)
        self._trust_proxy = trust_proxy
        self._busy: set[object] = set()
        #: Since when each other connection waits for a request.
        self._idle: dict[Any, float] = {}
        self._changed = asyncio.Event()

    def start_request(
        self, server_conn: object, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """Wait for a connection's next request; the one before is answered."""
        self._busy.discard(server_conn)
        self._idle[server_conn] = time.monotonic()
        self._changed.set()
        if self._trust_proxy:
            peer = request_conn.context.remote_ip  # type: ignore[attr-defined]
            self.xheaders = is_loopback(peer)  # read by the call below
        delegate = super().start_request(server_conn, request_conn)
        return _Noticed(delegate, lambda: self._begin(server_conn))

    def on_close(self, server_conn: object) -> None:
        """Forget the connection."""
        self._busy.discard(server_conn)
        self._idle.pop(server_conn, None)
        self._changed.set()
        super().on_close(server_conn)

    async def drain(self, listeners: Iterable[socket.socket], until: float) -> None:
        """Stop accepting and answer what is in flight; what is left at ``until`` is dropped."""
        await _accept_waiting(listeners)
        self.stop()
        self.conn_params.no_keep_alive = True
        stopped = now = time.monotonic()
        while (self._busy or self._idle) and now < until:
            for connection, since in tuple(self._idle.items()):
                if now - max(since, stopped) >= _LINGER:
                    await connection.close()
            self._changed.clear()
            if self._busy or self._idle:
                await _wait(self._changed.wait(), min(until - now, _LINGER))
            now = time.monotonic()
        await self.close_all_connections()

    def _begin(self, server_conn: object) -> None:
        self._idle.pop(server_conn, None)
        self._busy.add(server_conn)


class _Noticed(httputil.HTTPMessageDelegate):
    """Passes a request on, and says when it has begun."""

    def __init__(self, delegate: httputil.HTTPMessageDelegate, begin: Callable[[], None]) -> None:
        self._delegate = delegate
        self._begin = begin

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        self._begin()
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


async def serve(
    opening: AbstractAsyncContextManager[Application],
    listeners: list[socket.socket],
    settings: Settings,
    https: ssl.SSLContext | None,
    parent: int | None = None,
) -> None:
    """Serve the application that ``opening`` opens until a signal says stop, then as the rules say.

    A worker is given ``parent``, a pipe that closes when its parent ends, which stops it as well;
    SIGINT, which a terminal sends to all of a group, is then the parent's business.
    """
    stop = asyncio.Event()
    _stop_at_signal(stop, [signal.SIGTERM, *([signal.SIGINT] if parent is None else [])])
    if parent is not None:
        _stop_at_end_of(parent, stop)
    async with opening as application:
        lasting = asyncio.all_tasks()
        server = Server(application, ssl_options=https, trust_proxy=settings.trust_proxy, **_LIMITS)
        server.add_sockets(listeners)
        await stop.wait()
        until = time.monotonic() + _PATIENCE
        await server.drain(listeners, until)
        # Requests whose client has left: what they have begun is still committed.
        if unfinished := asyncio.all_tasks() - lasting:
            await asyncio.wait(unfinished, timeout=max(0, until - time.monotonic()))


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


async def _accept_waiting(listeners: Iterable[socket.socket]) -> None:
    """Let the loop accept who has connected already; closing the listener would reset them."""
    waiting = select.poll()
    for listener in listeners:
        waiting.register(listener, select.POLLIN)
    for _ in range(100):  # others may go on connecting for ever
        if not waiting.poll(0):
            return
        await asyncio.sleep(0)


async def _wait(event: Awaitable[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(event, seconds)
    except TimeoutError:
        return
