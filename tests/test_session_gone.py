"""A session that has ended is told of: with what begins another one, and until it is let go."""

from __future__ import annotations

from typing import Any

import pytest
from running_shop import ITEM, SKUS, Shop, Visitor, credentials_of

BEGUN = "a new one has begun"
ENDED = "Your session has ended."


def whose_session_ended(session_shop: Shop) -> Visitor:
    """Return somebody who had something in the cart, of whom the store knows nothing any more."""
    visitor = session_shop.visitor()
    visitor.post("/cart", ITEM)
    session_shop.memcached.ask("flush_all", b"OK\r\n")
    return visitor


CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/cart", ITEM),
    ("PUT", f"/cart/{SKUS[0]}", {"quantity": 1}),
]


@pytest.mark.parametrize(("method", "path", "value"), CHANGES)
def test_a_write_that_begins_another_session_says_so(
    session_shop: Shop, method: str, path: str, value: Any
) -> None:
    """``session_ended`` is in its answer; the next one is of the new session, and has it not."""
    visitor = whose_session_ended(session_shop)
    told = visitor.send(method, path, value).json
    assert told["session_ended"] is True
    assert len(told["items"]) == 1
    assert "session_ended" not in visitor.send(method, path, value).json


def test_preferences_say_so_where_they_are_in_the_session(session_shop: Shop) -> None:
    """In a signed cookie they have nothing to do with a session's end."""
    visitor = whose_session_ended(session_shop)
    told = visitor.post("/preferences", {"theme": "dark"}).json
    assert ("session_ended" in told) == (session_shop.name == "session")


def test_a_sign_in_after_the_end_says_so(session_shop: Shop) -> None:
    """What was in the session before is not in the new one."""
    visitor = whose_session_ended(session_shop)
    told = visitor.post("/login", credentials_of(session_shop.account())).json
    assert told["session_ended"] is True
    assert visitor.get("/cart").json["items"] == []


def test_what_changes_nothing_begins_no_session(session_shop: Shop) -> None:
    """Removing what is not there answers as ever, and the session is still told to have ended."""
    visitor = whose_session_ended(session_shop)
    reply = visitor.send("DELETE", f"/cart/{SKUS[0]}")
    assert (reply.status, reply.json) == (200, {"items": [], "total": 0})
    assert reply.set_cookies == []


def test_a_form_that_begins_another_session_says_so_on_the_next_page(session_shop: Shop) -> None:
    """Once, and only there."""
    visitor = whose_session_ended(session_shop)
    assert ENDED in visitor.page("/").text
    assert visitor.submit("/cart", ITEM).status == 303
    page = visitor.page("/").text
    assert (ENDED in page, BEGUN in page) == (True, True)
    page = visitor.page("/").text
    assert (ENDED in page, BEGUN in page) == (False, False)


def test_signing_out_lets_go_of_a_session_that_has_ended(session_shop: Shop) -> None:
    """The cookie of the session that is no more is cleared, and nothing is said of it again."""
    for leave in (Visitor.post, Visitor.submit):
        visitor = whose_session_ended(session_shop)
        assert visitor.get("/account").code == "session_ended"
        assert leave(visitor, "/logout").status in {204, 303}
        assert session_shop.cookie_name("session-id") not in visitor.cookies
        assert visitor.get("/account").code == "not_signed_in"
        assert ENDED not in visitor.page("/").text


def test_signing_out_without_a_session_sets_no_cookie(session_shop: Shop) -> None:
    """There is nothing to let go of."""
    assert session_shop.visitor().post("/logout").set_cookies == []
