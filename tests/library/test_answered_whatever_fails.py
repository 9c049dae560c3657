"""Whoever asks is answered, whatever goes wrong while his request goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import ANN, Everything, application, serving
from commanded_store import fails, loses_its_answer
from tornado.web import stream_request_body
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
