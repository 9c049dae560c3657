"""A protocol switch cannot wait: what it changed must be committed before."""

from __future__ import annotations

import asyncio

import pytest
from state_app import BASKET, Browser, World, handler, serving
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect
from tornado_state import StateHandler

SESSION = "__Host-shop-session-id"


def read(self: StateHandler) -> None:
    self.write(str(self.state.get(BASKET)))


def write(self: StateHandler) -> None:
    self.state[BASKET] = 1


ROUTES = {"/": handler(BASKET, get=read, post=write)}


class Echo(StateHandler, WebSocketHandler):
    """Says what its state was when the connection was made."""

    kinds = (BASKET,)

    def open(self) -> None:
        """Say it."""
        self.write_message(str(self.state.get(BASKET)))


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
    async with asyncio.timeout(10):
        return await websocket_connect(HTTPRequest(address, headers={"Cookie": browser.cookie}))


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
