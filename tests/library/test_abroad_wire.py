"""A failed commit has the status that is true, whatever the request was."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import EMPTY, ROUTES, VISITS, Everything, handler, serving
from tornado.web import HTTPError, RequestHandler, stream_request_body
from tornado_state import StateApplication

BOUNDARY = "multipart/form-data; boundary=x"
FORM = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


async def change(h: Any, *args: Any) -> None:
    h.visits += 1
    h.write("done")


async def update(h: Any) -> None:
    await h.state.update(VISITS, lambda n: n + 1)


class Once:
    """Fails when it is prepared a second time for one request, as a copy would be."""

    def prepare(self: Any) -> None:
        if hasattr(self.request, "was_prepared"):
            raise HTTPError(418)
        self.request.was_prepared = True


class Checked(Everything):
    """An XSRF check of one's own that passes once."""

    def check_xsrf_cookie(self) -> None:
        if hasattr(self.request, "was_checked"):
            raise HTTPError(403)
        self.request.was_checked = True

    post = change


class Methods(Everything):
    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")
    propfind = change


class Streamed(Everything):
    post = change

    def data_received(self, chunk: bytes) -> None:
        self.received = chunk


class WithArguments(Everything):
    def initialize(self, word: str) -> None:
        self.word = word

    async def post(self, path: str) -> None:
        await change(self)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(f"{self.word}: {status_code}")


class Redirecting(Everything):
    async def prepare(self) -> None:
        if self.request.method == "POST":
            await change(self)
            self.redirect("/")


class Raising(Everything):
    async def prepare(self) -> None:
        if self.request.method == "POST":
            await change(self)
            raise HTTPError(401)


class PageNeedsPrepare(Everything):
    """An error page that needs what `prepare` made."""

    def prepare(self) -> None:
        self.words = "sorry"

    post = change

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(self.words)


#: Handlers whose request cannot be answered by starting over, and how they are asked.
ASKED: dict[str, tuple[Any, dict[str, Any]]] = {
    "a form of parts": (handler(Everything, post=change), {"body": FORM, "type": BOUNDARY}),
    "an update": (handler(Everything, post=update), {"body": FORM, "type": BOUNDARY}),
    "a check of one's own": (Checked, {"body": b"a=1"}),
    "a method of one's own": (Methods, {"method": "PROPFIND"}),
    "a prepare that runs once": (handler(type("P", (Once, Everything), {}), post=change), {}),
    "a stream": (stream_request_body(Streamed), {"body": b"x" * 70_000}),
    "arguments": ((WithArguments, {"word": "no"}), {"path": "/run/path"}),
    "a redirect": (Redirecting, {}),
    "an answer below 500": (Raising, {}),
    "an error page that needs prepare": (PageNeedsPrepare, {}),
    "HEAD": (handler(Everything, head=change), {"method": "HEAD"}),
}


# Row 12
@pytest.mark.parametrize("xsrf", [False, True], ids=["", "xsrf"])
@pytest.mark.parametrize("what", ASKED)
async def test_a_failed_commit_is_503_whatever_the_request(what: str, xsrf: bool) -> None:
    """While the store is away, a handler that changes state answers 503, once, and nothing else."""
    made, asked = ASKED[what]
    made, arguments = made if isinstance(made, tuple) else (made, {})
    routes = [*ROUTES.items(), *((path, made, arguments) for path in ("/run", "/run/(.*)"))]
    headers = {"Content_Type": asked.get("type", "application/x-www-form-urlencoded")}
    if xsrf and what != "a check of one's own":
        headers |= {"Cookie": "_xsrf=abcd", "X_Xsrftoken": "abcd"}
    async with serving(of=routing(routes), xsrf_cookies=xsrf) as browser:
        browser.store.away = True
        path, method = asked.get("path", "/run"), asked.get("method", "POST")
        response = await browser.fetch(path, method, asked.get("body"), **headers)
        assert response.code == 503
        assert response.headers["Retry-After"]
        assert not response.headers.get_list("Set-Cookie")
        if what == "arguments":
            assert response.body == b"no: 503"
        browser.store.away = False
        response = await browser.fetch(path, method, asked.get("body"), **headers)
        assert response.code in {200, 302, 401}
        assert await browser.values() == EMPTY | {"visits": 1}


def routing(routes: list[Any]) -> Any:
    """Return a kind of application with these routes."""

    class Routed(StateApplication):
        def __init__(self, handlers: Any, *rest: Any, **settings: Any) -> None:
            super().__init__(routes, *rest, **settings)

    return Routed


# Row 12
async def test_the_access_log_says_once_what_was_sent() -> None:
    """A failed commit is one line of the access log, with the status that went out."""
    lines: list[tuple[str, int]] = []

    def log(h: RequestHandler) -> None:
        lines.append((h.request.path, h.get_status()))

    routes = ROUTES | {"/run": handler(Everything, post=change)}
    async with serving(routes, log_function=log) as browser:
        browser.store.away = True
        await browser.fetch("/run", "POST")
        browser.store.away = False
        await browser.fetch("/run", "POST")
        assert lines == [("/run", 503), ("/run", 200)]
