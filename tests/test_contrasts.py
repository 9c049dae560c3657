"""What differs between the applications: everything that follows from where state is kept.

The handlers are the same ones. Each test says what a signed cookie does, and what a server session.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from running_shop import (
    DEFAULTS,
    ITEM,
    PASSWORD,
    SKUS,
    Shop,
    Visitor,
    carried,
    credentials_of,
    running_shop,
)
from warm_start import run_warm

from compare.waiting import wait_until

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def is_signed_in(visitor: Visitor) -> bool:
    """Return whether the application takes them for signed in; 200 or 401 and nothing else."""
    reply = visitor.get("/account")
    assert reply.status in {200, 401}
    return reply.status == 200


def seen_by_holder(cookies: dict[str, str]) -> str:
    """Return everything that anybody can read in a jar: the values, and what they carry."""
    return " ".join([*cookies.values(), *map(carried, cookies.values())])


# What the holder sees


def test_what_a_cookie_tells_its_holder(shop: Shop) -> None:
    """A signed cookie can be read by anyone who has it; a session ID tells nothing."""
    account = shop.account()
    visitor = shop.sign_in(account)
    visitor.post("/cart", ITEM | {"note": "canary-note"})
    seen = seen_by_holder(visitor.cookies)
    readable = not shop.has_sessions
    assert (account["email"] in seen) == readable
    assert ("canary-note" in seen) == readable
    assert PASSWORD not in seen


def test_what_travels_as_the_cart_grows(shop: Shop) -> None:
    """A cart in cookies makes each request longer; in a session it costs the wire nothing."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    before = sum(map(len, visitor.cookies.values()))
    for sku in SKUS[1:9]:
        visitor.post("/cart", {"sku": sku, "quantity": 1})
    after = sum(map(len, visitor.cookies.values()))
    assert (after > before) == (not shop.has_sessions)


# Ending


def test_a_copy_used_after_sign_out(shop: Shop) -> None:
    """A signed cookie cannot be ended, so a copy signs in still; an ended session stays ended."""
    visitor = shop.sign_in()
    copy = visitor.copy()
    assert visitor.post("/logout").status == 204
    assert not is_signed_in(visitor)
    assert is_signed_in(copy) == (not shop.has_sessions)
    if shop.has_sessions:
        assert copy.get("/account").code == "session_ended"


def test_other_devices_after_a_change_of_password(shop: Shop) -> None:
    """It ends every other session, and every copy of one's own; signed cookies it cannot end."""
    account = shop.account()
    visitor, other = shop.sign_in(account), shop.sign_in(account)
    copy = visitor.copy()
    visitor.post("/cart", ITEM)
    reply = visitor.post("/password", {"current": PASSWORD, "new": "amber-falcon-17"})
    assert reply.status == 204
    assert is_signed_in(visitor)
    assert visitor.get("/cart").json["items"]
    assert is_signed_in(other) == is_signed_in(copy) == (not shop.has_sessions)


def test_an_account_that_is_disabled(shop: Shop) -> None:
    """The command ends its sessions at once; signed cookies go on. Nobody signs in anew."""
    account = shop.account()
    visitor, other = shop.sign_in(account), shop.sign_in(account)
    command = ["-m", "server.accounts", f"--run-dir={shop.app.run_dir}"]
    command += ["disable", account["username"]]
    done = run_warm(*command)
    said = f"{account['username']} is disabled, and 2 sessions have ended.\n"
    assert (done.returncode, done.stdout) == ((0, said) if shop.has_sessions else (1, ""))
    assert is_signed_in(visitor) == is_signed_in(other) == (not shop.has_sessions)
    reply = shop.visitor().post("/login", credentials_of(account))
    assert (reply.status, reply.code) == (401, "wrong_credentials")


def test_preferences_after_sign_out(shop: Shop) -> None:
    """They outlive sign-out in a cookie, and end with a session they should not have been in."""
    visitor = shop.sign_in()
    visitor.post("/preferences", {"theme": "dark"})
    visitor.post("/logout")
    expected = DEFAULTS if shop.name == "session" else DEFAULTS | {"theme": "dark"}
    assert visitor.get("/preferences").json == expected


def test_a_session_never_comes_back_for_whoever_signs_in_again(session_shop: Shop) -> None:
    """Signing in again is a session of its own; the copy of the one before stays ended."""
    account = session_shop.account()
    visitor = session_shop.sign_in(account)
    copy = visitor.copy()
    visitor.post("/logout")
    visitor.post("/login", credentials_of(account))
    assert is_signed_in(visitor)
    assert not is_signed_in(copy)


# Going back


def test_an_old_cookie_sent_again(shop: Shop) -> None:
    """An old cart cookie is the old cart; an old session cookie is the cart as it is now."""
    visitor = shop.sign_in()
    visitor.post("/cart", ITEM)
    old = visitor.copy()
    visitor.send("DELETE", f"/cart/{SKUS[0]}")
    visitor.post("/cart", {"sku": SKUS[1], "quantity": 1})
    (item,) = old.get("/cart").json["items"]
    assert item["sku"] == (SKUS[1] if shop.has_sessions else SKUS[0])


def test_two_tabs_that_change_a_cart_from_the_same_cookies(shop: Shop) -> None:
    """In cookies the last tab's cart is all there is; in a session nothing is lost."""
    first = shop.sign_in()
    first.post("/cart", ITEM)
    second = first.copy()
    first.post("/cart", {"sku": SKUS[1], "quantity": 1})
    second.post("/cart", {"sku": SKUS[2], "quantity": 1})
    skus = {item["sku"] for item in second.get("/cart").json["items"]}
    assert skus == ({*SKUS[:3]} if shop.has_sessions else {SKUS[0], SKUS[2]})


def test_parallel_changes_of_one_cart_all_count(session_shop: Shop) -> None:
    """Whatever arrives at the same time from one session is confirmed, and counted exactly."""
    visitor = session_shop.sign_in()
    visitor.post("/cart", ITEM | {"quantity": 1})
    tabs = [visitor.copy() for _ in range(32)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda tab: tab.post("/cart", ITEM), tabs))
    assert {reply.status for reply in replies} == {200}
    assert visitor.get("/cart").json["items"][0]["quantity"] == 65


# Theft and planting


def test_a_copy_used_while_its_owner_is_signed_in(shop: Shop) -> None:
    """Any copy is accepted; of a session, its owner can end it from elsewhere; of a cookie not."""
    account = shop.account()
    owner, other = shop.sign_in(account), shop.sign_in(account)
    thief = owner.copy()
    assert is_signed_in(thief)
    reply = other.post("/sessions/end", {"handle": "others"})
    assert reply.status == (204 if shop.has_sessions else 501)
    assert is_signed_in(thief) == is_signed_in(owner) == (not shop.has_sessions)
    assert is_signed_in(other)


def test_what_was_planted_before_signing_in(shop: Shop) -> None:
    """A planted session ID is dead after the sign-in; planted preferences in a cookie stick."""
    attacker = shop.visitor()
    attacker.post("/preferences", {"theme": "dark"})
    attacker.post("/cart", ITEM)
    victim = attacker.copy()
    assert victim.post("/login", credentials_of(shop.account())).status == 200
    assert not is_signed_in(attacker)
    assert victim.get("/preferences").json["theme"] == "dark"
    if shop.has_sessions:
        name = shop.cookie_name("session-id")
        assert victim.cookies[name] != attacker.cookies[name]
        assert attacker.get("/cart").json["items"] == []


def test_a_second_device_has_the_account_and_nothing_else(shop: Shop) -> None:
    """Neither tier follows a person to another device; the account does."""
    account = shop.account()
    first = shop.sign_in(account)
    first.post("/preferences", {"theme": "dark"})
    first.post("/cart", ITEM)
    told = shop.sign_in(account).get("/").json
    assert told["account"]["username"] == account["username"]
    assert told["preferences"] == DEFAULTS
    assert told["cart"]["items"] == []


# Listing and ending


def test_sessions_are_listed_where_they_are_kept(session_shop: Shop) -> None:
    """``GET /sessions`` tells each one's handle, since when, by what, and which is one's own."""
    account = session_shop.account()
    visitor = session_shop.sign_in(account, User_Agent=FIREFOX)
    session_shop.sign_in(account, User_Agent="curl/8.5.0")
    rows = visitor.get("/sessions").json["sessions"]
    assert [set(row) for row in rows] == 2 * [{"handle", "current", "created_at", "device"}]
    devices = {row["device"]: row["current"] for row in rows}
    assert devices == {"Firefox on Linux": True, "Curl": False}
    assert all(row["created_at"].endswith("Z") for row in rows)
    assert all(
        row["handle"] in visitor.page("/sessions").text for row in rows if not row["current"]
    )


def test_one_session_is_ended_by_its_handle(session_shop: Shop) -> None:
    """``POST /sessions/end`` with a handle ends that one and no other."""
    account = session_shop.account()
    visitor, target, other = (session_shop.sign_in(account) for _ in range(3))
    rows = target.get("/sessions").json["sessions"]
    (handle,) = [row["handle"] for row in rows if row["current"]]
    assert visitor.post("/sessions/end", {"handle": handle}).status == 204
    assert [is_signed_in(each) for each in (visitor, target, other)] == [True, False, True]
    assert len(visitor.get("/sessions").json["sessions"]) == 2
    reply = visitor.post("/sessions/end", {"handle": handle})
    assert (reply.status, reply.code) == (404, "unknown_session")


def test_the_others_are_ended_at_once(session_shop: Shop) -> None:
    """The handle ``others`` ends all sessions but one's own."""
    account = session_shop.account()
    visitor, *others = (session_shop.sign_in(account) for _ in range(4))
    reply = visitor.submit("/sessions/end", {"handle": "others"})
    assert (reply.status, reply.headers["Location"]) == (303, "/sessions")
    assert is_signed_in(visitor)
    assert not any(map(is_signed_in, others))
    assert [row["current"] for row in visitor.get("/sessions").json["sessions"]] == [True]


def test_ending_ones_own_session_signs_out(session_shop: Shop) -> None:
    """One's own handle is a sign-out: 204, and nobody is signed in, copies included."""
    visitor = session_shop.sign_in()
    copy = visitor.copy()
    (row,) = visitor.get("/sessions").json["sessions"]
    assert visitor.post("/sessions/end", {"handle": row["handle"]}).status == 204
    assert visitor.get("/account").code == "not_signed_in"
    assert not is_signed_in(copy)


def test_nobody_ends_or_sees_the_sessions_of_another(session_shop: Shop) -> None:
    """A handle of another account is unknown, and its sessions are not listed."""
    victim, stranger = session_shop.sign_in(), session_shop.sign_in()
    (row,) = victim.get("/sessions").json["sessions"]
    assert row["handle"] not in stranger.get("/sessions").text
    assert stranger.post("/sessions/end", {"handle": row["handle"]}).status == 404
    assert is_signed_in(victim)


@pytest.mark.parametrize(
    ("value", "status"), [({}, 400), ({"handle": 5}, 422), ({"handle": "nothing"}, 404)]
)
def test_what_names_no_session_ends_none(
    session_shop: Shop, value: dict[str, object], status: int
) -> None:
    """A handle that is missing, no text, or nobody's is refused."""
    account = session_shop.account()
    visitor, other = session_shop.sign_in(account), session_shop.sign_in(account)
    assert visitor.post("/sessions/end", value).status == status
    assert is_signed_in(visitor)
    assert is_signed_in(other)


def test_sessions_are_nobody_s_without_signing_in(session_shop: Shop) -> None:
    """Listing and ending are 401 for whoever is not signed in."""
    visitor = session_shop.visitor()
    assert visitor.get("/sessions").status == 401
    assert visitor.post("/sessions/end", {"handle": "others"}).status == 401


def test_signed_cookies_can_neither_be_listed_nor_ended(shops: Mapping[str, Shop]) -> None:
    """In the cookie application both are 501 with the reason, signed in or not, also as a page."""
    for visitor in (shops["cookie"].visitor(), shops["cookie"].sign_in()):
        for reply in (
            visitor.get("/sessions"),
            visitor.post("/sessions/end", {"handle": "others"}),
        ):
            assert (reply.status, reply.code) == (501, "not_possible_here")
            assert "neither listed nor ended" in reply.json["error"]["message"]
        assert visitor.page("/sessions").status == 501


# The store restarted, and time


def test_a_store_that_was_restarted_empty(shop: Shop) -> None:
    """What was in sessions is gone and that is said; what was in cookies is as before."""
    visitor = shop.sign_in()
    visitor.post("/preferences", {"theme": "dark"})
    shop.memcached.restart()
    assert is_signed_in(visitor) == (not shop.has_sessions)
    assert ("session has ended" in visitor.page("/").text) == shop.has_sessions
    if shop.has_sessions:
        assert visitor.get("/account").code == "session_ended"
    kept = DEFAULTS if shop.name == "session" else DEFAULTS | {"theme": "dark"}
    assert visitor.get("/preferences").json == kept
    assert shop.sign_in().get("/account").status == 200


def test_idle_and_absolute_timeouts() -> None:
    """A session ends when left alone, and in the end in any case; a signed cookie knows no idling.

    One session is left alone while another of its account goes on asking. A cookie is left alone
    for as long.
    """
    timeouts = ("--idle-timeout=2", "--absolute-timeout=6")
    with running_shop("session", *timeouts) as session, running_shop("cookie", *timeouts) as cookie:
        account = session.account()
        left_alone, in_use = session.sign_in(account), session.sign_in(account)
        cookie_left_alone = cookie.sign_in()

        def is_listed_alone() -> bool:
            return len(in_use.get("/sessions").json["sessions"]) == 1

        assert not is_listed_alone()
        wait_until(is_listed_alone, "the idle session ends")
        assert is_signed_in(cookie_left_alone)
        assert left_alone.get("/account").code == "session_ended"
        wait_until(lambda: not is_signed_in(in_use), "the session in use ends, too")
        assert in_use.get("/account").code == "session_ended"
        wait_until(lambda: not is_signed_in(cookie_left_alone), "the cookie's signature is too old")
