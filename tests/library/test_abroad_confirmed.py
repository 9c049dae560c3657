"""What the store has confirmed reaches the visitor, whatever fails afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from abroad_app import ANN, CART, EMPTY, FILLED, ROUTES, VISITS, Everything, raw, serving
from commanded_store import fails
from tornado.web import HTTPError, MissingArgumentError
from tornado_state import StateError

Program = Callable[[Any], Awaitable[None]]


async def sign_in(h: Any) -> None:
    h.state.sign_in(ANN)
    await h.state.commit()


async def sign_in_after_an_update(h: Any) -> None:
    await h.state.update(VISITS, lambda n: n + 1)
    await h.state.commit()
    await sign_in(h)


async def renew_id(h: Any) -> None:
    h.state.renew_id(grace=False)
    await h.state.commit()


async def renew_id_twice(h: Any) -> None:
    await renew_id(h)
    h.visits += 0
    await renew_id(h)


async def assign(h: Any) -> None:
    h.visits, h.theme = 7, "dark"
    await h.state.commit()


async def sign_out(h: Any) -> None:
    h.state.destroy()
    await h.state.commit()


async def sign_out_and_say_so(h: Any) -> None:
    h.state.destroy()
    h.cart = ["bye"]
    await h.state.commit()


#: What was committed, and what the visitor must have of it afterwards.
COMMITTED: dict[Program, dict[str, Any]] = {
    sign_in: EMPTY | {"user": "ann"},
    sign_in_after_an_update: EMPTY | {"user": "ann", "visits": 2},
    renew_id: FILLED,
    renew_id_twice: FILLED,
    assign: FILLED | {"visits": 7, "theme": "dark"},
    sign_out: EMPTY | {"theme": "light"},
    sign_out_and_say_so: EMPTY | {"theme": "light", "cart": ["bye"]},
}


async def raises(h: Any) -> None:
    raise RuntimeError("later")


async def raises_500(h: Any) -> None:
    raise HTTPError(500)


async def sends_error(h: Any) -> None:
    h.send_error(502)


async def sets_status(h: Any) -> None:
    h.set_status(503)


async def times_out(h: Any) -> None:
    async with asyncio.timeout(0):
        await asyncio.Event().wait()


async def finishes_with_500(h: Any) -> None:
    h.set_status(500)
    await h.finish("sorry")


async def assigns_what_cannot_be(h: Any) -> None:
    h.state[CART] = 7


async def changes_within_to_what_cannot_be(h: Any) -> None:
    h.cart.append(object())


async def loses_the_store(h: Any) -> None:
    h.state[VISITS] = 99
    h.application.session_store.away = True


async def streams_and_raises(h: Any) -> None:
    h.write("a part")
    await h.flush()
    raise RuntimeError("in the middle")


async def streams_a_failure(h: Any) -> None:
    h.state[VISITS] = 99
    h.application.session_store.away = True
    h.write("a part")
    await h.flush()


FAILURES = [
    raises,
    raises_500,
    sends_error,
    sets_status,
    times_out,
    finishes_with_500,
    assigns_what_cannot_be,
    changes_within_to_what_cannot_be,
    loses_the_store,
    streams_and_raises,
    streams_a_failure,
]


def routes(committed: Program, failure: Program) -> dict[str, Any]:
    """Return routes that commit, and fail then or in another place."""

    async def both(h: Any) -> None:
        await committed(h)
        await failure(h)

    async def prepare(h: Any) -> None:
        if h.request.method == "POST":
            await committed(h)

    return ROUTES | {
        "/method": type("Method", (Everything,), {"post": both}),
        "/prepare": type("Prepare", (Everything,), {"prepare": prepare, "post": failure}),
        "/in-prepare": type("InPrepare", (Everything,), {"prepare": both, "post": raises}),
    }


# Row 2
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
@pytest.mark.parametrize("committed", COMMITTED, ids=lambda committed: committed.__name__)
async def test_what_was_committed_reaches_the_visitor(committed: Program, failure: Program) -> None:
    """A confirmed commit counts, and its cookies go out, however the request fails later."""
    for path in ("/method", "/prepare", "/in-prepare"):
        async with serving(routes(committed, failure)) as browser:
            await browser.fetch("/fill", "POST")
            response = await browser.fetch(path, "POST")
            expected = 200 if failure is streams_and_raises else 500
            assert response.code >= expected or response.code == 599, path
            browser.store.away = False
            assert await browser.values() == COMMITTED[committed], path


# Row 2
@pytest.mark.parametrize("committed", [sign_in, assign], ids=lambda committed: committed.__name__)
async def test_a_first_session_reaches_the_visitor_too(committed: Program) -> None:
    """A visitor who came without a cookie leaves a failed request with what is confirmed."""
    async with serving(routes(committed, raises)) as browser:
        assert (await browser.fetch("/method", "POST")).code == 500
        values = await browser.values()
        assert values["user"] == "ann" or values["visits"] == 7


# Row 2
async def test_an_error_after_the_answer_takes_nothing_back() -> None:
    """What `on_finish` raises concerns nobody who has been answered."""

    def on_finish(h: Any) -> None:
        if h.request.method == "POST":
            raise RuntimeError("too late")

    run = type("Run", (Everything,), {"post": renew_id, "on_finish": on_finish})
    async with serving(ROUTES | {"/run": run}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == FILLED


# Row 2
async def test_what_was_not_committed_goes_with_the_failure() -> None:
    """Of what a request asked for after its commit, an answer of 500 keeps nothing."""

    async def program(h: Any) -> None:
        await assign(h)
        h.cart, h.theme, h.draft = ["lost"], "lost", ["lost"]
        h.state.destroy()
        raise MissingArgumentError("x") if h.get_argument("below", "") else RuntimeError

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": program})}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 500
        assert await browser.values() == FILLED | {"visits": 7, "theme": "dark"}
        assert (await browser.fetch("/run?below=500", "POST")).code == 400
        assert await browser.values() == EMPTY | {"theme": "lost"}


# Row 2, and 12
async def test_nothing_of_a_failed_answer_follows_the_error() -> None:
    """What a handler writes after its commit failed reaches nobody: one answer goes out."""

    async def post(h: Any) -> None:
        h.visits = 5
        h.write("first ")
        try:
            await h.flush()
        except StateError:
            h.write("second " * 100)
            await asyncio.sleep(0)
            h.finish("third")

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": post})}) as browser:
        browser.store.tell("add", *[fails] * 20)
        asked = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await raw(browser.port, asked + last)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 200 OK" in answer
        for part in (b"first", b"second", b"third"):
            assert part not in answer
