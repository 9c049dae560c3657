"""A held answer that cannot be sent fails as it does without state, and keeps nothing."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import FILLED, ROUTES, Everything, handler, raw, serving
from tornado.web import Application, RequestHandler


async def too_long(h: Any) -> None:
    h.set_header("Content-Length", "3")
    await h.finish("more than that")


async def too_short(h: Any) -> None:
    h.set_header("Content-Length", "30")
    await h.finish("less than that")


async def too_long_in_parts(h: Any) -> None:
    h.set_header("Content-Length", "3")
    h.write("abc")
    await h.flush()
    h.write("more")
    await h.finish()


def not_waited_for(h: Any) -> None:
    h.set_header("Content-Length", "3")
    h.write("more than that")


def not_latin(h: Any) -> None:
    h.set_header("X-Name", "名前")
    h.write("an answer")


def no_number(h: Any) -> None:
    h.set_header("Content-Length", "ten")
    h.write("an answer")


async def no_number_waited_for(h: Any) -> None:
    h.set_header("Content-Length", "-1")
    await h.finish("an answer")


def put_past_the_check(h: Any) -> None:
    h._headers["X-Name"] = "名前"
    h.write("an answer")


def breaks_the_line(h: Any) -> None:
    h._headers["X-Name"] = "a\r\nSet-Cookie: b=c"


def no_reason(h: Any) -> None:
    h._reason = "naïve"


UNSENDABLE = [
    too_long,
    too_short,
    too_long_in_parts,
    not_waited_for,
    not_latin,
    no_number,
    no_number_waited_for,
    put_past_the_check,
    breaks_the_line,
    no_reason,
]


# Row 13
@pytest.mark.parametrize("answer", UNSENDABLE, ids=lambda answer: answer.__name__)
async def test_an_answer_that_cannot_be_sent_fails_as_it_does_without_state(answer: Any) -> None:
    """The client is told what Tornado tells without state, at once, and so is whoever waits."""
    ended: list[str] = []

    async def post(h: Any) -> None:
        if isinstance(h, Everything):
            h.visits += 1
        try:
            if (made := answer(h)) is not None:
                await made
        finally:
            ended.append(type(h).__name__)

    plain = Application([("/run", type("Plain", (RequestHandler,), {"post": post}))])
    asked = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with serving(of=lambda *a, **k: plain) as without:
        expected = await raw(without.port, asked)
    async with serving(ROUTES | {"/run": type("Held", (Everything,), {"post": post})}) as browser:
        answered = await raw(browser.port, asked)
        assert ended == ["Plain", "Held"]
        assert answered.split(b"\r\n")[0] == expected.split(b"\r\n")[0]
        # Nothing is kept of an answer that nobody got.
        assert bool(browser.store.keys) == answered.startswith(b"HTTP/1.1 200 ")


# Row 13
async def test_a_held_answer_of_the_right_length_goes_out() -> None:
    """A Content-Length that is true passes, in one piece or several, also to HEAD and 304."""

    async def post(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "6")
        h.write("abc")
        await h.flush()
        await h.finish("def")

    def head(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "1000")

    def get(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "1000")
        h.set_status(304)

    run = handler(Everything, post=post, head=head, get=get)
    async with serving(ROUTES | {"/run": run}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).body == b"abcdef"
        assert (await browser.fetch("/run", "HEAD")).headers["Content-Length"] == "1000"
        assert (await browser.fetch("/run")).code == 304
        assert await browser.values() == FILLED | {"visits": 4}
