"""What fails commits nothing, sends no cookie, and is answered and logged as what it is."""

from __future__ import annotations

import logging

import pytest
from state_app import BASKET, THEME, Visitor, World, handler, serving
from state_routes import ROUTES, SESSION, begin, set_cookies, write
from tornado.web import HTTPError
from tornado_state import (
    InvalidValue,
    StateErrorHandler,
    StateHandler,
    StoreRefused,
    StoreUnavailable,
)


def failing(error: BaseException) -> object:
    def post(self: StateHandler) -> None:
        write(self)
        self.state.destroy()
        self.state[BASKET] = 99
        raise error

    return handler(THEME, BASKET, post=post)


def answering(status: int) -> object:
    def post(self: StateHandler) -> None:
        write(self)
        self.set_status(status)

    return handler(THEME, BASKET, post=post)


FAILURES = {
    "raised": (failing(ZeroDivisionError()), 500),
    "client error raised": (failing(HTTPError(404)), 404),
    "store": (failing(StoreUnavailable("away")), 503),
    "answered": (answering(500), 500),
    "unavailable": (answering(503), 503),
}


@pytest.mark.parametrize(("broken", "status"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("known", [True, False], ids=["session", "anonymous"])
async def test_a_handler_that_failed_commits_nothing(
    broken: object, status: int, known: bool
) -> None:
    """No write, no cookie, and what was there before is there after."""
    world = World()
    async with serving(world, {**ROUTES, "/broken": broken}) as browser:
        if known:
            await begin(browser, world)
        response = await browser.get("/broken?theme=light", "POST")
        assert response.code == status
        assert set_cookies(response) == []
        assert dict(world.store.operations) == ({"load": 1} if known else {})
        before = b'{"theme": "dark", "basket": 1}' if known else b'{"theme": null, "basket": null}'
        assert (await browser.get("/")).body == before


async def test_a_client_error_that_is_answered_keeps_state() -> None:
    """A 4xx that the handler answers itself is an answer like any other."""
    world = World()
    async with serving(world, {**ROUTES, "/odd": answering(422)}) as browser:
        assert set_cookies(await browser.get("/odd", "POST")) == [SESSION, "__Host-shop-theme"]


COMMIT_FAILURES = {
    "unavailable": (StoreUnavailable("away"), 503),
    "refused": (StoreRefused("full"), 503),
    "unforeseen": (ZeroDivisionError(), 500),
}


@pytest.mark.parametrize(("why", "status"), COMMIT_FAILURES.values(), ids=COMMIT_FAILURES)
@pytest.mark.parametrize("known", [True, False], ids=["session", "anonymous"])
async def test_a_commit_that_failed_is_answered_by_the_error_handler(
    why: Exception, status: int, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Its status, its body, no cookie; and one line in the access log says what was sent."""
    caplog.set_level(logging.INFO)

    class Apology(StateErrorHandler):
        def write_error(self, status_code: int, **kwargs: object) -> None:
            basket = self.state.get(BASKET)
            self.finish(f"{status_code} {type(self.error).__name__} {basket}")

    world = World()
    async with serving(world, ROUTES, Apology) as browser:
        if known:
            await begin(browser, world)
        world.store.fail("add", "cas", why=why)
        caplog.clear()
        response = await browser.get("/?theme=light", "POST")
    assert response.code == status
    name = type(why).__name__ if isinstance(why, StoreUnavailable | StoreRefused) else "StateError"
    assert response.body.decode() == f"{status} {name} {1 if known else None}"
    assert set_cookies(response) == []
    access = [line for line in caplog.messages if "POST /?theme=light (127.0.0.1)" in line]
    lines = [line for line in access if line.endswith("ms")]
    assert [line[:3] for line in lines] == [str(status)]


async def test_the_error_handler_finds_the_state_as_it_was() -> None:
    """Even one that answers without raising sees nothing of what could not be kept."""

    class Calm(StateErrorHandler):
        def prepare(self) -> None:
            self.set_status(self.error.status)
            self.finish(str(self.state.get(BASKET)))

    world = World()
    async with serving(world, ROUTES, Calm) as browser:
        await begin(browser, world)
        world.store.fail("cas")
        response = await browser.get("/?theme=light", "POST")
        assert (response.code, response.body) == (503, b"1")
        assert set_cookies(response) == []


@pytest.mark.parametrize(
    ("value", "status"), [("x" * 5000, 413), ("\ud800", 500)], ids=["too large", "not JSON"]
)
@pytest.mark.parametrize("both", [True, False], ids=["with session", "cookie only"])
async def test_a_cookie_that_cannot_be_kept_is_answered_by_the_error_handler(
    value: str, status: int, both: bool
) -> None:
    """413 or 500, the old value intact, nothing half-kept, whether or not a commit was due."""

    def post(self: StateHandler) -> None:
        self.state[THEME] = value
        if both:
            self.state[BASKET] = 99

    world = World()
    async with serving(world, {**ROUTES, "/odd": handler(THEME, BASKET, post=post)}) as browser:
        await begin(browser, world)
        response = await browser.get("/odd", "POST")
        assert response.code == status
        assert set_cookies(response) == []
        assert (await browser.get("/")).body == b'{"theme": "dark", "basket": 1}'


async def test_a_session_that_is_too_large_is_answered_with_413() -> None:
    """And the old value stands."""

    def post(self: StateHandler) -> None:
        self.state[BASKET] = "x" * 65_536

    world = World()
    async with serving(world, {**ROUTES, "/large": handler(BASKET, post=post)}) as browser:
        await begin(browser, world)
        assert (await browser.get("/large", "POST")).code == 413
        assert dict(world.store.operations) == {"load": 1}
        assert (await browser.get("/")).body == b'{"theme": "dark", "basket": 1}'


async def test_a_conflict_is_answered_with_409() -> None:
    """The later of two writers is told, and the earlier one's value stands."""
    world = World()

    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        elsewhere = Visitor(world.like(), browser.jar)
        world.store.let_go_first("cas", lambda: elsewhere.assign(basket=2))
        assert (await browser.get("/", "POST")).code == 409
        assert (await browser.get("/")).body == b'{"theme": "dark", "basket": 2}'


async def test_an_expected_error_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A traceback is for what nobody foresaw."""
    world = World()
    broken = {"/away": failing(StoreUnavailable("away")), "/bug": failing(InvalidValue("a", "b"))}
    async with serving(world, broken) as browser:
        await browser.get("/away", "POST")
        assert not [record for record in caplog.records if record.exc_info]
        await browser.get("/bug", "POST")
        assert [record for record in caplog.records if record.exc_info]
