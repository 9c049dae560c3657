"""What a socket says when its session ends: whatever comes of that, it does not stay open."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import ROUTES, USER, handler, plain, serving
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from tornado_state import StateWebSocketHandler


class Waits(StateWebSocketHandler):
    user = USER

    async def on_session_end(self) -> None:
        await self.write_message("bye")
        StateWebSocketHandler.on_session_end(self)


class Fails(StateWebSocketHandler):
    user = USER

    def on_session_end(self) -> None:
        raise LookupError("of our own")


class FailsLater(StateWebSocketHandler):
    user = USER

    async def on_session_end(self) -> None:
        await asyncio.sleep(0)
        raise LookupError("of our own")


class Cancelled(StateWebSocketHandler):
    user = USER

    def on_session_end(self) -> None:
        raise asyncio.CancelledError  # of a future that this socket waited for, say


FAILING = [Fails, FailsLater, Cancelled]


@pytest.mark.parametrize(("socket", "said"), [(Waits, ["bye"]), *((each, []) for each in FAILING)])
async def test_a_socket_closes_whatever_it_says_first(
    socket: Any, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """``on_session_end`` may be a coroutine; where it raises, that is logged."""
    async with serving(ROUTES | {"/socket": socket}) as browser:
        await browser.fetch("/login", "POST")
        url = f"ws://127.0.0.1:{browser.port}/socket"
        opened = await websocket_connect(HTTPRequest(url, headers={"Cookie": plain(browser.jar)}))
        assert (await browser.fetch("/login", "DELETE")).code == 200
        async with asyncio.timeout(5):
            assert [await opened.read_message() for _ in [*said, None]] == [*said, None]
        opened.close()
        assert opened.close_code == 4401
    failed = "what was to be done at the end of a session failed" in caplog.text
    assert failed is not bool(said)


class Listens(StateWebSocketHandler):
    """Says whom it has heard."""

    user = USER

    def on_message(self, message: str | bytes) -> None:
        self.application.settings["heard"].append((message, self.current_user))


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
HELLO = b"\x81\x85\0\0\0\0hello"


class Closes(StateWebSocketHandler):
    def on_session_end(self) -> None:
        self.close(4401, "the session has ended, and all else")


class ClosesLater(StateWebSocketHandler):
    async def on_session_end(self) -> None:
        await self.write_message("bye")
        self.close(4401, "the session has ended, and all else")


ENDS: list[Any] = [None, Fails, FailsLater, Waits, Closes, ClosesLater]


@pytest.mark.parametrize("how", ENDS)
async def test_nothing_is_heard_of_a_client_that_does_not_close(how: Any) -> None:
    """It was told that the session is over, and goes on to talk as whoever was signed in."""
    heard: list[Any] = []
    also = {} if how is None else {"on_session_end": how.on_session_end}
    routes = ROUTES | {"/socket": handler(Listens, **also)}
    async with asyncio.timeout(5), serving(routes, heard=heard) as browser:
        await browser.fetch("/login", "POST")
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Cookie": plain(browser.jar)}
        head = "".join(f"{name}: {value}\r\n" for name, value in (UPGRADE | key).items())
        writer.write(f"GET /socket HTTP/1.1\r\nHost: here\r\n{head}\r\n".encode() + HELLO)
        while not heard:
            await asyncio.sleep(0)
        assert (await browser.fetch("/login", "DELETE")).code == 200
        await reader.readuntil(b"the session has ended")
        writer.write(HELLO + b"\x88\x80\0\0\0\0")  # and closes at last
        await reader.read()
        writer.close()
    assert heard == [("hello", {"id": "ann"})]


class GoesOn(Listens):
    """Goes on with whoever is there now."""

    def on_session_end(self) -> None:
        self.current_user = None


async def test_a_socket_that_stays_open_on_purpose_is_heard() -> None:
    """What it makes of the end is its own."""
    heard: list[Any] = []
    async with asyncio.timeout(5), serving(ROUTES | {"/ws": GoesOn}, heard=heard) as browser:
        await browser.fetch("/login", "POST")
        url = f"ws://127.0.0.1:{browser.port}/ws"
        opened = await websocket_connect(HTTPRequest(url, headers={"Cookie": plain(browser.jar)}))
        assert (await browser.fetch("/login", "DELETE")).code == 200
        await opened.write_message("hello")
        while not heard:
            await asyncio.sleep(0)
        opened.close()
    assert heard == [("hello", None)]
