"""What a socket says when its session ends: whatever comes of that, it does not stay open."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import ROUTES, USER, plain, serving
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from tornado_state import StateWebSocketHandler


class Waits(StateWebSocketHandler):
    user = USER

    async def on_session_end(self) -> None:
        await self.write_message("bye")
        super().on_session_end()


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
