"""What is newer than a process is told apart from absence: nothing of it is replaced or ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from abroad_app import (
    ANN,
    FILLED,
    NEWER_SECRET,
    ROUTES,
    SECRET,
    Browser,
    Everything,
    cookie_names,
    handler,
    serving,
)
from commanded_store import Clock, CommandedStore
from tornado_state import Kind, StateHandler

OLD, NEW = {0: SECRET}, {0: SECRET, 1: NEWER_SECRET}


async def update(h: Any, kind: Any, value: Any) -> None:
    await h.state.update(kind, lambda old: value)


def assign(h: Any, kind: Any, value: Any) -> None:
    h.state[kind] = value


#: Whatever needs what is there, or would replace it.
USES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "read": lambda h, kind, value: h.state[kind],
    "get": lambda h, kind, value: h.state.get(kind, value),
    "contains": lambda h, kind, value: kind in h.state,
    "assign": assign,
    "update": update,
    "drop": lambda h, kind, value: h.state.__delitem__(kind),
    "pop": lambda h, kind, value: h.state.pop(kind, value),
    "setdefault": lambda h, kind, value: h.state.setdefault(kind, value),
}
OF_THE_SESSION: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sign_in": lambda h, kind, value: h.state.sign_in(ANN),
    "sign_out": lambda h, kind, value: h.state.destroy(),
    "renew": lambda h, kind, value: h.state.renew_id(),
    "reload": lambda h, kind, value: h.state.reload(),
    "who": lambda h, kind, value: h.current_user,
}


async def run(h: Any, kind: Any, value: Any) -> None:
    made = {**USES, **OF_THE_SESSION}[h.get_argument("use")](h, kind, value)
    if made is not None and hasattr(made, "__await__"):
        await made


@asynccontextmanager
async def two_releases(old: Any, new: Any, **differences: Any) -> AsyncIterator[Any]:
    """Serve two releases on one store: gives a browser of each, with one jar."""
    clock = Clock()
    store = CommandedStore(clock)
    common = {"state_clock": clock, "session_store": store}
    was = differences.get("was", {})
    async with (
        serving(old, **common, **was) as before,
        serving(new, **common, **differences.get("now", {})) as after,
    ):
        before.jar = after.jar
        yield before, after


async def refused(browser: Browser, use: str) -> None:
    """See that a use is answered with 503, and that no cookie is touched."""
    response = await browser.fetch(f"/use?use={use}", "POST")
    assert response.code == 503, use
    assert response.headers["Retry-After"], use
    assert not cookie_names(response), use


def using(kind: Kind[Any], value: Any, base: type[StateHandler] = Everything) -> dict[str, Any]:
    async def post(h: Any) -> None:
        await run(h, kind, value)

    return {"/use": handler(base, post=post)}


# Row 10
@pytest.mark.parametrize("use", [*USES, *OF_THE_SESSION])
async def test_a_session_cookie_of_a_newer_secret_is_not_ended(use: str) -> None:
    """A session ID signed with a secret not known here: 503, and the newer process still has it."""
    routes = ROUTES | using(Everything.visits, 5)
    async with two_releases(
        routes, routes, was={"cookie_secret": OLD}, now={"cookie_secret": NEW}
    ) as (before, after):
        await after.fetch("/fill", "POST")
        await refused(before, use)
        assert await after.values() == FILLED


# Row 10
@pytest.mark.parametrize("use", USES)
async def test_a_value_of_a_newer_secret_is_not_replaced(use: str) -> None:
    """A cookie's value signed with a secret not known here: 503 for whoever needs it."""
    theme = Kind("theme", str, default="system", outage_proof=True)

    class Page(StateHandler):
        shown = theme

        def get(self) -> None:
            self.write({"theme": self.shown})

        def post(self) -> None:
            self.shown = "light"

    routes = {"/": Page, "/elsewhere": handler(get=lambda h: None)} | using(theme, "dark", Page)
    async with two_releases(
        routes, routes, was={"cookie_secret": OLD}, now={"cookie_secret": NEW}
    ) as (before, after):
        await after.fetch("/", "POST")
        await refused(before, use)
        assert (await before.fetch("/elsewhere")).code == 200
        assert await after.values() == {"theme": "light"}


# Row 10
@pytest.mark.parametrize("use", ["sign_in", "sign_out", "who"])
async def test_who_is_signed_in_under_a_newer_secret_stays_so(use: str) -> None:
    """The same with the identity in a cookie, and no session at all."""
    who = Kind("who", str, identity=True)

    class Page(StateHandler):
        user = who

        def get(self) -> None:
            self.write({"user": self.current_user})

        async def post(self) -> None:
            if self.get_argument("use", "sign_in") == "sign_in":
                self.state.sign_in("ann")
            else:
                await run(self, who, "")

    routes = {"/": Page, "/use": Page}
    differ = {"was": {"cookie_secret": OLD}, "now": {"cookie_secret": NEW}}
    async with two_releases(routes, routes, **differ) as (before, after):
        await after.fetch("/", "POST")
        await refused(before, use)
        assert await after.values() == {"user": "ann"}


# Row 10
@pytest.mark.parametrize("use", [*USES, *OF_THE_SESSION])
async def test_a_record_of_a_newer_format_is_not_ended(use: str) -> None:
    """A record written in a format not known here: 503, and not one byte of it is touched."""
    async with serving(ROUTES | using(Everything.visits, 5)) as browser:
        await browser.fetch("/fill", "POST")
        browser.store.tamper(lambda sealed: b"\x03" + sealed[1:])
        kept = dict(browser.store._kept)
        await refused(browser, use)
        assert browser.store._kept == kept
        browser.store.tamper(lambda sealed: b"\x01" + sealed[1:])
        assert await browser.values() == FILLED


IN_SESSION: dict[str, Any] = {"fresh": True}
IN_COOKIE: dict[str, Any] = {"outage_proof": True}


# Row 10
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("needs", [IN_SESSION, IN_COOKIE], ids=["session", "cookie"])
async def test_a_value_of_a_newer_version_is_not_replaced(needs: Any, use: str) -> None:
    """A value of a later version of its kind: 503 for whoever needs it, the rest goes on."""
    first = Kind("shape", int, default=0, **needs)
    second = Kind("shape", list[int], default=[], version=2, migrations={1: lambda n: [n]}, **needs)

    def page(kind: Any, value: Any) -> dict[str, Any]:
        class Page(StateHandler):
            shape, visits = kind, Everything.visits

            def get(self) -> None:
                self.write({"shape": self.shape, "visits": self.visits})

            def post(self) -> None:
                self.shape = value

            def put(self) -> None:
                self.visits = 3

        return {"/": Page} | using(kind, value, Page)

    async with two_releases(page(first, 1), page(second, [7])) as (before, after):
        await before.fetch("/", "POST")
        assert (await after.values())["shape"] == [1]
        assert (await before.values())["shape"] == 1
        await after.fetch("/", "POST")
        await refused(before, use)
        assert (await before.fetch("/", "PUT")).code == 200
        assert await after.values() == {"shape": [7], "visits": 3}


# Row 10
async def test_a_secret_is_rolled_in_without_losing_anybody() -> None:
    """Known everywhere before it signs anywhere: nobody is signed out, nobody is answered 503."""
    both_but_old = {"cookie_secret": NEW, "key_version": 0}
    steps = [{"cookie_secret": OLD}, both_but_old, {"cookie_secret": NEW}]
    for was, now in pairwise(steps):
        async with two_releases(ROUTES, ROUTES, was=was, now=now) as (before, after):
            await after.fetch("/fill", "POST")
            assert await before.values() == await after.values() == FILLED
            await after.fetch("/login", "POST")
            for browser in (before, after, before):
                assert (await browser.values())["user"] == "ann"


# Row 10
@pytest.mark.parametrize("junk", ["2|1:9|1:0|1:8|4:MTIz|" + "0" * 64, "2|1:9|1:0|1:9|4:MTIz|00"])
async def test_what_only_resembles_a_newer_secret_is_junk(junk: str) -> None:
    """A value that is not signed as this layer signs is absent, whatever version it claims."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        browser.jar = dict.fromkeys(browser.jar, junk)
        assert (await browser.fetch("/")).code == 200
