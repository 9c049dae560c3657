"""A protocol switch cannot wait: what it changed must be committed before."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from abroad_app import raw
from abroad_app import serving as plainly_serving
from commanded_store import loses_its_answer
from state_app import BASKET, IDLE, THEME, Browser, World, handler, serving
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect
from tornado_state import ResponseStarted, StateHandler, StoreUnavailable

SESSION = "__Host-shop-session-id"


def read(self: StateHandler) -> None:
    self.write(str(self.state[BASKET]))


def write(self: StateHandler) -> None:
    self.state[BASKET] = 1


ROUTES = {"/": handler(BASKET, get=read, post=write)}


class Echo(StateHandler, WebSocketHandler):
    """Says what its state was when the connection was made."""

    basket = BASKET

    def open(self) -> None:
        """Say it."""
        self.write_message(str(self.state[BASKET]))


class Committing(Echo):
    """Changes state before the protocol switch, and commits it."""

    async def prepare(self) -> None:
        """Commit before the switch."""
        self.state[BASKET] = 5
        await self.state.commit()


class Careless(Echo):
    """Changes state before the protocol switch, and forgets to commit."""

    def prepare(self) -> None:
        """Change only."""
        self.state[BASKET] = 5


async def connected(browser: Browser, path: str) -> WebSocketClientConnection:
    address = f"ws://127.0.0.1:{browser.port}{path}"
    headers = {"Cookie": browser.cookie, "X-Forwarded-Proto": "https"}
    async with asyncio.timeout(10):
        return await websocket_connect(HTTPRequest(address, headers=headers))


async def test_a_protocol_switch_may_read_state() -> None:
    """101 passes through at once, with the state there to read."""
    world = World()
    async with serving(world, {**ROUTES, "/echo": Echo}) as browser:
        await browser.get("/", "POST")
        connection = await connected(browser, "/echo")
        assert await connection.read_message() == "1"
        assert "Set-Cookie" not in connection.headers
        connection.close()
        assert await connection.read_message() is None


async def test_a_protocol_switch_sends_the_cookie_of_what_was_committed() -> None:
    """What was confirmed before the switch is kept, and its cookie comes with the 101."""
    world = World()
    async with serving(world, {**ROUTES, "/echo": Committing}) as browser:
        connection = await connected(browser, "/echo")
        assert await connection.read_message() == "5"
        header = connection.headers["Set-Cookie"]
        browser.jar = {SESSION: header.partition("=")[2].partition(";")[0]}
        connection.close()
        assert await connection.read_message() is None
        assert (await browser.get("/")).body == b"5"


async def test_a_protocol_switch_with_uncommitted_changes_is_refused() -> None:
    """The handshake fails with 500, and nothing is kept."""
    world = World()
    async with serving(world, {**ROUTES, "/echo": Careless}) as browser:
        await browser.get("/", "POST")
        with pytest.raises(HTTPClientError) as refused:
            await connected(browser, "/echo")
        assert refused.value.code == 500
        assert (await browser.get("/")).body == b"1"


async def test_a_protocol_switch_counts_as_use_of_the_session() -> None:
    """The idle clock is pushed, and the switch does not wait for it."""
    world = World()
    async with serving(world, {**ROUTES, "/echo": Echo}) as browser:
        await browser.get("/", "POST")
        world.clock.pass_(IDLE - 1)
        world.store.forget()
        connection = await connected(browser, "/echo")
        assert await connection.read_message() == "1"
        connection.close()
        assert await connection.read_message() is None
        assert world.store.operations == {"load": 1, "touch": 1}
        world.clock.pass_(IDLE - 1)
        assert (await browser.get("/")).body == b"1"


class Painting(Echo):
    """Changes a kind in a cookie before the switch."""

    theme = THEME

    def prepare(self) -> None:
        """Change it."""
        self.theme = "dark"


async def test_a_cookie_of_a_changed_kind_goes_out_with_the_protocol_switch() -> None:
    """There is nothing to wait for."""
    world = World()
    async with serving(world, {**ROUTES, "/echo": Painting}) as browser:
        connection = await connected(browser, "/echo")
        assert connection.headers["Set-Cookie"].startswith("__Host-shop-theme=2|")
        assert await connection.read_message() == "0"
        connection.close()
        assert await connection.read_message() is None


class Raw(StateHandler):
    """Takes the stream over, and says there what its state is."""

    basket, theme = BASKET, THEME

    async def get(self, what: str) -> None:
        if what in ("basket", "commit"):
            self.basket += 1
        if what == "commit":
            await self.state.commit()
        if what == "theme":
            self.theme = "dark"
        stream = self.detach()
        late = ""
        try:
            self.basket = 7
        except ResponseStarted:
            late = ", and no more"
        await stream.write(b"HTTP/1.1 200 OK\r\n\r\n%d%s" % (self.basket, late.encode()))
        stream.close()


@pytest.mark.parametrize(
    ("what", "code", "kept"),
    [("read", 200, 1), ("commit", 200, 2), ("basket", 500, 1), ("theme", 500, 1)],
)
async def test_a_stream_that_is_taken_over_keeps_what_was_committed(
    what: str, code: int, kept: int
) -> None:
    """No answer goes out that could keep anything else: it is refused, and later changes are."""
    world = World()
    async with serving(world, {**ROUTES, "/raw/(.*)": Raw}) as browser:
        await browser.get("/", "POST")
        answer = await browser.get(f"/raw/{what}")
        assert answer.code == code
        if code == 200:
            assert answer.body == b"%d, and no more" % kept
        assert (await browser.get("/")).body == str(kept).encode()


async def test_a_stream_is_not_taken_over_from_a_session_whose_cookie_was_not_sent() -> None:
    """What began would be out of reach."""
    async with serving(World(), {"/raw/(.*)": Raw}) as browser:
        assert (await browser.get("/raw/commit")).code == 500
        assert (await browser.get("/raw/read")).body == b"1, and no more"


class Unheard(Echo):
    """Has the session go on under another ID, and does not hear whether it does."""

    async def prepare(self) -> None:
        """Go on all the same."""
        self.state.renew_id(grace=False)
        self.application.session_store.tell("cas", loses_its_answer)  # type: ignore[attr-defined]
        with suppress(StoreUnavailable):
            await self.state.commit()


async def test_a_protocol_switch_leaves_nobody_with_an_id_that_is_over() -> None:
    """Nobody knows under which ID the session goes on: an answer says it, and no handshake does."""
    async with plainly_serving(
        {"/": handler(BASKET, get=read, post=write), "/ws": Unheard}
    ) as browser:
        await browser.fetch("/", "POST")
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
        answer = await browser.fetch("/ws", Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==", **headers)
        assert answer.code == 503
        assert (await browser.fetch("/")).body == b"1"


class Forwards(StateHandler):
    """Writes a head, then takes the stream over, as proxies do."""

    basket = BASKET

    async def get(self, how: str) -> None:
        self.basket += 1
        self.set_header("Content-Length", "3" if how == "waits" else "0")
        if how == "bare":
            self.request.connection.detach()  # type: ignore[union-attr]
        written = self.flush()
        if how == "waits":
            await written
        stream = self.detach()
        await stream.write(b"raw")
        stream.close()


@pytest.mark.parametrize(
    ("how", "code", "kept"), [("waits", 200, 1), ("early", 200, 1), ("bare", 500, 0)]
)
async def test_a_stream_is_taken_over_once_the_head_has_left(
    how: str, code: int, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    """While that waits for the store, it is not: it would come after what is written there."""
    routes = {"/": handler(BASKET, get=read), "/raw/(.*)": Forwards}
    async with plainly_serving(routes) as browser:
        asked = f"GET /raw/{how} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
        answer = await raw(browser.port, asked.encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % code)
        assert (body == b"raw") is (how == "waits")
        assert (b"Set-Cookie" in head) is bool(kept)
        assert len(browser.store.keys) == kept
    assert ("await self.flush()" in caplog.text) is (how == "early")
