"""Sockets and streams that end with the session they were opened in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.websocket import websocket_connect
from tornado_state import (
    Kind,
    StateApplication,
    StateHandler,
    StateWebSocketHandler,
    StoreUnavailable,
)
from tornado_state.sessions.session import Session
from tornado_state.stores import MemoryStore, SessionRecord
from tornado_state.testing import CookieJar, sign_in

USER = Kind("user", str, identity=True, confidential=True, revocable=True, idle_timeout=True)
THEME = Kind("theme", str, default="light", outage_proof=True, outlives_logout=True)


class Do(StateHandler):
    """Does to the session what its path says."""

    user = USER

    async def post(self, what: str) -> None:
        match what:
            case "sign-out":
                self.state.destroy()
            case "renew":
                self.state.renew_id()
            case "sign-in":
                self.state.sign_in("ann")
            case "end":
                await self.state.end([str(self.state.store_key)])


class Socket(StateWebSocketHandler):
    user = USER

    def open(self, *args: str, **kwargs: str) -> None:
        self.write_message("open")

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


class Lasting(Socket):
    keeps_session_alive = True


class Stateless(StateWebSocketHandler):
    """Has kinds, and none in a session."""

    theme = THEME

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


class WithoutKinds(StateWebSocketHandler):
    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


class Stream(StateHandler):
    user = USER

    async def get(self) -> None:
        over = asyncio.Event()
        with self.state.when_ended(over.set):
            self.write("begun ")
            await self.flush()
            await over.wait()
        self.write("over")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Store(MemoryStore):
    """A store in memory that counts what it is asked, and can be away."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.loads = 0
        self.at_once = 0
        self.most_at_once = 0
        self.away = False

    async def load(self, key: str) -> SessionRecord | None:
        if self.away:
            raise StoreUnavailable("it is away")
        self.loads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return await super().load(key)


class Process:
    """An application that listens, as a process of its own would."""

    def __init__(self, store: Store, clock: Clock, look_every: int) -> None:
        self.app = StateApplication(
            [
                ("/do/(.*)", Do),
                ("/socket", Socket),
                ("/lasting", Lasting),
                ("/stateless", Stateless),
                ("/plain", WithoutKinds),
                ("/stream", Stream),
            ],
            cookie_secret="0123456789abcdef" * 2,
            session_store=store,
            cookie_secure=False,
            state_clock=clock,
            session_look_every=look_every,
        )
        assert self.app.composition.sessions is not None
        self.watches = self.app.composition.sessions.watches
        listener, self.port = bind_unused_port()
        self.server = HTTPServer(self.app)
        self.server.add_socket(listener)

    async def close(self) -> None:
        self.server.stop()
        await self.server.close_all_connections()


class World:
    """Two processes on one store, and a visitor who is signed in."""

    def __init__(self, look_every: int) -> None:
        self.clock = Clock()
        self.store = Store(self.clock)
        self.here, self.there = (Process(self.store, self.clock, look_every) for _ in range(2))
        self.client = AsyncHTTPClient(force_instance=True)
        self.sockets: list[Any] = []
        self.jar = CookieJar()

    async def begin(self) -> None:
        self.jar = CookieJar(await sign_in(self.here.app, "ann"))

    async def do(self, process: Process, what: str) -> None:
        url = f"http://127.0.0.1:{process.port}/do/{what}"
        answer = await self.jar.fetch(self.client, url, method="POST", body="")
        assert answer.code == 200

    async def open(self, path: str = "/socket") -> Any:
        url = f"ws://127.0.0.1:{self.here.port}{path}"
        socket = await websocket_connect(HTTPRequest(url, headers=self.jar.headers))
        self.sockets.append(socket)
        if path in ("/socket", "/lasting"):
            assert await socket.read_message() == "open"
        return socket

    async def close(self) -> None:
        for socket in self.sockets:
            socket.close()
        self.client.close()
        await self.here.close()
        await self.there.close()


@asynccontextmanager
async def world(look_every: int = 3600) -> AsyncIterator[World]:
    """Give a world of which nobody looks by himself for an hour."""
    made = World(look_every)
    await made.begin()
    try:
        yield made
    finally:
        await made.close()


async def is_closed(socket: Any) -> bool:
    """Return whether the socket is closed because its session ended; else it answers."""
    if socket.close_code is None:
        try:
            await socket.write_message("still there?")
        except Exception:  # noqa: BLE001 - of Tornado's, for what is closed already
            return True
    return await socket.read_message() is None and socket.close_code == 4401


@pytest.mark.parametrize("what", ["sign-out", "renew", "sign-in", "end"])
async def test_a_socket_closes_at_once_when_its_session_ends_here(what: str) -> None:
    """By sign-out, from a list of sessions, or because it goes on under another ID."""
    async with world() as w:
        socket, other = await w.open(), await w.open()
        await w.do(w.here, what)
        for each in (socket, other):
            assert await each.read_message() is None
            assert (each.close_code, each.close_reason) == (4401, "the session has ended")


async def test_it_closes_at_the_next_look_when_its_session_ends_elsewhere() -> None:
    """Another process ends it; nothing is told before the store is asked."""
    async with world() as w:
        socket = await w.open()
        await w.do(w.there, "sign-out")
        await socket.write_message("hello")
        assert await socket.read_message() == "hello"
        await w.here.watches.look()
        assert await socket.read_message() is None
        assert socket.close_code == 4401


async def test_looks_come_by_themselves() -> None:
    """Every ``session_look_every`` seconds, as long as there is something to look for."""
    async with world(look_every=1) as w:
        socket = await w.open()
        await w.do(w.there, "sign-out")
        assert await socket.read_message() is None
        assert socket.close_code == 4401


async def test_time_closes_it_as_well() -> None:
    """An open socket is no use of the session, which ends when nobody uses it."""
    async with world() as w:
        socket = await w.open()
        for _ in range(3):
            w.clock.now += 700
            await w.here.watches.look()
        assert await is_closed(socket)


async def test_a_socket_may_keep_its_session_alive() -> None:
    """With ``keeps_session_alive``, until the absolute timeout."""
    async with world() as w:
        socket = await w.open("/lasting")
        for _ in range(61):
            w.clock.now += 700
            await w.here.watches.look()
        await socket.write_message("hello")
        assert await socket.read_message() == "hello"
        w.clock.now += 700
        await w.here.watches.look()
        assert await is_closed(socket)


async def test_while_the_store_is_away_nobody_is_signed_out() -> None:
    """Nobody can tell then; what has ended meanwhile is found when it is back."""
    async with world() as w:
        socket, cookies = await w.open(), w.jar.headers["Cookie"]
        await w.do(w.there, "sign-out")
        w.jar = CookieJar(cookies)
        w.store.away = True
        await w.here.watches.look()
        await socket.write_message("hello")
        assert await socket.read_message() == "hello"
        with pytest.raises(HTTPClientError, match="503"):
            await w.open()
        w.store.away = False
        await w.here.watches.look()
        assert await is_closed(socket)


@pytest.mark.parametrize("path", ["/stateless", "/plain"])
async def test_a_socket_without_a_session_is_not_looked_for(path: str) -> None:
    """Neither that of a handler without kinds in a session, nor that of a visitor without one."""
    async with world() as w:
        await w.open(path)
        w.jar.clear()
        socket = await w.open(path)
        await w.open("/socket")
        w.store.loads = 0
        await w.here.watches.look()
        assert w.store.loads == 0
        await socket.write_message("hello")
        assert await socket.read_message() == "hello"


async def test_a_stream_can_end_with_the_session() -> None:
    """``state.when_ended`` calls back whoever is not a WebSocket."""
    async with world() as w:
        url = f"http://127.0.0.1:{w.here.port}/stream"
        begun = asyncio.Event()
        parts: list[bytes] = []

        def _take(part: bytes) -> None:
            parts.append(part)
            begun.set()

        request = HTTPRequest(url, headers=w.jar.headers, streaming_callback=_take)
        streaming = asyncio.ensure_future(w.client.fetch(request))
        await begun.wait()
        await w.do(w.here, "sign-out")
        await streaming
        assert b"".join(parts) == b"begun over"


async def test_a_look_is_shared() -> None:
    """A thousand sockets of as many sessions are asked for 64 at a time, and once each."""
    async with world() as w:
        sessions = w.here.app.composition.sessions
        assert sessions is not None
        told: list[int] = []
        blocks = []
        for number in range(1000):
            stored = await sessions.records.add({}, None, remembered=False)
            for _ in range(2):
                block = w.here.watches.watching(
                    Session(stored), lambda number=number: told.append(number), keeps_alive=False
                )
                block.__enter__()
                blocks.append(block)
            if number % 100 == 0:
                await w.store.delete(stored.store_key)
        w.store.loads = 0
        await w.here.watches.look()
        assert (w.store.loads, w.store.most_at_once) == (1000, 64)
        assert told == [number for number in range(0, 1000, 100) for _ in range(2)]
        for block in blocks:
            block.__exit__(None, None, None)
        w.store.loads = 0
        await w.here.watches.look()
        assert w.store.loads == 0


async def test_one_that_fails_keeps_no_other_from_being_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a callback raises is logged."""
    async with world() as w:
        sessions = w.here.app.composition.sessions
        assert sessions is not None
        stored = await sessions.records.add({}, None, remembered=False)
        told: list[str] = []

        def fail() -> None:
            raise LookupError("of our own")

        watching = w.here.watches.watching
        with (
            watching(Session(stored), fail, keeps_alive=False),
            watching(Session(stored), lambda: told.append("ended"), keeps_alive=False),
            caplog.at_level(logging.ERROR),
        ):
            await sessions.endings.end(await _loaded(w, stored.session_id))
        assert told == ["ended"]
        assert "what was to be done at the end of a session failed" in caplog.text


async def _loaded(w: World, session_id: str) -> Any:
    sessions = w.here.app.composition.sessions
    assert sessions is not None
    return await sessions.records.fetch(session_id)
