"""Connections: those that say nothing keep nobody out, and no network has them all."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import pytest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from compare.app_process import AppProcess
from compare.waiting import PATIENCE, wait_until
from server.operation.connections import Connections
from server.operation.descriptors import room_for_connections
from server.operation.server import Server

REQUEST = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


class Stream:
    """A connection that remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def crowd_of(most: int, *networks: str | None) -> tuple[Connections, list[Stream]]:
    """Return connections from there, which came a second after each other and say nothing."""
    crowd, streams = Connections(most), [Stream() for _ in networks]
    for number, (stream, network) in enumerate(zip(streams, networks, strict=True)):
        crowd.add(stream, network, number)
        crowd.waits(stream, number)
    return crowd, streams


def test_whoever_has_been_silent_longest_goes_first() -> None:
    """Whatever it has begun to say; whoever is being answered stays."""
    crowd, (answered, silent, begun, last) = crowd_of(4, "a", "b", "c", "d")
    crowd.begins(answered, 4)
    crowd.works(answered)
    crowd.begins(begun, 5)
    for newcomer, closed in zip("efg", (silent, last, begun), strict=True):
        assert not crowd.is_full(6)
        assert crowd.make_room(newcomer, 6)
        assert closed.closed
        crowd.add(stream := Stream(), newcomer, 6)
        crowd.works(stream)
    assert crowd.is_full(60)
    assert not crowd.make_room("h", 60)
    assert not answered.closed


def test_who_has_come_just_now_is_given_time_to_speak() -> None:
    """So a crowd that comes at once does not throw itself out."""
    crowd, (first, _) = crowd_of(2, "a", "b")
    crowd.waits(first, 2)
    assert crowd.is_full(1.1)
    assert not crowd.make_room("c", 1.1)
    assert not crowd.is_full(2)


def test_a_network_has_its_share() -> None:
    """A newcomer beyond it takes the place of one from there, or gets none."""
    crowd, (ann, one, other) = crowd_of(8, "ann", "crowd", "crowd")
    assert crowd.make_room("crowd", 9)
    assert (ann.closed, one.closed, other.closed) == (False, True, False)
    crowd.add(busy := Stream(), "crowd", 5)
    for stream in (busy, other):
        crowd.begins(stream, 6)
        crowd.works(stream)
    assert not crowd.make_room("crowd", 9)
    assert crowd.make_room("ann", 9)
    assert not crowd.is_full(9)
    crowd.remove(busy)
    assert crowd.make_room("crowd", 9)


def test_a_proxy_has_all_there_is() -> None:
    """Its connections are many people's."""
    crowd, _ = crowd_of(8, *[None] * 7)
    assert crowd.make_room(None, 9)
    assert len(crowd) == 7


def test_who_never_asks_anything_is_sent_away() -> None:
    """And who has asked once may stay for the next time."""
    crowd, (mute, asked, young) = crowd_of(8, "a", "a", "a")
    crowd.begins(asked, 1)
    crowd.waits(asked, 1)
    crowd.end_mute(before=2)
    assert [stream.closed for stream in (mute, asked, young)] == [True, False, False]
    assert list(crowd.idle) == [young, asked]


def test_who_takes_no_answer_is_silent_and_is_sent_away() -> None:
    """From when the answer has begun; who has taken it may ask again."""
    crowd, (unread, taken, young) = crowd_of(8, "a", "b", "c")
    for number, stream in enumerate((unread, taken, young), 3):
        crowd.begins(stream, number)
        crowd.works(stream)
        crowd.answers(stream, number)
    assert not crowd.is_full(9)
    crowd.waits(taken, 6)
    crowd.end_unread(before=5)
    assert [stream.closed for stream in (unread, taken, young)] == [True, False, False]
    crowd.answers(unread, 7)
    assert len(crowd) == 2


class Slow(RequestHandler):
    """Answers when it is let."""

    async def get(self) -> None:
        self.settings["begun"].release()
        await self.settings["let"].wait()


@asynccontextmanager
async def slow_server(most: int) -> AsyncIterator[tuple[Server, socket.socket, int]]:
    application = Application([("/health", Slow)], begun=asyncio.Semaphore(0), let=asyncio.Event())
    listener, port = bind_unused_port()
    server = Server(application, most=most)
    try:
        yield server, listener, port
    finally:
        application.settings["let"].set()
        await server.drain([listener], until=0)


async def ask(
    port: int, host: int = 1, times: int = 1
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask from an address of one's own; several times in one go."""
    streams = await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.0.{host}", 0))
    streams[1].write(REQUEST * times)
    return streams


async def test_who_comes_while_all_are_being_answered_waits_outside() -> None:
    """Nobody is turned away, and the next one is let in as soon as there is a place."""
    async with slow_server(most=2) as (server, listener, port):
        server.add_socket(listener)
        settings = server.request_callback.settings
        asked = [await ask(port, host) for host in (1, 2, 3)]
        for _ in range(2):
            await settings["begun"].acquire()
        assert settings["begun"].locked()
        settings["let"].set()
        for reader, writer in asked:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
            await writer.wait_closed()


async def test_of_who_has_left_no_further_request_is_begun() -> None:
    """Whatever was sent with the one that is worked at: it would keep the server busy for long."""
    async with slow_server(most=8) as (server, listener, port):
        server.add_socket(listener)
        settings = server.request_callback.settings
        _, writer = await ask(port, times=20)
        await settings["begun"].acquire()
        # Reset: what is written to it fails, where a client that only sends no more is answered.
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        settings["let"].set()
        reader, writer = await ask(port, host=2)
        await settings["begun"].acquire()
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert settings["begun"].locked()
        writer.close()
        await writer.wait_closed()


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Have none for as long as the block lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(lowest := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_descriptors_the_door_is_tried_again_and_one_line_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever waits outside is answered when there are some again."""
    async with slow_server(most=8) as (server, listener, port):
        server.request_callback.settings["let"].set()
        reader, writer = await ask(port)
        with no_descriptor_left():
            server.add_socket(listener)
            for _ in range(100):
                await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()
    assert caplog.text.count("no connection can be accepted") == 1
    assert "Traceback" not in caplog.text


def test_there_is_room_for_fewer_connections_than_descriptors() -> None:
    """Store, database and files need some as well."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert room_for_connections() == 192
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class PoorProcess(AppProcess):
    """An application that may have 256 descriptors, and has asked for 64."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        self._command[:0] = ["/bin/sh", "-c", 'ulimit -Sn 64; ulimit -Hn 256; exec "$@"', "sh"]


def connect(url: str, host: int) -> socket.socket:
    """Connect from an address of one's own."""
    parts = urlsplit(url)
    where = parts.hostname or "", parts.port or 0
    return socket.create_connection(where, PATIENCE, (f"127.0.0.{host}", 0))


def answers(connection: socket.socket) -> bool:
    connection.sendall(REQUEST)
    return connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_silent_connections_keep_nobody_out() -> None:
    """More of them than there are descriptors: people are served, and the log is short."""
    with PoorProcess("server.cookie_app", "--dev") as app, ExitStack() as crowd:
        limits = resource.prlimit(app.process.pid, resource.RLIMIT_NOFILE)
        ann = crowd.enter_context(connect(app.url, 99))
        assert answers(ann)
        for _ in range(200):  # one address: it takes its own places
            crowd.enter_context(connect(app.url, 1))
        wait_until(lambda: answers(crowd.enter_context(connect(app.url, 98))), "a newcomer")
        assert answers(ann)
        for number in range(200):  # many addresses: whoever is silent makes room
            crowd.enter_context(connect(app.url, 2 + number % 8))
        assert answers(crowd.enter_context(connect(app.url, 97)))
        assert limits == (256, 256)
        assert len(app.stderr.splitlines()) < 40
