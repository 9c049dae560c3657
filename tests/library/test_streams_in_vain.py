"""A stream that nobody takes, because its commit failed and another answer went out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import Everything, serving
from commanded_store import fails
from tornado.web import stream_request_body

PART = b"x" * 1000


class Streams(Everything):
    """Writes until its client is gone, as Tornado's guide has it, and waits for nothing."""

    goes_on = True

    async def post(self) -> None:
        self.visits += 1
        self.application.settings["streams"].append(self)
        while self.goes_on:
            self.write(PART)
            self.flush()
            await asyncio.sleep(0)
        self.application.settings["ended"].set()

    def on_connection_close(self) -> None:
        self.goes_on = False
        super().on_connection_close()


class Raises(Streams):
    def on_connection_close(self) -> None:
        super().on_connection_close()
        raise LookupError("of our own")


@pytest.mark.parametrize("how", [Streams, Raises])
async def test_a_stream_ends_that_nobody_takes(how: Any) -> None:
    """It is told that its client is gone; whoever asked has been told that the store is away."""
    streams: list[Any] = []
    ended = asyncio.Event()
    async with asyncio.timeout(5), serving({"/": how}, streams=streams, ended=ended) as browser:
        browser.store.tell("add", fails)
        assert (await browser.fetch("/", "POST")).code == 503
        await ended.wait()


class Goes(Streams):
    """Does not care who is there."""

    def on_connection_close(self) -> None:
        """Nothing."""


async def test_what_nobody_takes_takes_no_room() -> None:
    """However much is written after another answer went out."""
    streams: list[Any] = []
    async with (
        asyncio.timeout(5),
        serving({"/": Goes}, streams=streams, ended=asyncio.Event()) as browser,
    ):
        browser.store.tell("add", fails)
        assert (await browser.fetch("/", "POST")).code == 503
        for _ in range(20):
            await asyncio.sleep(0)
        held = streams[0].request.connection.held
        assert not held.chunks
        streams[0].goes_on = False
        await browser.application.settings["ended"].wait()


@stream_request_body
class Takes(Streams):
    """Answers before the body is there, and takes that."""

    async def prepare(self) -> None:
        self.visits += 1
        self.write(PART)
        self.flush()

    def data_received(self, chunk: bytes) -> None:
        """Nothing to keep."""

    async def post(self) -> None:
        self.application.settings["ended"].set()


async def test_a_body_that_comes_all_the_same_is_taken() -> None:
    """Whoever takes it is told of the client's end by Tornado, if there is one."""
    ended = asyncio.Event()
    async with asyncio.timeout(5), serving({"/": Takes}, ended=ended) as browser:
        browser.store.tell("add", fails)
        assert (await browser.fetch("/", "POST", b"x" * 300_000)).code == 503
        assert (await browser.fetch("/", "POST", b"x")).body == PART
        await ended.wait()
