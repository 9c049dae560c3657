"""A connection that lets nothing out before the commit: streams, upgrades, haste."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest
from state_app import BASKET, THEME, World, handler, raw, serving
from tornado.web import stream_request_body
from tornado_state import ResponseStarted, StateHandler, StoreUnavailable

SESSION = "__Host-shop-session-id"


def read(self: StateHandler) -> None:
    self.write(str(self.state.get(BASKET)))


def write(self: StateHandler) -> None:
    self.state[BASKET] = self.state.get(BASKET, 0) + 1
    read(self)


ROUTES = {"/": handler(BASKET, get=read, post=write)}


async def test_nothing_leaves_before_the_store_confirmed() -> None:
    """While the commit is under way, the client has not received a byte."""
    world, confirmed = World(), asyncio.Event()
    world.store.let_go_first("add", confirmed.wait)
    async with serving(world, ROUTES) as browser:
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        while not world.store.operations:
            await asyncio.sleep(0)
        coming = asyncio.ensure_future(reader.read(1))
        assert (await browser.get("/")).body == b"None"
        assert not coming.done()
        confirmed.set()
        assert await coming == b"H"
        assert (await reader.read()).endswith(b"\r\n\r\n1")
        writer.close()
        await writer.wait_closed()


async def streaming(self: StateHandler) -> None:
    self.state[BASKET] = 1
    self.write("a")
    await self.flush()
    self.write("b")
    await self.flush()
    self.write("c")


async def hasty(self: StateHandler) -> None:
    self.state[BASKET] = 1
    for part in "abc":
        self.write(part)
        self.flush()


@pytest.mark.parametrize("stream", [streaming, hasty])
async def test_a_stream_begins_with_the_commit(stream: object) -> None:
    """The headers carry the cookie, and the body comes in order, waited for or not."""
    world = World()
    async with serving(world, {**ROUTES, "/stream": handler(BASKET, get=stream)}) as browser:
        response = await browser.get("/stream")
        assert response.body == b"abc"
        assert browser.jar.keys() == {SESSION}
        assert (await browser.get("/")).body == b"1"


@pytest.mark.parametrize("stream", [streaming, hasty])
async def test_a_stream_whose_commit_failed_never_begins(stream: object) -> None:
    """503 instead, and what the handler still writes is swallowed."""
    world = World()
    async with serving(world, {"/stream": handler(BASKET, get=stream)}) as browser:
        world.store.fail("add")
        response = await browser.get("/stream")
        assert response.code == 503
        assert b"abc" not in response.body
        assert browser.jar == {}


@pytest.mark.parametrize("waits", [True, False], ids=["sent", "held"])
@pytest.mark.parametrize("writes", [True, False], ids=["committed", "nothing to commit"])
async def test_an_assignment_after_the_response_began_raises(waits: bool, writes: bool) -> None:
    """Whether its first byte has left or is still held: the change would be lost."""
    raised = []

    async def late(self: StateHandler) -> None:
        if writes:
            self.state[BASKET] = 1
        flushed = self.flush()
        if waits:
            await flushed
        for kind in (THEME, BASKET):
            with pytest.raises(ResponseStarted):
                self.state[kind] = "late"
            raised.append(kind)
        self.write(str(self.state.get(BASKET)))

    world = World()
    async with serving(world, {**ROUTES, "/late": handler(THEME, BASKET, get=late)}) as browser:
        assert (await browser.get("/late")).body == (b"1" if writes else b"None")
        assert raised == [THEME, BASKET]
        assert (await browser.get("/")).body == (b"1" if writes else b"None")


async def test_a_handler_may_commit_earlier() -> None:
    """What was confirmed by `commit` is kept, and its cookie sent with the answer."""

    async def early(self: StateHandler) -> None:
        self.state[BASKET] = 1
        await self.state.commit()
        assert self.state.store_key
        self.write("done")

    world = World()
    async with serving(world, {**ROUTES, "/early": handler(BASKET, get=early)}) as browser:
        assert (await browser.get("/early")).body == b"done"
        assert (await browser.get("/")).body == b"1"
    assert world.store.operations == {"add": 1, "load": 1}


async def test_a_client_that_left_is_served_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Its change is kept whole; the answer nobody reads raises nothing."""
    world, confirmed = World(), asyncio.Event()
    handlers: list[StateHandler] = []

    def remember(self: StateHandler) -> None:
        handlers.append(self)

    routes = {"/": handler(BASKET, get=read, post=write, on_finish=remember)}
    async with serving(world, routes) as browser:
        await browser.get("/", "POST")
        handlers.clear()
        world.store.let_go_first("cas", confirmed.wait)
        _, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(f"POST / HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\n\r\n".encode())
        while not handlers:
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        while not handlers[0].request.connection.stream.closed():  # type: ignore[union-attr]
            await asyncio.sleep(0)
        confirmed.set()
        assert (await browser.get("/")).body == b"2"
        handlers.clear()
        gc.collect()
        await asyncio.sleep(0)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_client_that_left_in_mid_request_changes_nothing() -> None:
    """A body that never came whole reaches no method; a handler that reads it in parts is told."""
    told = asyncio.Event()
    reading = asyncio.Event()

    async def prepare(self: StateHandler) -> None:
        self.state[BASKET] = 99
        reading.set()

    parts = stream_request_body(
        handler(
            BASKET,
            prepare=prepare,
            data_received=lambda self, chunk: None,
            post=read,
            on_connection_close=lambda self: told.set(),
        )
    )
    world = World()
    async with serving(world, {**ROUTES, "/parts": parts}) as browser:
        await browser.get("/", "POST")
        for path in ("/", "/parts"):
            _, writer = await asyncio.open_connection("127.0.0.1", browser.port)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\n"
            writer.write(f"{head}Content-Length: 10\r\n\r\nhello".encode())
            if path == "/parts":
                await reading.wait()
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(10):
            await told.wait()
        assert (await browser.get("/")).body == b"1"


def promises_more(self: StateHandler) -> None:
    self.state[BASKET] = 1
    self.set_header("Content-Length", "1")
    self.write("too much")


async def test_a_response_that_cannot_be_written_closes_the_connection() -> None:
    """As without state: the client is not left waiting, and sees no complete answer."""
    world = World()
    async with serving(world, {"/": handler(BASKET, get=promises_more)}) as browser:
        answer = await raw(browser.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"too much" not in answer


async def test_the_access_log_waits_for_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """One line a request, written when it is known what was sent."""
    caplog.set_level(logging.INFO, "tornado.access")
    world = World()
    async with serving(world, ROUTES) as browser:
        await browser.get("/", "POST")
        await browser.get("/")
        world.store.fail("cas")
        await browser.get("/", "POST")
        world.store.fail("load", why=StoreUnavailable("gone"))
        await browser.get("/")
    lines = [
        record.message.split()[:3] for record in caplog.records if record.name == "tornado.access"
    ]
    assert lines == [
        ["200", "POST", "/"],
        ["200", "GET", "/"],
        ["503", "POST", "/"],
        ["503", "GET", "/"],
    ]
