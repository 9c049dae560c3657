"""Visitors of three predecessors, brought over: signed in, with what they had, once."""

from __future__ import annotations

import asyncio
import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from old_visitors import (
    EXPRESS_COOKIE,
    PYCKET_ID,
    SECRET,
    SID,
    Predecessors,
    old_cookie,
    shown,
)
from state_app import Browser
from tornado.web import create_signed_value
from tornado_state import StoreUnavailable

THREE = ("tornado", "pycket", "express")


def ours(browser: Browser) -> dict[str, str]:
    """Return the cookies that the application itself has set."""
    return {name: value for name, value in browser.jar.items() if name.startswith("__Host-")}


@pytest.mark.parametrize("predecessor", THREE)
async def test_who_is_signed_in_stays_signed_in(predecessor: str) -> None:
    """With what was kept, by one cookie of our own from then on."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = old.jar(predecessor)
        first = await shown(browser)
        assert (first["user"], first["cart"]) == ("ann", ["tea"])
        browser.jar = ours(browser)
        old.records.clear()
        assert await shown(browser, "/?add=salt") == {**first, "cart": ["tea", "salt"]}
        loads = old.loads
        assert await shown(browser) == {**first, "cart": ["tea", "salt"]}
        assert old.loads == loads


@pytest.mark.parametrize("predecessor", THREE)
async def test_an_old_cookie_stays_until_sign_out_and_is_then_worth_nothing(
    predecessor: str,
) -> None:
    """Processes of the old release know the visitor meanwhile; a copy made before is dead after."""
    old = Predecessors()
    async with old.serving() as browser:
        jar = browser.jar = old.jar(predecessor)
        copied = dict(jar)
        assert (await shown(browser))["user"] == "ann"
        assert set(copied) - set(browser.jar) == {"cart"} - ({"cart"} - set(copied))
        await browser.get("/", method="POST")
        assert browser.jar == {}
        browser.jar = dict(copied)
        assert await shown(browser) == {"user": None, "cart": [], "theme": "light", "ended": True}
        assert set(browser.jar) <= {"cart"}


@pytest.mark.parametrize("predecessor", THREE)
async def test_requests_at_once_go_on_in_one_session(predecessor: str) -> None:
    """What one of them changes, the others have: none is left in a session of its own."""
    old = Predecessors()
    async with old.serving() as browser:
        browsers = [Browser(browser.port) for _ in range(5)]
        for each in browsers:
            each.jar = old.jar(predecessor)
        answers = await asyncio.gather(*(shown(each) for each in browsers))
        assert [each["user"] for each in answers] == ["ann"] * 5
        assert len({value for each in browsers for value in ours(each).values()}) == 1
        await shown(browsers[0], "/?add=salt")
        assert (await shown(browsers[4]))["cart"] == ["tea", "salt"]
        for each in browsers:
            each.close()


async def test_a_request_that_comes_later_goes_on_in_that_session_as_well() -> None:
    """A late one of the same visitor, say, which left before our cookie had arrived."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = old.jar("tornado")
        await shown(browser, "/?add=salt")
        first, browser.jar = ours(browser), old.jar("tornado")
        assert (await shown(browser))["cart"] == ["tea", "salt"]
        assert ours(browser) == first


async def test_pycket_users_are_remembered_where_that_is_said() -> None:
    """``remember=True`` of a predecessor is that of the sign-in."""
    old = Predecessors()
    async with old.serving(session_absolute_timeout=3600) as browser:
        browser.jar = old.jar("pycket")
        await shown(browser)
        old.clock.pass_(20 * 86_400)
        browser.jar = ours(browser)
        assert (await shown(browser))["user"] == "ann"


def forged(old: Predecessors) -> dict[str, dict[str, str]]:
    now = old.clock.now
    stale, ahead = type(old.clock)(), type(old.clock)()
    stale.now, ahead.now = now - timedelta(days=31).total_seconds(), now + 3600
    secret = "another secret, of another application"
    return {
        "another secret": {"user": old_cookie("user", "eve", old.clock, secret)},
        "another name": {"user": old_cookie("cart", "eve", old.clock)},
        "too old": {"user": old_cookie("user", "eve", stale)},
        "from the future": {"user": old_cookie("user", "eve", ahead)},
        "no text": {"user": old_cookie("user", b"\xff\xfe", old.clock)},  # type: ignore[arg-type]
        "junk": {"user": "2|junk", "connect.sid": "s%3A.", "PYCKET_ID": "x"},
        "an older format": {"user": "ZXZl|1700000000|0123456789abcdef0123456789abcdef01234567"},
        "unsigned": {"connect.sid": SID},
        "another signature": {"connect.sid": EXPRESS_COOKIE[:-1] + "Z"},
        "no session": {"PYCKET_ID": old_cookie("PYCKET_ID", "gone", old.clock)},
    }


@pytest.mark.parametrize("which", forged(Predecessors()))
async def test_what_does_not_verify_signs_nobody_in(which: str) -> None:
    """It is nothing, and nothing is stored for it."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = forged(old)[which]
        assert (await shown(browser))["user"] is None
        assert old.store.records() == 0


RECORDS: dict[str, tuple[str, Any]] = {
    "a pickle that calls": ("pycket", b"cos\nsystem\n(S'touch pwned'\ntR."),
    "a pickle of an object": ("pycket", pickle.dumps(timedelta(1))),
    "no pickle": ("pycket", b"\xff\x00"),
    "a pickled list": ("pycket", pickle.dumps(["user"])),
    "no JSON": ("express", "{"),
    "a JSON list": ("express", "[]"),
    "one that is over": ("express", '{"cookie":{"expires":"2020-01-01T00:00:00Z"},"user":"ann"}'),
    "a time that is none": ("express", '{"cookie":{"expires":"soon"},"user":"ann"}'),
    "another type": ("express", '{"cookie":{},"user":["ann"]}'),
    "nobody's name": ("express", '{"cookie":{},"user":""}'),
}


@pytest.mark.parametrize("which", RECORDS)
async def test_a_record_that_is_none_signs_nobody_in(which: str) -> None:
    """No code runs, and the page answers."""
    old = Predecessors()
    predecessor, old.records[SID] = RECORDS[which]
    old.records[PYCKET_ID] = old.records[SID]
    async with old.serving() as browser:
        browser.jar = old.jar(predecessor)
        assert (await shown(browser))["user"] is None


@pytest.mark.parametrize("trouble", [ConnectionError(), TimeoutError(), StoreUnavailable("?")])
async def test_while_the_predecessor_cannot_tell_nobody_is_a_stranger(trouble: Exception) -> None:
    """Whoever needs the session gets 503, and nothing is cleared; then it goes on."""
    old = Predecessors()
    old.failing = trouble
    async with old.serving() as browser:
        browser.jar = old.jar("pycket")
        assert (await browser.get("/")).code == 503
        assert browser.jar == old.jar("pycket")
        assert (await shown(browser, "/theme"))["theme"] == "light"
        old.failing = None
        assert (await shown(browser))["user"] == "ann"


@pytest.mark.parametrize("operation", ["load", "add"])
async def test_while_our_store_is_away_nobody_is_a_stranger(operation: str) -> None:
    """503 as for everybody else, and the old cookie is there when the store is back."""
    old = Predecessors()
    old.store.fail(operation)
    async with old.serving() as browser:
        browser.jar = old.jar("express")
        assert (await browser.get("/")).code == 503
        old.store.failing.clear()
        assert (await shown(browser))["cart"] == ["tea"]


async def test_an_answer_of_500_brings_over_all_the_same() -> None:
    """What is confirmed reaches the visitor, whatever becomes of the request."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = old.jar("express")
        assert (await browser.get("/?fail=1")).code == 500
        browser.jar = ours(browser)
        assert (await shown(browser))["user"] == "ann"


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, {"X-Forwarded-Proto": "http"}],
)
async def test_where_no_cookie_may_be_set_nothing_is_brought_over_yet(
    headers: dict[str, str],
) -> None:
    """The page answers, and the next request brings it over."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = old.jar("tornado")
        assert (await shown(browser, **headers))["user"] is None
        assert old.store.records() == 0
        assert (await shown(browser))["user"] == "ann"


async def test_what_signs_nobody_in_is_brought_over_and_its_cookie_cleared() -> None:
    """Once, in whatever tier it belongs; what is dropped later does not come back."""
    old = Predecessors()
    old.records[SID] = json.dumps({"cookie": {}, "cart": ["tea"], "theme": "dark"})
    async with old.serving() as browser:
        browser.jar = old.jar("express")
        assert await shown(browser, "/theme") == {"theme": "dark", "ended": False}
        assert "connect.sid" not in browser.jar
        assert (await shown(browser))["cart"] == ["tea"]
        assert (await shown(browser, "/?drop=cart"))["cart"] == []
        assert await shown(browser) == {"user": None, "cart": [], "theme": "dark", "ended": False}
        assert old.loads == 1


async def test_a_visitor_with_a_session_is_signed_in_under_a_new_one() -> None:
    """As by any sign-in: what was there and is not inherited may have been planted."""
    old = Predecessors()
    async with old.serving() as browser:
        await shown(browser, "/?add=planted")
        before = dict(browser.jar)
        browser.jar |= {"user": old_cookie("user", "ann", old.clock)}
        assert (await shown(browser))["cart"] == []
        assert ours(browser).keys() == before.keys()
        assert ours(browser) != before
        browser.jar = before
        assert (await shown(browser))["user"] is None


async def test_a_session_begun_meanwhile_is_kept_from_an_old_cookie_that_is_worth_nothing() -> None:
    """Its own session goes on; the old cookie goes."""
    old = Predecessors()
    async with old.serving() as browser:
        copied = {"user": old_cookie("user", "ann", old.clock)}
        browser.jar = dict(copied)
        await shown(browser)
        await browser.get("/", method="POST")
        await shown(browser, "/?add=salt")
        browser.jar |= copied
        assert (await shown(browser))["cart"] == ["salt"]
        assert "user" not in browser.jar


async def test_a_sign_in_lets_go_of_the_old_cookie() -> None:
    """Nobody is two persons to two releases."""
    old = Predecessors()
    async with old.serving() as browser:
        browser.jar = old.jar("pycket")
        await browser.get("/?name=bob", method="PUT")
        assert (await shown(browser))["user"] == "bob"
        assert set(browser.jar) == set(ours(browser))


async def test_two_secrets_sign_old_cookies_as_tornado_has_it() -> None:
    """By their versions; text and bytes."""
    old = Predecessors()
    secrets = {1: SECRET, 2: b"the next secret, of which nobody knows"}
    signed = create_signed_value(secrets, "user", "ann", clock=old.clock, key_version=1)
    async with old.serving(cookie_secret=secrets) as browser:
        browser.jar = {"user": signed.decode()}
        assert (await shown(browser))["user"] == "ann"


async def test_a_kind_says_how_its_value_is_made() -> None:
    """What cannot be made one is left where it is: the next release may know how."""
    old = Predecessors()
    async with old.serving() as browser:
        left = {"cart": old_cookie("cart", "no JSON", old.clock)}
        browser.jar = dict(left)
        for _ in range(2):
            assert (await shown(browser))["cart"] == []
            assert browser.jar == left
        browser.jar = {"cart": old_cookie("cart", '{"tea": 2}', old.clock)}
        assert (await shown(browser))["cart"] == []
