"""A kind that moves from one tier to the other, and back, while both releases run."""

from __future__ import annotations

import pytest
from old_visitors import (
    MOVED_FROM_COOKIE,
    MOVED_FROM_SESSION,
    SECRET,
    Predecessors,
    Release,
    Shown,
    old_cookie,
    shop,
    shown,
)
from state_app import request_of, serving_application
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from tornado_state import CompositionError, Kind, StateApplication, StateWebSocketHandler
from tornado_state.open_state import OpenState
from tornado_state.predecessors import from_signed_cookie
from tornado_state.visit import Visit

CART_COOKIE = "__Host-shop-cart"


def releases() -> tuple[Release, Release]:
    """Return a release with the cart in a cookie and one with it in the session; both know."""
    in_cookie = Release(None, [MOVED_FROM_SESSION])
    return in_cookie, Release(in_cookie, [MOVED_FROM_COOKIE], fresh=True)


async def test_it_moves_back_and_forth_and_nothing_is_lost() -> None:
    """Whichever release is asked next, with what the other one has written; in one place."""
    in_cookie, in_session = releases()
    async with (
        serving_application(in_cookie.application()) as before,
        serving_application(in_session.application()) as after,
    ):
        after.jar = before.jar
        await before.get("/?name=ann", method="PUT")
        expected = []
        for number, browser in enumerate([before, after, after, before, before, after] * 2):
            expected.append(f"tea {number}")
            assert (await shown(browser, f"/?add=tea+{number}"))["cart"] == expected
            assert (CART_COOKIE in browser.jar) is (browser is before)
        assert await shown(before, "/?drop=cart") == {"user": "ann", "cart": [], "ended": False}
        assert [(await shown(each))["cart"] for each in (after, before)] == [[], []]


async def test_what_is_bound_to_a_person_moves_with_that_person_only() -> None:
    """A cart of Ann's is not brought into Eve's session."""
    in_cookie, in_session = releases()
    async with (
        serving_application(in_cookie.application()) as before,
        serving_application(in_session.application()) as after,
    ):
        await before.get("/?name=ann", method="PUT")
        await shown(before, "/?add=tea")
        after.jar = {CART_COOKIE: before.jar[CART_COOKIE]}
        assert (await shown(after))["cart"] == []
        assert CART_COOKIE not in after.jar


async def test_an_identity_moves_into_the_session() -> None:
    """With the cart that was bound to it; a copy of the old cookie is dead after sign-out."""
    before_kinds = {
        "user": Kind("user", str, identity=True),
        "cart": Kind("cart", list[str], default=[]),
    }
    world = Release(None, [])
    world.user = before_kinds["user"]
    after = Release(world, [MOVED_FROM_COOKIE], fresh=True)
    after.user = Kind("user", str, identity=True, revocable=True, adopts=[MOVED_FROM_COOKIE])
    async with (
        serving_application(world.application()) as old,
        serving_application(after.application()) as new,
    ):
        await old.get("/?name=ann", method="PUT")
        await shown(old, "/?add=tea")
        copied = dict(old.jar)
        new.jar = dict(copied)
        assert await shown(new) == {"user": "ann", "cart": ["tea"], "ended": False}
        assert set(new.jar) == {"__Host-shop-session-id"}
        await new.get("/", method="POST")
        new.jar = copied
        assert (await shown(new))["user"] is None


async def test_two_processes_at_once_move_it_once() -> None:
    """The one that is later sees what the earlier one has brought over, and written since."""
    in_cookie, in_session = releases()
    in_cookie.user = in_session.user = Kind("user", str, identity=True, revocable=True)
    async with (
        serving_application(in_cookie.application()) as before,
        serving_application(in_session.application()) as after,
        serving_application(in_session.application()) as other,
    ):
        await before.get("/?name=ann", method="PUT")
        await shown(before, "/?add=tea")
        after.jar = dict(before.jar)
        other.jar = dict(before.jar)

        async def first() -> None:
            await shown(other, "/?add=salt")

        in_session.store.let_go_first("cas", first)
        assert (await shown(after))["cart"] == ["tea", "salt"]


async def test_a_value_of_an_older_version_is_brought_up() -> None:
    """By the kind's migrations, on its way; a newer one stays where it is."""
    world = Release(None, [])
    moved = Release(
        world, [MOVED_FROM_COOKIE], fresh=True, version=2, migrations={1: lambda v: [*v, "new"]}
    )
    older = Release(world, [MOVED_FROM_COOKIE], fresh=True)
    newer = Release(world, [], version=2)
    async with (
        serving_application(world.application()) as old,
        serving_application(moved.application()) as new,
        serving_application(newer.application()) as ahead,
        serving_application(older.application()) as behind,
    ):
        await shown(old, "/?add=tea")
        new.jar = dict(old.jar)
        assert (await shown(new))["cart"] == ["tea", "new"]
        await shown(ahead, "/?add=tea")
        behind.jar = dict(ahead.jar)
        assert (await shown(behind))["cart"] == []
        assert (await shown(ahead))["cart"] == ["tea"]


async def test_what_a_newer_release_has_in_the_session_is_not_replaced() -> None:
    """Nor is its old cookie cleared for it: 503, for whoever needs it."""
    world = Release(None, [])
    newer = Release(world, [], fresh=True, version=2)
    older = Release(world, [MOVED_FROM_COOKIE], fresh=True)
    async with (
        serving_application(world.application()) as old,
        serving_application(newer.application()) as ahead,
        serving_application(older.application()) as behind,
    ):
        await shown(old, "/?add=tea")
        await shown(ahead, "/?add=salt")
        behind.jar = {**old.jar, **ahead.jar}
        assert (await behind.get("/")).code == 503
        ahead.jar = behind.jar
        assert (await shown(ahead))["cart"] == ["salt"]


async def test_what_does_not_fit_into_a_cookie_stays_in_the_session() -> None:
    """The page answers, and the release before has it still."""
    world = Release(None, [], fresh=True, size=8000)
    moved = Release(world, [MOVED_FROM_SESSION], size=2000)
    async with (
        serving_application(world.application()) as old,
        serving_application(moved.application()) as new,
    ):
        await shown(old, f"/?add={'x' * 4000}")
        new.jar = old.jar
        assert (await shown(new))["cart"] == []
        assert (await shown(old))["cart"] == ["x" * 4000]


class Socket(StateWebSocketHandler):
    """Says who is there."""

    def open(self, *args: str, **kwargs: str) -> None:
        self.write_message(self.current_user or "nobody")


async def test_a_handshake_brings_over_as_well() -> None:
    """A socket that is opened anew after the release need not be refused."""
    old = Predecessors()
    socket = type("Socket", (Socket,), {"user": old.user})
    async with serving_application(shop(old, {"/": socket})) as browser:
        jar = old.jar("tornado")
        headers = {"Cookie": f"user={jar['user']}", "X-Forwarded-Proto": "https"}
        request = HTTPRequest(f"ws://127.0.0.1:{browser.port}/", headers=headers)
        connection = await websocket_connect(request)
        assert await connection.read_message() == "ann"
        connection.close()


def test_a_kind_has_not_moved_from_where_it_is() -> None:
    """Nor from a session where there is none, nor the sign-in into a cookie; told at the start."""
    for adopts, needs, why in (
        ([MOVED_FROM_COOKIE], {}, "kept in a signed cookie"),
        ([MOVED_FROM_SESSION], {"fresh": True}, "kept in a server session"),
        ([MOVED_FROM_SESSION], {"identity": True}, "does not move to a cookie"),
    ):
        kind = Kind("moved", str, adopts=adopts, **needs)
        with pytest.raises(CompositionError, match=why):
            shop(Release(None, []), {"/": type("Page", (Socket,), {"moved": kind})})
    kind = Kind("moved", str, adopts=[MOVED_FROM_SESSION])
    with pytest.raises(CompositionError, match="there is no session_store"):
        StateApplication([("/", type("Page", (Socket,), {"moved": kind}))], cookie_secret=SECRET)
    with pytest.raises(CompositionError, match="adopts is a list of what"):
        Kind("moved", str, adopts=["user"])  # type: ignore[list-item]


async def test_an_application_without_sessions_adopts_into_cookies() -> None:
    """Tornado's own cookie of a preference becomes ours; no store is needed."""
    old = Predecessors()
    theme = Kind("theme", str, outlives_logout=True, adopts=[from_signed_cookie("theme")])
    page = type("Page", (Shown,), {"theme": theme})
    application = StateApplication([("/", page)], cookie_secret=SECRET, state_clock=old.clock)
    async with serving_application(application) as browser:
        browser.jar = {"theme": old_cookie("theme", "dark", old.clock)}
        assert (await shown(browser))["theme"] == "dark"
        assert list(browser.jar) == ["__Host-state-theme"]


async def test_what_is_opened_after_the_answer_brings_nothing_over() -> None:
    """That takes a cookie."""
    old = Predecessors()
    composition = old.application().composition
    visit = Visit.of(request_of(), composition.cookie_names)
    assert OpenState(composition, composition.requirements((old.user,)), visit)._adopting == ()


async def test_while_the_store_is_away_nothing_is_brought_over() -> None:
    """What is in a cookie is used; what is in the session is 503, and its old cookie stays."""
    in_cookie, in_session = releases()
    async with (
        serving_application(in_cookie.application()) as before,
        serving_application(in_session.application()) as after,
    ):
        await before.get("/?name=ann", method="PUT")
        await shown(before, "/?add=tea")
        after.jar = dict(before.jar)
        await shown(after, "/?add=salt")
        in_session.store.fail("load")
        jar = dict(after.jar)
        assert (await after.get("/")).code == 503
        assert after.jar == jar
        in_session.store.failing.clear()
        assert (await shown(after))["cart"] == ["tea", "salt"]


async def test_who_has_nothing_elsewhere_costs_nothing() -> None:
    """No lookup for a visitor without a cookie, one for a visitor with a session."""
    old = Predecessors()
    async with old.serving() as browser:
        await shown(browser)
        assert old.store.operations == {}
        await shown(browser, "/?add=tea")
        old.store.forget()
        await shown(browser)
        assert old.store.operations == {"load": 1}
