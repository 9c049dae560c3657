"""A failed commit has the status that is true, and a held answer that cannot be sent is told."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import EMPTY, FILLED, ROUTES, VISITS, Everything, handler, raw, serving
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body
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


async def too_long(h: Any) -> None:
    h.set_header("Content-Length", "3")
    await h.finish("more than that")


async def too_short(h: Any) -> None:
    h.set_header("Content-Length", "30")
    await h.finish("less than that")


async def too_long_in_parts(h: Any) -> None:
    h.set_header("Content-Length", "3")
    h.write("abc")
    await h.flush()
    h.write("more")
    await h.finish()


def not_waited_for(h: Any) -> None:
    h.set_header("Content-Length", "3")
    h.write("more than that")


def not_latin(h: Any) -> None:
    h.set_header("X-Name", "名前")
    h.write("an answer")


def no_number(h: Any) -> None:
    h.set_header("Content-Length", "ten")
    h.write("an answer")


async def no_number_waited_for(h: Any) -> None:
    h.set_header("Content-Length", "-1")
    await h.finish("an answer")


def put_past_the_check(h: Any) -> None:
    h._headers["X-Name"] = "名前"
    h.write("an answer")


def breaks_the_line(h: Any) -> None:
    h._headers["X-Name"] = "a\r\nSet-Cookie: b=c"


def no_reason(h: Any) -> None:
    h._reason = "naïve – no"


UNSENDABLE = [
    too_long,
    too_short,
    too_long_in_parts,
    not_waited_for,
    not_latin,
    no_number,
    no_number_waited_for,
    put_past_the_check,
    breaks_the_line,
    no_reason,
]


# Row 13
@pytest.mark.parametrize("answer", UNSENDABLE, ids=lambda answer: answer.__name__)
async def test_an_answer_that_cannot_be_sent_fails_as_it_does_without_state(answer: Any) -> None:
    """The client is told what Tornado tells without state, at once, and so is whoever waits."""
    ended: list[str] = []

    async def post(h: Any) -> None:
        if isinstance(h, Everything):
            h.visits += 1
        try:
            if (made := answer(h)) is not None:
                await made
        finally:
            ended.append(type(h).__name__)

    plain = Application([("/run", type("Plain", (RequestHandler,), {"post": post}))])
    asked = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with serving(of=lambda *a, **k: plain) as without:
        expected = await raw(without.port, asked)
    async with serving(ROUTES | {"/run": type("Held", (Everything,), {"post": post})}) as browser:
        answered = await raw(browser.port, asked)
        assert ended == ["Plain", "Held"]
        assert answered.split(b"\r\n")[0] == expected.split(b"\r\n")[0]
        # Nothing is kept of an answer that nobody got.
        assert bool(browser.store.keys) == answered.startswith(b"HTTP/1.1 200 ")


# Row 13
async def test_a_held_answer_of_the_right_length_goes_out() -> None:
    """A Content-Length that is true passes, in one piece or several, also to HEAD and 304."""

    async def post(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "6")
        h.write("abc")
        await h.flush()
        await h.finish("def")

    def head(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "1000")

    def get(h: Any) -> None:
        h.visits += 1
        h.set_header("Content-Length", "1000")
        h.set_status(304)

    run = handler(Everything, post=post, head=head, get=get)
    async with serving(ROUTES | {"/run": run}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).body == b"abcdef"
        assert (await browser.fetch("/run", "HEAD")).headers["Content-Length"] == "1000"
        assert (await browser.fetch("/run")).code == 304
        assert await browser.values() == FILLED | {"visits": 4}
