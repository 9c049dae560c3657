"""Whoever asks is answered, whatever goes wrong while his request goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest
from abroad_app import ANN, Everything, application, handler, raw, serving
from commanded_store import Gate, fails, loses_its_answer
from tornado.httputil import HTTPHeaders, ResponseStartLine
from tornado.web import stream_request_body
from tornado_state import Kind, StateHandler, StateWebSocketHandler
from tornado_state.held_answer import HeldAnswer
from without_sockets import ask


class Tells(Everything):
    """Signs in, and fails to tell what has gone wrong."""

    def post(self) -> None:
        self.state.sign_in(ANN)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        raise LookupError("of our own")


class Renews(Everything):
    def post(self) -> None:
        self.state.renew_id()


@stream_request_body
class Refuses(Everything):
    """Counts a try, and answers before there is a body, for which it has prepared nothing."""

    def prepare(self) -> None:
        self.visits += 1
        self.set_status(401)
        self.finish("no")

    def data_received(self, chunk: bytes) -> None:
        raise LookupError("no place for it")


@pytest.mark.parametrize("size", [1, 300_000])
async def test_a_handler_that_has_answered_is_given_no_more_of_the_body(size: int) -> None:
    """As with Tornado, though the answer may be waiting for the store."""
    async with serving({"/": Everything, "/no": Refuses}) as browser:
        answer = await browser.fetch("/no", "POST", b"x" * size)
        assert (answer.code, answer.body) == (401, b"no")
        assert (await browser.values())["visits"] == 1


async def test_a_body_that_is_too_large_does_not_take_the_place_of_an_answer() -> None:
    """It was given before the server has looked at what is to come."""
    head = b"POST /no HTTP/1.1\r\nHost: here\r\nContent-Length: 999999999999\r\n\r\nx"
    async with serving({"/": Everything, "/no": Refuses}) as browser:
        assert (await raw(browser.port, head)).startswith(b"HTTP/1.1 401 ")


@stream_request_body
class Talks(Everything):
    """Answers at length before there is a body."""

    def prepare(self) -> None:
        self.visits += 1
        self.finish(b"x" * 8_000_000)

    def data_received(self, chunk: bytes) -> None:
        """Nothing comes."""


async def test_a_client_may_send_all_before_it_reads_anything() -> None:
    """The body is read though the answer has not left yet as a whole."""
    body = b"x" * 8_000_000
    async with asyncio.timeout(10), serving({"/": Talks}) as browser:
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port, limit=2**10)
        writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 8000000\r\n\r\n" + body)
        await writer.drain()
        assert len(await reader.read()) > len(body)
        writer.close()


async def test_nobody_waits_for_an_answer_when_another_was_sent() -> None:
    """A handler that goes on after it has answered may come too late for that."""
    held = HeldAnswer(ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders(), None)
    held.fail(LookupError())
    async with asyncio.timeout(5):
        await held.until_let_out()


async def test_an_error_in_the_access_log_cuts_no_answer_short() -> None:
    """As with Tornado: all that was written arrives, though it takes more than one turn."""

    def post(self: Any) -> None:
        self.visits = 1
        self.write(b"x" * 8_000_000)

    def log(handler: Any) -> None:
        raise LookupError("of our own")

    large = handler(Everything, post=post)
    async with serving({"/": large}, log_function=log) as browser:
        assert len((await browser.fetch("/", "POST")).body) == 8_000_000


@stream_request_body
class RefusesPart(Everything):
    """Counts a try, and answers the first part of a body; it is not ready for another."""

    def data_received(self, chunk: bytes) -> None:
        assert not self._finished, "it has answered"
        self.application.session_store.tell("add", self.application.settings["gate"].before)
        self.visits += 1
        self.set_status(401)
        self.finish("no")


async def test_a_handler_that_answers_within_the_body_is_given_no_more_of_it() -> None:
    """What comes while its answer waits is let go of."""
    gate = Gate()
    async with serving({"/": Everything, "/no": RefusesPart}, gate=gate) as browser:
        asked = asyncio.ensure_future(browser.fetch("/no", "POST", b"x" * 300_000))
        await gate.reached.wait()
        for _ in range(50):  # turns of the loop, in which the rest comes
            await asyncio.sleep(0)
        gate.opened.set()
        answer = await asked
        assert (answer.code, answer.body) == (401, b"no")
        assert (await browser.values())["visits"] == 1


class Designs(Everything):
    """Answers errors in a way of its own, with what only a request that was begun has."""

    def prepare(self) -> None:
        self.page = "sorry"

    def post(self) -> None:
        self.visits += 1

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        self.finish(self.page)


class DesignsPart(Designs):
    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        self.set_status(status_code)
        self.write("we are ")
        self.flush()
        self.write(self.page)


class DesignsMore(Designs):
    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        super(Designs, self).send_error(status_code, **kwargs)
        self.page.lower()


@pytest.mark.parametrize("how", [Designs, DesignsPart, DesignsMore])
async def test_an_error_in_answering_an_error_takes_no_answer(
    how: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Tornado's own page comes in its place; where a part of it has left, the connection ends."""
    is_whole = how is not DesignsPart
    last = b"Connection: close\r\n" * is_whole
    asked = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n" + last + b"\r\n"
    async with asyncio.timeout(5), serving({"/": how}) as browser:
        browser.store.tell("add", fails)
        answer = await raw(browser.port, asked)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert (b"Retry-After" in answer, answer.endswith(b"</html>")) == (True, is_whole)
    assert f"{how.__name__} cannot answer an error" in caplog.messages


async def as_ever(call: Any) -> Any:
    return await call()


async def mistaken(call: Any) -> Any:
    raise LookupError("of the store's own")


async def answered(made: Any, path: str, jar: dict[str, str]) -> int:
    async with asyncio.timeout(5):
        return (await ask(made, path, jar)).code


async def test_an_error_in_telling_of_an_error_takes_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As with Tornado: ``log_exception`` may be an application's, and ask who is signed in."""
    made = application({"/": Tells})
    made.session_store.tell("add", fails)
    assert await answered(made, "/", {}) == 503
    assert "Error in exception logger" in caplog.messages


async def test_a_mistake_of_the_store_after_a_commit_in_vain_takes_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Under which ID the session goes on was to be looked up: what is raised then is logged."""
    made, jar = application({"/": Renews, "/in": Tells}), dict[str, str]()
    assert await answered(made, "/in", jar) == 200
    made.session_store.tell("cas", loses_its_answer)
    made.session_store.tell("load", as_ever, mistaken)
    assert await answered(made, "/", jar) == 503
    assert "what a request has confirmed is not known" in caplog.messages


@dataclass
class Size:
    width: int = 1


#: Nobody can tell what its fields are.
ODD = make_dataclass("Odd", [("depth", "Unheard", 0)], bases=(Size,))


class Odd(StateHandler):
    sizes = Kind("sizes", list[Size], default=[], outlives_logout=True)

    def prepare(self) -> None:
        self.sizes.append(ODD())

    def get(self) -> None:
        """Nothing more."""


class OddOnSocket(Odd, StateWebSocketHandler):
    get = StateWebSocketHandler.get  # type: ignore[assignment]


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
HANDSHAKE = UPGRADE | {"Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


@pytest.mark.parametrize("headers", [{}, HANDSHAKE], ids=["answer", "handshake"])
async def test_an_error_that_nobody_foresaw_takes_no_answer(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """It is met as the answer begins, with nothing to ask of the store: 500, and not kept."""
    async with serving({"/": OddOnSocket if headers else Odd}) as browser:
        answer = await browser.fetch("/", **headers)
        assert (answer.code, browser.jar) == (500, {})
    assert "the commit of a request's state failed" in caplog.messages


class Guarded(Everything):
    """Lets nobody in without a password, as handlers did before ``prepare``."""

    def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> Any:
        self._transforms = []
        if self.request.path == "/writes":
            self.visits += 1
        self.set_status(401)
        self.set_header("Content-Length", "2")
        self.write("no")
        if self.request.path == "/part":
            self.flush()
        else:
            self.finish()
        return False  # and Tornado says that it cannot wait for that


@pytest.mark.parametrize("path", ["/", "/writes", "/part"])
async def test_one_request_has_one_answer(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Another one would be taken for that of the next request, whoever sends it."""
    asked = f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
    async with asyncio.timeout(5), serving({"/.*": Guarded}) as browser:
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        for _ in range(1 if path == "/part" else 2):
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 401 ")
            assert await reader.readexactly(2) == b"no"
        if path == "/part":
            assert await reader.read() == b""
        writer.close()
    assert "a handler has answered, and failed" in caplog.text
