"""A Secure cookie goes over https and nowhere else, and nothing is stored that needs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import (
    ANN,
    FILLED,
    NEWER_SECRET,
    ROUTES,
    SECRET,
    THEME,
    VISITS,
    Everything,
    cookie_names,
    handler,
    serving,
)

#: Every way to have a cookie sent.
WRITES: dict[str, Callable[[Any], Any]] = {
    "a session": lambda h: setattr(h, "visits", 1),
    "within": lambda h: h.cart.append("x"),
    "a cookie": lambda h: setattr(h, "theme", "dark"),
    "within a cookie": lambda h: h.draft.append("x"),
    "a sign-in": lambda h: h.state.sign_in(ANN),
    "an update": lambda h: h.state.update(VISITS, lambda n: n + 1),
    "an update of a cookie": lambda h: h.state.update(THEME, lambda theme: "dark"),
    "a commit": lambda h: (setattr(h, "visits", 1), h.state.commit())[1],
}


def writing(write: Callable[[Any], Any]) -> dict[str, Any]:
    async def post(h: Any) -> None:
        made = write(h)
        if hasattr(made, "__await__"):
            await made

    return ROUTES | {"/run": handler(Everything, post=post)}


# Row 18
@pytest.mark.parametrize("write", WRITES)
async def test_nothing_begins_over_plain_http_when_cookies_are_secure(write: str) -> None:
    """A Secure cookie is not sent over plain http: 500, and nothing is stored, each time."""
    async with serving(writing(WRITES[write]), cookie_secure=True, xheaders=True) as browser:
        for _ in range(2):
            response = await browser.fetch("/run", "POST")
            assert response.code == 500
            assert not cookie_names(response)
        assert not browser.store.keys
        assert (await browser.fetch("/")).code == 200
        response = await browser.fetch("/run", "POST", X_Scheme="https")
        assert response.code == 200
        assert all(name.startswith("__Host-") for name in cookie_names(response))


# Row 18
@pytest.mark.parametrize("what", ["renew_id", "sign_in", "write"])
async def test_a_live_session_is_not_renewed_in_clear(what: str) -> None:
    """Over plain http no new ID and no newly signed one goes out, and no session is lost."""
    routes = ROUTES | {
        "/renew_id": handler(Everything, post=lambda h: h.state.renew_id()),
        "/sign_in": ROUTES["/login"],
        "/write": handler(Everything, post=lambda h: setattr(h, "visits", h.visits + 1)),
    }
    secrets = {0: SECRET, 1: NEWER_SECRET}
    common = {"cookie_secure": True, "xheaders": True, "cookie_secret": secrets}
    async with (
        serving(routes, **common, key_version=0) as before,
        serving(
            routes,
            **common,
            session_store=before.store,
            state_clock=before.application.settings["state_clock"],
        ) as browser,
    ):
        await before.fetch("/fill", "POST", X_Scheme="https")
        browser.jar = before.jar
        response = await browser.fetch(f"/{what}", "POST")
        assert not cookie_names(response)
        assert response.code == (200 if what == "write" else 500)
        assert (await browser.values())["cart"] == FILLED["cart"]
        response = await browser.fetch("/write", "POST", X_Scheme="https")
        assert cookie_names(response) == ["__Host-state-session-id"]
