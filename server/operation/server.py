"""An HTTP server that knows its connections, and works at no more requests than it can.

Rule 1: a connection that waits for its next request is not closed at once when the server stops:
that request may be on its way. It is given half a second, and what comes is answered with
``Connection: close``.
Rule 2: who comes and sends no whole headers in ten seconds is sent away, and so is who has not
taken an answer in thirty.
Rule 3: a request is worked at until its answer begins. However slowly that is read, it keeps nobody
waiting (:mod:`.line`).
Rule 4: of who has left, no further request is begun.
Rule 5: a network is all of IPv6 that a customer may have been given, or four of his 65,536 smaller
ones would have every place.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import time
from collections.abc import Awaitable, Iterable
from contextlib import nullcontext
from typing import Any

from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.iostream import IOStream
from tornado_state.networks import SITE, is_loopback, network_of

from .answering import Answering
from .connections import Connections
from .descriptors import room_for_connections
from .door import Door, Seats
from .forwarded import as_forwarded
from .line import Line
from .refusal import refuse

#: Seconds.
_LINGER = 0.5
_MUTE = 10.0
_UNREAD = 30.0
_SWEEP = 0.5
_TELL_EVERY = 10.0

_log = logging.getLogger(__name__)


class Server(HTTPServer):
    """See the module's rules.

    ``trust_proxy``  whether to believe a proxy on this machine
    ``most``         how many connections there may be; as many as there are descriptors for
    ``line``         where requests wait
    ``apart``        paths that cost nothing, and wait for nobody but a crowd of one's network
    ``seats``        those of all processes on the port, and which ``number`` this one has
    """

    def initialize(
        self,
        *args: Any,
        trust_proxy: bool = False,
        most: int | None = None,
        line: Line | None = None,
        apart: frozenset[str] = frozenset(),
        seats: Seats | None = None,
        number: int = 0,
        **kwargs: Any,
    ) -> None:
        """Take `HTTPServer`'s arguments and the class's."""
        super().initialize(*args, **kwargs)
        self._trust_proxy = trust_proxy
        self._crowd = Connections(room_for_connections() if most is None else most)
        self._line = line or Line()
        self._apart = apart
        self._door = Door(
            self._enter,
            lambda: self._crowd.is_full(time.monotonic()),
            lambda: len(self._crowd),
            seats,
            number,
        )
        self._sweeping = PeriodicCallback(self._sweep, 1000 * _SWEEP)
        self._changed = asyncio.Event()
        self._refused, self._silent_until = 0, 0.0
        self._told_of_proxy = False

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        self._door.open(sockets)
        self._sweeping.start()

    def stop(self) -> None:
        """Accept no more."""
        self._door.close()
        self._sweeping.stop()

    # What becomes of a connection

    def _enter(self, connection: socket.socket, address: Any) -> None:
        if self._crowd.make_room(self._network(address[0]), time.monotonic()):
            self._handle_connection(connection, address)
        else:
            connection.close()

    def _network(self, peer: str) -> str | None:
        return None if self._trust_proxy and is_loopback(peer) else network_of(peer, SITE)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Take note of a new connection."""
        self._crowd.add(stream, self._network(address[0]), time.monotonic())
        super().handle_stream(stream, address)

    def start_request(
        self, server_conn: Any, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """Wait for a connection's next request; the one before is answered."""
        now = time.monotonic()
        self._line.leave(server_conn.stream, now)
        self._crowd.waits(server_conn.stream, now)
        self._changed.set()
        connection = Answering(request_conn, lambda: self._answers(server_conn.stream))
        delegate = super().start_request(server_conn, connection)
        return _Request(self, delegate, connection, server_conn)

    def _answers(self, stream: IOStream) -> None:
        now = time.monotonic()
        self._line.leave(stream, now)
        self._crowd.answers(stream, now)

    def on_close(self, server_conn: Any) -> None:
        """Forget the connection."""
        self._line.leave(server_conn.stream, time.monotonic())
        self._crowd.remove(server_conn.stream)
        self._door.count()
        self._changed.set()
        super().on_close(server_conn)

    def _sweep(self) -> None:
        now = time.monotonic()
        self._crowd.end_mute(now - _MUTE)
        self._crowd.end_unread(now - _UNREAD)
        self._line.refuse_late(now)
        if self._refused and now >= self._silent_until:
            _log.warning("%d requests were refused: too many at once", self._refused)
            self._refused, self._silent_until = 0, now + _TELL_EVERY

    def _tell_of_proxy(self) -> None:
        if self._trust_proxy and not self._told_of_proxy:
            self._told_of_proxy = True
            _log.warning(
                "a request came without X-Forwarded-For: if the proxy in front does not send it, "
                "no limit of an address or a network holds"
            )

    # Stopping

    async def drain(self, listeners: Iterable[socket.socket], until: float) -> None:
        """Stop accepting and answer what is in flight; what is left at ``until`` is dropped."""
        await _accept_waiting(listeners)
        self._door.close()
        self.conn_params.no_keep_alive = True
        stopped = now = time.monotonic()
        while len(self._crowd) and now < until:
            for stream, since in tuple(self._crowd.idle.items()):
                if now - max(since, stopped) >= _LINGER:
                    stream.close()
            self._changed.clear()
            await _wait(self._changed.wait(), min(until - now, _LINGER))
            now = time.monotonic()
        self._sweeping.stop()
        await self.close_all_connections()


class _Request(httputil.HTTPMessageDelegate):
    """A request on its way from the connection to the application, by way of the line."""

    def __init__(
        self,
        server: Server,
        delegate: httputil.HTTPMessageDelegate,
        connection: Answering,
        server_conn: Any,
    ) -> None:
        self._server = server
        self._delegate = delegate
        self._connection = connection
        self._context = server_conn.context
        self._stream = server_conn.stream

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        if self._stream.closed():
            self._connection.detach()  # Tornado would go on with whatever it has read
            return None
        self._server._crowd.begins(self._stream, time.monotonic())
        assert isinstance(start_line, httputil.RequestStartLine)
        self._start_line, self._headers = start_line, headers
        proxied = self._server._trust_proxy
        with as_forwarded(self._context, headers) if proxied else nullcontext():
            self._protocol = self._context.protocol
            remote = self._context.remote_ip
            self._network = None if is_loopback(remote) else network_of(remote, SITE)
            return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._server._crowd.works(self._stream)
        line, network = self._server._line, self._network
        if self._start_line.path in self._server._apart and line.may_begin(network):
            line.begins(network)
            self._delegate.finish()
            return
        if network is None:
            self._server._tell_of_proxy()
        line.enter(self._stream, self._delegate.finish, self._refuse, time.monotonic(), network)

    def _refuse(self) -> None:
        self._server._refused += 1
        refuse(self._connection, self._start_line.method, self._headers, self._protocol)

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


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
