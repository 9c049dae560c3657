"""A request from another site, without its cookies, replaces none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import (
    ANN,
    EMPTY,
    FILLED,
    ROUTES,
    THEME,
    VISITS,
    Everything,
    cookie_names,
    handler,
    serving,
)
from tornado_state import Kind

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


#: What a browser says of a request from another site's page that leaves its Lax cookies out.
ELSEWHERE: dict[str, dict[str, str]] = {
    "a form": {
        "Sec_Fetch_Site": "cross-site",
        "Sec_Fetch_Mode": "navigate",
        "Sec_Fetch_Dest": "document",
        "Origin": "https://pay.example",
    },
    "a form without Origin": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
    "a script": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"},
    "an old browser": {"Origin": "https://pay.example"},
    "a page without an origin": {"Origin": "null"},
    "what cannot be read": {"Origin": "http://["},
}
#: Requests that bring their cookies along, or are nobody's page.
HERE: dict[str, dict[str, str]] = {
    "one's own page": {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "navigate"},
    "another host of the site": {"Sec_Fetch_Site": "same-site", "Origin": "https://a.example"},
    "a bookmark": {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"},
    "an old browser, where a proxy leaves the port out": {"Origin": "https://127.0.0.1:8443"},
    "an old browser, where a proxy adds the port": {
        "Origin": "https://SHOP.example",
        "Host": "shop.example:443",
    },
    "no browser": {},
}


# Row 27
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("whence", ELSEWHERE)
async def test_a_request_from_another_site_replaces_no_cookie(whence: str, write: str) -> None:
    """A POST from another site, without its cookies, begins nothing: 403, nothing stored or set."""
    async with serving(writing(WRITES[write])) as browser:
        await browser.fetch("/fill", "POST")
        kept = browser.store.keys
        stranger = browser.copy()
        stranger.jar = {}
        response = await stranger.fetch("/run", "POST", **ELSEWHERE[whence])
        assert response.code == 403
        assert not cookie_names(response)
        assert browser.store.keys == kept
        assert await browser.values() == FILLED


# Row 27
@pytest.mark.parametrize("whence", HERE)
async def test_a_first_visit_from_anywhere_else_may_begin_a_session(whence: str) -> None:
    """What is not sent from another site's page writes as ever, with its cookies or without."""
    async with serving(writing(WRITES["a session"])) as browser:
        assert (await browser.fetch("/run", "POST", **HERE[whence])).code == 200
        assert await browser.values() == EMPTY | {"visits": 1}
        assert (await browser.fetch("/run", "POST", **HERE[whence])).code == 200


# Row 27
@pytest.mark.parametrize("samesite", ["Lax", "Strict", "None"])
async def test_what_the_cookies_may_do_decides(samesite: str) -> None:
    """`None` brings cookies along from anywhere, `Lax` with a link, `Strict` with neither."""
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    frame = link | {"Sec_Fetch_Dest": "iframe"}
    image = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"}
    visit = writing(WRITES["a session"])["/run"]
    routes = {"/run": handler(visit, get=visit.post)}
    settings = {"cookie_samesite": samesite, "cookie_secure": samesite == "None", "xheaders": True}
    async with serving(routes, **settings) as browser:

        async def status(method: str, headers: dict[str, str]) -> int:
            browser.jar.clear()
            return (await browser.fetch("/run", method, X_Scheme="https", **headers)).code

        assert await status("GET", link) == (403 if samesite == "Strict" else 200)
        assert await status("HEAD", {}) == 405
        for method, headers in (("POST", link), ("GET", frame), ("GET", image)):
            assert await status(method, headers) == (200 if samesite == "None" else 403)


class Returning(Everything):
    """Where a payment provider sends its customers: it answers with a way to one's own page."""

    def post(self) -> None:
        self.redirect(f"/paid?order={self.get_argument('order')}", status=303)


class Paid(Everything):
    def get(self) -> None:
        self.cart = []
        self.write(self.current_user)


# Row 27
async def test_a_return_from_another_site_goes_on_by_a_redirect() -> None:
    """The POST reads and writes nothing and redirects; the GET that follows has its cookies."""
    routes = ROUTES | {"/return": Returning, "/paid": Paid}
    async with serving(routes) as browser:
        await browser.fetch("/login", "POST")
        stranger = browser.copy()
        stranger.jar = {}
        response = await stranger.fetch("/return", "POST", b"order=7", **ELSEWHERE["a form"])
        assert (response.code, response.headers["Location"]) == (303, "/paid?order=7")
        link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
        assert (await browser.fetch("/paid?order=7", **link)).body == b'{"id": "ann"}'
        assert (await browser.values())["user"] == "ann"


# Row 27
async def test_signing_out_from_another_site_clears_nothing() -> None:
    """Without its cookies a request has no session to end: nothing is cleared or ended."""
    async with serving() as browser:
        await browser.fetch("/login", "POST")
        stranger = browser.copy()
        stranger.jar = {}
        response = await stranger.fetch("/login", "DELETE", **ELSEWHERE["a form"])
        assert not cookie_names(response)
        assert (await browser.values())["user"] == "ann"


# Row 27
async def test_kinds_in_cookies_follow_the_same_rule() -> None:
    """A cookie that the request did bring may be changed in answer to it."""
    theme = Kind("theme", str, default="system", outage_proof=True)
    page = handler(theme=theme, post=lambda h: setattr(h, "theme", "dark"))
    async with serving({"/": page}) as browser:
        assert (await browser.fetch("/", "POST", **ELSEWHERE["a form"])).code == 403
        assert (await browser.fetch("/", "POST")).code == 200
        put = handler(theme=theme, put=lambda h: setattr(h, "theme", "light"))
        browser.application.add_handlers(".*", [("/put", put)])
        response = await browser.fetch("/put", "PUT", b"", **ELSEWHERE["a form"])
        assert cookie_names(response) == ["state-theme"]
