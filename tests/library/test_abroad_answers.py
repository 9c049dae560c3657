"""An answer below 500 keeps what was changed, however it is given; 500 and above keeps nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from abroad_app import EMPTY, FILLED, ROUTES, VISITS, Everything, serving
from tornado import gen
from tornado.web import (
    Finish,
    HTTPError,
    MissingArgumentError,
    addslash,
    authenticated,
    removeslash,
    stream_request_body,
)
from tornado_state import StateError

Answer = Callable[[Any], Any]


def count(h: Any) -> None:
    """Count a failed try, in both tiers."""
    h.visits += 1
    h.theme = "tried"
    h.draft.append("x")


def raises(error: Exception) -> Answer:
    def answer(h: Any) -> None:
        count(h)
        raise error

    return answer


def sets_status(h: Any) -> None:
    count(h)
    h.set_status(401, "Wrong")


def sends_error(h: Any) -> None:
    count(h)
    h.send_error(429)


def finishes(h: Any) -> None:
    count(h)
    h.set_status(403)
    h.finish({"error": "no"})


def redirects(h: Any) -> None:
    count(h)
    h.redirect("/elsewhere")


async def streams(h: Any) -> None:
    count(h)
    h.set_status(404)
    await h.flush()
    h.write("not here")


async def streams_and_raises(h: Any) -> None:
    count(h)
    h.write("a part")
    await h.flush()
    raise HTTPError(401)


async def raises_after_awaiting(h: Any) -> None:
    count(h)
    await asyncio.sleep(0)
    raise HTTPError(409)


@gen.coroutine
def as_once_was(h: Any) -> Any:
    count(h)
    yield gen.moment
    raise HTTPError(422)


def finishes_by_exception(h: Any) -> None:
    count(h)
    h.set_status(400)
    raise Finish({"error": "no"})


def misses_an_argument(h: Any) -> None:
    count(h)
    h.get_argument("missing")


@authenticated
def must_be_signed_in(h: Any) -> None:
    raise AssertionError("nobody is")


def is_not_modified(h: Any) -> None:
    count(h)
    h.set_status(304)


class Refused(StateError):
    status = 418


BELOW_500: dict[str, tuple[Answer, int]] = {
    "raise 401": (raises(HTTPError(401)), 401),
    "raise with a log line": (raises(HTTPError(401, "wrong password for %s", "ann")), 401),
    "raise 499": (raises(HTTPError(499, reason="Gone Away")), 499),
    "raise MissingArgumentError": (raises(MissingArgumentError("name")), 400),
    "raise a state error": (raises(Refused("no")), 418),
    "raise Finish": (finishes_by_exception, 400),
    "raise in a coroutine": (raises_after_awaiting, 409),
    "raise in a coroutine as once was": (as_once_was, 422),
    "a missing argument": (misses_an_argument, 400),
    "set_status": (sets_status, 401),
    "send_error": (sends_error, 429),
    "finish": (finishes, 403),
    "redirect": (redirects, 302),
    "stream": (streams, 404),
    "stream and raise": (streams_and_raises, 200),
    "not modified": (is_not_modified, 304),
}


# Row 4
@pytest.mark.parametrize("where", ["post", "prepare", "prepare awaited", "prepare of a stream"])
@pytest.mark.parametrize("answer", BELOW_500)
async def test_an_answer_below_500_counts_however_it_is_given(answer: str, where: str) -> None:
    """A counter of failed tries counts, whichever of Tornado's ways the refusal takes."""
    refuse, status = BELOW_500[answer]

    async def awaited(h: Any) -> None:
        await asyncio.sleep(0)
        if isinstance(made := refuse(h), Awaitable):
            await made

    hook = {"post": "post", "prepare": "prepare"}.get(where, "prepare")
    do_nothing = {"post": lambda h: None, "data_received": lambda h, data: None}
    made = {**do_nothing, hook: refuse if hook == where else awaited}
    refusing = type("Refusing", (Everything,), made)
    if where == "prepare of a stream":
        refusing = stream_request_body(refusing)
    async with serving(ROUTES | {"/refuse": refusing}) as browser:
        for tries in (1, 2):
            assert (await browser.fetch("/refuse", "POST", body=b"data")).code == status
            tried = {"visits": tries, "theme": "tried", "draft": ["x"] * tries}
            assert await browser.values() == EMPTY | tried


def with_error_page(status: int) -> type[Everything]:
    class WithErrorPage(Everything):
        def post(self) -> None:
            count(self)
            raise HTTPError(int(self.get_argument("status")))

        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.set_status(status)
            self.finish(f"instead of {status_code}")

    return WithErrorPage


# Row 4
@pytest.mark.parametrize(("raised", "sent"), [(401, 200), (404, 302), (400, 400), (401, 503)])
async def test_an_error_page_of_ones_own_decides_by_what_it_sends(raised: int, sent: int) -> None:
    """With `write_error` overridden, what counts is the status that goes out."""
    async with serving(ROUTES | {"/refuse": with_error_page(sent)}) as browser:
        assert (await browser.fetch(f"/refuse?status={raised}", "POST")).code == sent
        assert (await browser.values())["visits"] == (sent < 500)


# Row 4
async def test_the_decorators_of_tornado_answer_like_anything_else() -> None:
    """`authenticated`, `addslash` and `removeslash` redirect, and what was counted counts."""

    class Counting(Everything):
        def prepare(self) -> None:
            if self.request.path != "/":
                count(self)

        get = authenticated(Everything.get)

    class Slash(Counting):
        get = addslash(Everything.get)

    class NoSlash(Counting):
        get = removeslash(Everything.get)

    routes = ROUTES | {"/in": Counting, "/slash": Slash, "/noslash/*": NoSlash}
    async with serving(routes, login_url="/login") as browser:
        for number, path in enumerate(("/in", "/slash", "/noslash/"), 1):
            assert (await browser.fetch(path)).code in {301, 302}
            assert (await browser.values())["visits"] == number
        assert (await browser.fetch("/in", "POST")).code == 405
        assert (await browser.values())["visits"] == 4


def divides(h: Any) -> None:
    count(h)
    raise ZeroDivisionError


def answers_500(h: Any) -> None:
    count(h)
    h.set_status(500)


def sends_503(h: Any) -> None:
    count(h)
    h.send_error(503)


async def never_comes_to_an_end(h: Any) -> None:
    count(h)
    async with asyncio.timeout(0):
        await asyncio.Event().wait()


def assigns_wrong(h: Any) -> None:
    count(h)
    h.state[VISITS] = "three"


@pytest.mark.parametrize(
    "fail",
    [divides, answers_500, sends_503, never_comes_to_an_end, assigns_wrong, raises(HTTPError(599))],
)
@pytest.mark.parametrize("where", ["post", "prepare"])
async def test_an_answer_of_500_and_above_keeps_nothing(fail: Answer, where: str) -> None:
    """What nobody foresaw, and every answer of 500 and above, keeps nothing and sends no cookie."""
    routes = ROUTES | {"/fail": type("Failing", (Everything,), {where: fail, "post": fail})}
    async with serving(routes) as browser:
        response = await browser.fetch("/fail", "POST")
        assert response.code >= 500
        assert not response.headers.get_list("Set-Cookie")
        assert await browser.values() == EMPTY
        await browser.fetch("/fill", "POST")
        await browser.fetch("/fail", "POST")
        assert await browser.values() == FILLED
