"""The server works at so many requests at a time: from headers to the first byte of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from compare.waiting import PATIENCE
from server.operation.line import Line
from server.operation.server import Server

#: Bytes; the system keeps some six million of a connection.
LARGE = 64 * 2**20


class Held(RequestHandler):
    """Answers when it is let."""

    async def get(self) -> None:
        self.settings["begun"].release()
        await self.settings["let"].acquire()
        self.write("done")

    post = get


class Large(RequestHandler):
    """Answers with more than what lies between the server and its clients."""

    async def get(self) -> None:
        self.settings["begun"].release()
        self.write(b"x" * LARGE)


class Long(RequestHandler):
    """The same, and waits until it is read."""

    async def get(self) -> None:
        self.settings["begun"].release()
        for _ in range(64):
            self.write(b"x" * (LARGE // 64))
            await self.flush()


@asynccontextmanager
async def served(
    line: Line, **options: Any
) -> AsyncIterator[tuple[dict[str, asyncio.Semaphore], int]]:
    settings = {"begun": asyncio.Semaphore(0), "let": asyncio.Semaphore(0)}
    listener, port = bind_unused_port()
    handlers = [("/health", RequestHandler), ("/", Held), ("/large", Large), ("/long", Long)]
    application = Application(handlers, **settings)
    server = Server(application, line=line, apart=frozenset({"/health"}), **options)
    server.add_socket(listener)
    try:
        yield settings, port
    finally:
        await server.drain([listener], until=0)


async def ask(port: int, line: str = "GET / HTTP/1.1", *headers: str) -> tuple[bytes, bytes]:
    """Return head and body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (line, "Host: x", "Connection: close", *headers, "", "")
    writer.write("\r\n".join(lines).encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


async def test_a_request_is_worked_at_when_the_one_before_it_is_answered() -> None:
    """What touches nothing waits for nobody."""
    async with served(Line(at_work=1)) as (settings, port):
        both = [asyncio.ensure_future(ask(port)) for _ in range(2)]
        await settings["begun"].acquire()
        assert (await ask(port, "GET /health HTTP/1.1"))[0].startswith(b"HTTP/1.1 405")
        assert settings["begun"].locked()
        for _ in both:
            settings["let"].release()
        assert [body for _, body in await asyncio.gather(*both)] == [b"done"] * 2


async def test_an_answer_that_nobody_reads_keeps_nobody_waiting() -> None:
    """Neither one that is written at once, nor one that is written as it is read."""
    async with served(Line(at_work=1)) as (settings, port):
        for path in ("/large", "/long"):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await settings["begun"].acquire()
            settings["let"].release()
            async with asyncio.timeout(PATIENCE):
                assert (await ask(port))[1] == b"done"
            await settings["begun"].acquire()
            writer.transport.abort()


class Networks(Line):
    """A line that tells who entered."""

    def __init__(self) -> None:
        super().__init__()
        self.entered: list[str | None] = []
        self.somebody = asyncio.Event()

    def enter(self, key: Hashable, *work: Any) -> None:
        self.entered.append(work[-1])
        self.somebody.set()
        super().enter(key, *work)


async def test_all_that_a_customer_has_of_ipv6_is_one_network() -> None:
    """Or whoever has 65,536 of them has as many shares (RFC 6177)."""
    line = Networks()
    async with served(line, trust_proxy=True) as (settings, port):
        for address in ("2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:1::1", "192.0.2.1"):
            settings["let"].release()
            proxied = f"X-Forwarded-For: {address}", "X-Forwarded-Proto: https"
            await ask(port, "GET / HTTP/1.1", *proxied)
    assert line.entered == ["2001:db8::/48", "2001:db8::/48", "2001:db8:1::/48", "192.0.2.1"]


class Crowded(Networks):
    """A line of a network that has had its part of this turn of the loop."""

    def may_begin(self, network: str | None) -> bool:
        return network is None


async def test_what_touches_nothing_waits_for_nobody_but_a_crowd_of_its_own_network() -> None:
    """What costs nothing costs the loop when thousands ask for it."""
    line = Crowded()
    async with served(line, trust_proxy=True) as (_, port):
        await ask(port, "GET /health HTTP/1.1")
        assert line.entered == []
        asking = asyncio.ensure_future(
            ask(port, "GET /health HTTP/1.1", "X-Forwarded-For: 192.0.2.1")
        )
        await asyncio.wait_for(line.somebody.wait(), PATIENCE)
    assert line.entered == ["192.0.2.1"]
    assert await asking == (b"", b"")


@pytest.mark.parametrize(
    ("line", "accept", "kind"),
    [
        ("GET / HTTP/1.1", "application/json", "application/json"),
        ("GET / HTTP/1.1", "text/html", "text/html"),
        ("HEAD / HTTP/1.1", "*/*", "application/json"),
    ],
)
async def test_a_refusal_has_what_every_answer_has(line: str, accept: str, kind: str) -> None:
    """503 in the contract's shape or as a page, when to come again, and the security headers."""
    async with served(Line(at_work=0, patience=-1)) as (_, port):
        head, body = await ask(port, line, f"Accept: {accept}")
    assert head.startswith(b"HTTP/1.1 503 ")
    for header in (f"Content-Type: {kind}", "Retry-After: 1", "Cache-Control: no-store"):
        assert header.encode() in head
    assert b"Content-Security-Policy: default-src 'none'" in head
    if line.startswith("HEAD"):
        assert body == b""
    elif kind == "application/json":
        assert json.loads(body)["error"]["code"] == "busy"
    else:
        assert b"try again" in body
