"""Two requests at once: equal changes are none, a renewed ID still reads for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import (
    ANN,
    CART,
    EMPTY,
    FILLED,
    ROUTES,
    VISITS,
    Browser,
    Everything,
    elsewhere,
    handler,
    serving,
)
from commanded_store import after
from tornado_state import Kind

FLASH = Kind("flash", list[str], default=[], fresh=True)
ONCE = Kind("once", str, fresh=True)


async def take(h: Any) -> None:
    h.write({"flash": h.state.pop(FLASH), "once": h.state.pop(ONCE, None)})


def take_by_del(h: Any) -> None:
    h.write({"flash": h.flash, "once": h.once})
    del h.flash, h.once


def take_by_clear(h: Any) -> None:
    h.write({"flash": [*h.flash], "once": h.once})
    h.flash.clear()
    h.once = None


async def take_and_commit(h: Any) -> None:
    await take(h)
    await h.state.commit()


def set_alike(h: Any) -> None:
    h.flash, h.once = ["seen"], "done"


def set_alike_within(h: Any) -> None:
    h.flash.append("seen")
    h.state[ONCE] = "done"


def set_back(h: Any) -> None:
    """Leave it as it is, by many words."""
    h.flash = [*h.flash]
    h.once = h.state[ONCE]


ALIKE = [take, take_by_del, take_by_clear, take_and_commit, set_alike, set_alike_within, set_back]


def together(*gets: Callable[[Any], Any]) -> dict[str, Any]:
    page = handler(Everything, flash=FLASH, once=ONCE)
    return {
        "/": handler(page, post=lambda h: (setattr(h, "flash", ["hi"]), setattr(h, "once", "x"))[0])
    } | {f"/{number}": handler(page, get=get) for number, get in enumerate(gets)}


# Row 25
@pytest.mark.parametrize("change", ALIKE, ids=lambda change: change.__name__)
async def test_two_tabs_that_do_the_same_are_both_answered(change: Any) -> None:
    """Two pages that take the same message, or set the same, are 200: a GET is no conflict."""
    routes = together(change)
    async with serving(routes) as browser, elsewhere(browser, routes) as other:
        await browser.fetch("/", "POST")
        other.jar = browser.jar

        async def goes_first() -> None:
            assert (await other.fetch("/0")).code == 200

        browser.store.tell("cas", after(goes_first))
        assert (await browser.fetch("/0")).code == 200


# Row 25
@pytest.mark.parametrize("first", [take, take_by_del, take_by_clear])
@pytest.mark.parametrize("second", [take, take_by_del, take_and_commit])
async def test_two_ways_to_take_a_message_agree(first: Any, second: Any) -> None:
    """However two pages drop what is there, neither is answered 409, and it is gone."""
    routes = together(first, second, take)
    async with serving(routes) as browser, elsewhere(browser, routes) as other:
        await browser.fetch("/", "POST")
        other.jar = browser.jar

        async def goes_first() -> None:
            assert (await other.fetch("/0")).code == 200

        browser.store.tell("cas", after(goes_first))
        assert (await browser.fetch("/1")).code == 200
        assert (await browser.fetch("/2")).body == b'{"flash": [], "once": null}'


# Row 25
@pytest.mark.parametrize("kind", [VISITS, CART], ids=["concurrent", "not concurrent"])
async def test_what_each_counted_is_never_taken_for_one(kind: Any) -> None:
    """Two that count to the same number have counted two: told, unless nobody minds."""
    change = {
        VISITS: lambda h: setattr(h, "visits", h.visits + 1),
        CART: lambda h: h.cart.append("x"),
    }
    routes = ROUTES | {"/run": handler(Everything, post=change[kind])}
    async with serving(routes) as browser, elsewhere(browser, routes) as other:
        await browser.fetch("/fill", "POST")
        other.jar = browser.jar

        async def goes_first() -> None:
            assert (await other.fetch("/run", "POST")).code == 200

        browser.store.tell("cas", after(goes_first))
        expected = 409 if kind is VISITS else 200
        assert (await browser.fetch("/run", "POST")).code == expected


RENEWING = ROUTES | {
    "/renew": handler(Everything, post=lambda h: h.state.renew_id()),
    "/renew-hard": handler(Everything, post=lambda h: h.state.renew_id(grace=False)),
}


async def renewed(browser: Browser, path: str = "/renew") -> Browser:
    """Renew the session; returns who still has the old ID: a request that was under way."""
    late = browser.copy()
    await browser.fetch(path, "POST")
    assert late.jar != browser.jar
    return late


# Row 26
async def test_a_request_under_way_reads_after_a_renewal() -> None:
    """For ten seconds the old ID reads what stood there; then it is nobody's."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/fill", "POST")
        late = await renewed(browser)
        assert await late.values() == await browser.values() == FILLED
        clock = browser.application.settings["state_clock"]
        clock.pass_(9)
        assert await late.values() == FILLED
        clock.pass_(2)
        assert await late.values() == EMPTY | {"theme": "light", "draft": ["d"]}
        assert await browser.values() == FILLED


# Row 26
async def test_who_is_signed_in_is_read_after_a_renewal_too() -> None:
    """A page that was asked for before a renewal of the ID shows who is signed in."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/login", "POST")
        late = await renewed(browser)
        assert (await late.values())["user"] == "ann"


# Row 26
@pytest.mark.parametrize("write", ["/count", "/renew"])
async def test_a_request_under_way_writes_nothing_after_a_renewal(write: str) -> None:
    """What is written under the old ID is 401 and kept nowhere: it could have been planted."""
    count = handler(Everything, post=lambda h: setattr(h, "visits", h.visits + 1))
    async with serving(RENEWING | {"/count": count}) as browser:
        await browser.fetch("/fill", "POST")
        late = await renewed(browser)
        before = dict(browser.store._kept)
        response = await late.fetch(write, "POST")
        assert response.code == (200 if write == "/renew" else 401)
        assert not response.headers.get_list("Set-Cookie")
        assert browser.store._kept == before


# Row 26
async def test_nothing_of_what_came_after_is_read_by_the_old_id() -> None:
    """The old ID reads what stood at the renewal, never what its owner does since."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/fill", "POST")
        late = await renewed(browser)
        run = handler(Everything, post=lambda h: h.cart.append("secret"))
        browser.application.add_handlers(".*", [("/secret", run)])
        await browser.fetch("/secret", "POST")
        assert (await late.values())["cart"] == ["a"]


# Row 26
@pytest.mark.parametrize("path", ["/login", "/renew-hard"])
async def test_a_sign_in_gives_nothing_to_the_old_id(path: str) -> None:
    """After a sign-in, and a renewal that is to be hard, the old ID reads nothing at all."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/fill", "POST")
        late = await renewed(browser, path)
        late.jar = {"state-session-id": late.jar["state-session-id"]}
        assert await late.values() == EMPTY


# Row 26
async def test_a_sign_out_under_way_reaches_the_renewed_session() -> None:
    """Whoever signs out with the old ID ends the session under its new one."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/login", "POST")
        late = await renewed(browser)
        assert (await late.fetch("/login", "DELETE")).code == 200
        assert (await browser.values())["user"] is None


# Row 26
async def test_a_sign_in_under_the_old_id_is_a_session_of_its_own() -> None:
    """A sign-in that was under way when the ID was renewed gets a session, and inherits nothing."""
    async with serving(RENEWING) as browser:
        await browser.fetch("/fill", "POST")
        late = await renewed(browser)
        assert (await late.fetch("/login", "POST")).code == 200
        assert (await late.values())["user"] == ANN["id"]
        assert (await browser.values())["user"] is None
