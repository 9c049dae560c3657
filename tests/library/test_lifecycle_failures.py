"""What fails commits nothing, sends no cookie, and is answered and logged as what it is."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from state_app import BASKET, LINES, PLACED, THEME, Visitor, World, handler, serving, with_session
from state_routes import (
    NOTHING,
    ONE,
    ROUTES,
    SESSION,
    THEME_COOKIE,
    Shop,
    begin,
    set_cookies,
    write,
)
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.web import Finish, HTTPError, MissingArgumentError
from tornado_state import (
    SIGNED_COOKIE,
    InvalidValue,
    Kind,
    StateError,
    StateHandler,
    StoreRefused,
    StoreUnavailable,
)
from tornado_state.stores import SessionRecord
from watched_store import Clock, WatchedStore


def failing(error: BaseException) -> object:
    def post(self: StateHandler) -> None:
        write(self)
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
    "server error raised": (failing(HTTPError(502)), 502),
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
        before = ONE if known else NOTHING
        assert (await browser.get("/")).body == before


def finishing(self: StateHandler) -> None:
    write(self)
    raise Finish


class Unauthorized(StateError):
    """An error of an application, with a status of its own."""

    status = 401


ANSWERS = {
    "answered": answering(422),
    "raised": failing(HTTPError(401)),
    "of the layer": failing(Unauthorized()),
    "an argument missing": failing(MissingArgumentError("q")),
    "finished": handler(THEME, BASKET, post=finishing),
}


@pytest.mark.parametrize("odd", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_below_500_keeps_state_however_it_was_given(odd: object) -> None:
    """A failed-tries counter counts, though the answer is raised."""
    world = World()
    async with serving(world, {**ROUTES, "/odd": odd}) as browser:
        response = await browser.get("/odd", "POST")
        assert response.code < 500
        assert set_cookies(response) == [SESSION, THEME_COOKIE]
        assert (await browser.get("/")).body != NOTHING


async def test_what_was_committed_reaches_the_visitor_of_a_request_that_failed() -> None:
    """Its cookie goes out with the error page; what came after it is not kept."""

    async def post(self: StateHandler) -> None:
        self.state[THEME], self.state[BASKET] = "dark", 1
        await self.state.commit()
        self.state[THEME], self.state[BASKET] = "light", 2
        raise ZeroDivisionError

    world = World()
    async with serving(world, {**ROUTES, "/odd": handler(THEME, BASKET, post=post)}) as browser:
        response = await browser.get("/odd", "POST")
        assert (response.code, set_cookies(response)) == (500, [SESSION, THEME_COOKIE])
        assert (await browser.get("/")).body == ONE


COMMIT_FAILURES = {
    "unavailable": (StoreUnavailable("away"), 503),
    "refused": (StoreRefused("full"), 503),
    "unforeseen": (ZeroDivisionError(), 500),
}


class Apology(Shop):
    """The shop, with an error page of its own."""

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Say what went wrong, and what the state is."""
        error = kwargs["exc_info"][1]  # type: ignore[index]
        self.finish(f"{status_code} {type(error).__name__} {self.basket}")


@pytest.mark.parametrize(("why", "status"), COMMIT_FAILURES.values(), ids=COMMIT_FAILURES)
@pytest.mark.parametrize("known", [True, False], ids=["session", "anonymous"])
async def test_a_commit_that_failed_is_answered_by_the_handlers_own_error_page(
    why: Exception, status: int, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Its status, no cookie, the state as it was; one line in the access log says what was sent."""
    caplog.set_level(logging.INFO)
    world = World()
    async with serving(world, {"/": Apology}) as browser:
        if known:
            await begin(browser, world)
        world.store.fail("add", "cas", why=why)
        caplog.clear()
        response = await browser.get("/?theme=light", "POST")
    assert response.code == status
    name = type(why).__name__ if isinstance(why, StoreUnavailable | StoreRefused) else "StateError"
    assert response.body.decode() == f"{status} {name} {1 if known else 0}"
    assert set_cookies(response) == []
    assert ("Retry-After" in response.headers) is (status == 503)
    access = [line for line in caplog.messages if "POST /?theme=light (127.0.0.1)" in line]
    lines = [line for line in access if line.endswith("ms")]
    assert [line[:3] for line in lines] == [str(status)]


async def test_how_long_to_wait_is_the_errors_own_unless_the_handler_says_so() -> None:
    """Where nobody could tell, or the store refused; with any other 503 it is the handler's."""

    class Patient(Shop):
        def set_default_headers(self) -> None:
            """Ask for patience."""
            self.set_header("Retry-After", "120")

    routes = {**ROUTES, "/patient": Patient, "/closed": answering(503)}
    world = World()
    async with serving(world, routes) as browser:
        await begin(browser, world)
        assert "Retry-After" not in (await browser.get("/closed", "POST")).headers
        world.store.fail("cas", why=StoreRefused("full"))
        assert (await browser.get("/", "POST")).headers["Retry-After"] == "5"
        assert (await browser.get("/patient", "POST")).headers["Retry-After"] == "120"
        world.store.fail("load")
        assert (await browser.get("/")).headers["Retry-After"] == "1"


@pytest.mark.parametrize("method", ["PROPFIND", "POST"])
async def test_a_failed_commit_is_answered_without_asking_the_request_anything_anew(
    method: str,
) -> None:
    """Neither its method, nor its body, nor a check of the handler makes another answer of it."""

    class Strict(Shop):
        SUPPORTED_METHODS = (*Shop.SUPPORTED_METHODS, "PROPFIND")  # type: ignore[assignment]
        asked = 0

        def check_xsrf_cookie(self) -> None:
            """Let the first one through."""
            type(self).asked += 1
            if type(self).asked > 1:
                raise HTTPError(403)

        def propfind(self) -> None:
            """Write, like `post`."""
            write(self)

    world = World(xsrf_cookies=True)
    async with serving(world, {"/": Strict}) as browser:
        world.store.fail("add")
        assert (await browser.get("/", method)).code == 503
        assert Strict.asked == 1


MARKS = Kind("marks", list[int], default=[], outlives_logout=True)
#: Under the longest name a kind may have, so that its largest value does not fit its cookie.
LARGE = Kind("large_enough_to_fill_a_cookie_32", str, size=2_982, outlives_logout=True)


async def test_a_value_too_large_is_413_and_what_else_was_changed_is_kept() -> None:
    """It is refused when it is assigned; raising that is an answer below 500 like any other."""

    def post(self: StateHandler) -> None:
        self.state[BASKET] = 99
        self.state[MARKS] = [9] * 1000

    world = World({**PLACED, MARKS: SIGNED_COOKIE})
    odd = handler(BASKET, MARKS, post=post)
    async with serving(world, {**ROUTES, "/odd": odd}) as browser:
        assert (await browser.get("/odd", "POST")).code == 413
        assert (await browser.get("/")).body == b'{"theme": null, "basket": 99}'


@pytest.mark.parametrize("both", [True, False], ids=["with session", "cookie only"])
@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda self: self.lines.append("x"), 500),
        (lambda self: self.marks.append("x"), 500),
        (lambda self: setattr(self, LARGE.name, "x" * 2_980), 413),
    ],
    ids=["in the session", "in a cookie", "too large"],
)
async def test_what_cannot_be_kept_is_answered_by_the_handlers_own_error_page(
    spoil: Any, status: int, both: bool
) -> None:
    """413 or 500, the old value intact, nothing half-kept, whether or not a commit was due."""

    def post(self: StateHandler) -> None:
        if both:
            self.state[BASKET] = 99
        spoil(self)

    world = World({**PLACED, MARKS: SIGNED_COOKIE, LARGE: SIGNED_COOKIE})
    odd = handler(THEME, BASKET, LINES, MARKS, LARGE, post=post)
    async with serving(world, {**ROUTES, "/odd": odd}) as browser:
        await begin(browser, world)
        response = await browser.get("/odd", "POST")
        assert response.code == status
        assert set_cookies(response) == []
        assert (await browser.get("/")).body == ONE


async def test_a_session_that_is_too_large_is_answered_with_413() -> None:
    """And the old value stands."""

    def post(self: StateHandler) -> None:
        self.state[LINES] = [1] * 32_767

    world = World()
    async with serving(world, {**ROUTES, "/large": handler(LINES, post=post)}) as browser:
        await begin(browser, world)
        assert (await browser.get("/large", "POST")).code == 413
        assert dict(world.store.operations) == {"load": 1}
        assert (await browser.get("/")).body == ONE


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


class LettingOut(WatchedStore):
    """A store that lets out the cancellation of a call within it, as a pool does that is closed."""

    calls: frozenset[str] = frozenset()

    async def _ask(self, name: str, *of: Any) -> Any:
        if name in self.calls:
            inner = asyncio.get_running_loop().create_future()
            inner.cancel()
            await inner
        return await getattr(super(), name)(*of)

    async def load(self, key: str) -> SessionRecord | None:
        return await self._ask("load", key)

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return await self._ask("cas", key, sealed, token, idle)

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await self._ask("add", key, sealed, idle)


@pytest.mark.parametrize(
    ("call", "path"),
    [("load", "/"), ("cas", "/"), ("cas", "/update"), ("add", "/"), ("cas", "/out")],
)
async def test_a_cancellation_that_the_store_lets_out_is_no_answer(call: str, path: str) -> None:
    """The client is told so, 503, and does not wait for ever; the session is as it was."""

    def post(self: StateHandler) -> None:
        self.state[BASKET] += 1

    async def update(self: StateHandler) -> None:
        await self.state.update(BASKET, lambda number: number + 1)

    def out(self: StateHandler) -> None:
        self.state.destroy()

    store = LettingOut(Clock())
    world = World(store=store)
    visitor = Visitor(world) if call == "add" else await with_session(world)
    methods = {"/": post, "/update": update, "/out": out}
    routes = {at: handler(BASKET, post=method) for at, method in methods.items()}
    async with serving(world, routes) as browser:
        browser.jar = visitor.cookies
        store.calls = frozenset({call})
        answer = await browser.get(path, "POST")
        assert (answer.code, set_cookies(answer)) == (503, [])
        store.calls = frozenset()
        assert (await browser.get("/", "POST")).code == 200
    assert await visitor.data() == {"basket": 1 if call == "add" else 2}


class Hanging(WatchedStore):
    """A store whose next lookup is given up by whoever closes the loop."""

    asked: asyncio.Future[SessionRecord | None] | None = None

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        """Return a task that is never done."""
        self.asked = asyncio.ensure_future(asyncio.Event().wait())  # type: ignore[assignment]
        return self.asked  # type: ignore[return-value]


async def test_a_lookup_that_is_given_up_begins_no_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The loop is being closed: nobody is there to answer, and nothing is to be done."""
    visitor, begun = await with_session(), []
    store = Hanging(visitor.world.clock)
    world = visitor.world.like(store=store)

    def get(self: StateHandler) -> None:
        begun.append(self)

    routes = {"/": handler(BASKET, get=get)}
    async with serving(world, routes) as browser:
        browser.jar = visitor.cookies
        asking = asyncio.ensure_future(browser.get("/"))
        while store.asked is None:
            await asyncio.sleep(0)
        store.asked.cancel()
        await asyncio.sleep(0)
        assert (begun, [each for each in caplog.records if each.name == "asyncio"]) == ([], [])
    with pytest.raises(HTTPStreamClosedError):
        await asking
