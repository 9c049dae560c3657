"""The recording layer in front of an application, which knows nothing of it.

Rule 1: a request goes on as it came, to the application of the visitor's own booth, and the answer
comes back as it is. Four things differ: only the shop's own cookies go on, of all those that ports
do not separate; the compact view of the pages is asked for; the answer may be framed by the demo's
page; and a page that tells of an outage loads itself anew, unless the visitor has taken the store
away: with many other programs at work, the store may be late once more after it is back.
Rule 2: what passed is kept: method, path, status, cookies each way, sizes in bytes.
Rule 3: what an action changed of the visitor's cookies is handed over first, by a redirect to the
same page. Another tab may have asked before it had them: whoever comes with other cookies than are
known comes again by such a redirect, once.
Rule 4: the page a pane is at, and who makes an account or signs in there, is told to the booth.
Rule 5: while the application does not answer, a page says so that loads itself anew.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.web import Application, RequestHandler

from ..browser import after, cookie_header
from .booth import Booth
from .booths import Booths
from .handler import WRONG_HOST, is_meant_for, visitor_cookie
from .people import fields_of
from .side import Side
from .wire import cookies_in, described_cookie

#: Of one hop only (RFC 9110 7.6.1); lengths are Tornado's business.
_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}
_SECONDS = 15.0
#: What asks the shop's pages for the view that fits into a small frame.
COMPACT = {"X-View": "compact"}
_numbers = count(1)


class PaneHandler(RequestHandler):
    """Any path of the application."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

    def initialize(self, pane: str, booths: Booths, demo: str, url: str) -> None:
        """Take what the pane is of, and where the demo's page and the pane itself are."""
        self.pane = pane
        self.url = url
        self.booths = booths
        self.demo = demo

    async def pass_on(self, *_arguments: str) -> None:
        """Answer with what the application answers."""
        booth = self.booths.get(self.get_cookie(visitor_cookie(self.demo)))
        if not is_meant_for(self.request, self.url):
            self._say(421, WRONG_HOST.format(self.demo))
        elif not re.match(r"/(?!/)", self.request.uri or ""):
            self._say(400, "A pane takes paths only.")
        elif booth is None:
            self._say(404, f"This is a pane of the demo. It is opened by its page: {self.demo}")
        elif self.request.method == "GET" and self.is_outdated(booth.sides[self.pane]):
            self._hand_over(booth.sides[self.pane])
        else:
            await self.pass_to(booth, booth.sides[self.pane])

    get = head = post = put = delete = pass_on

    def compute_etag(self) -> str | None:
        """Leave that to the application."""
        return None

    def _say(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.finish(sentence)

    def is_outdated(self, side: Side) -> bool:
        """Return whether the browser is to come again, with what it is handed over."""
        if side.pending:
            side.doubted = None
            return True
        mine = side.own(cookies_in(self._cookies))
        if mine in (side.jar, side.doubted):
            return False
        side.doubted = mine
        return True

    def _hand_over(self, side: Side) -> None:
        for header in side.pending:
            self.add_header("Set-Cookie", header)
        side.pending.clear()
        self.set_header("Cache-Control", "no-store")
        self.redirect(self.request.uri or "/", status=307)

    async def pass_to(self, booth: Booth, side: Side) -> None:
        """Answer with what the visitor's application answers."""
        try:
            answer = await AsyncHTTPClient().fetch(self._request(side), raise_error=False)
        except (HTTPClientError, OSError):
            await self._say_it_is_away(booth, side)
            return
        self.keep(side, answer)
        self._answer(answer)
        if not booth.frozen and self.request.method == "GET" and "Retry-After" in answer.headers:
            self.set_header("Refresh", answer.headers["Retry-After"])
        self.finish(answer.body or None)
        self.notice(booth, side, answer)
        await booth.notify()

    async def _say_it_is_away(self, booth: Booth, side: Side) -> None:
        self.set_status(503)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", f"default-src 'none'; {self.framing}")
        here = self.request.uri if self.request.method == "GET" else self.path_of(side)
        self.render("pane_away.html", path=here)
        await booth.mend()

    def notice(self, booth: Booth, side: Side, answer: HTTPResponse) -> None:
        """Tell the booth where the pane is, and who has just signed in there."""
        is_page = "html" in answer.headers.get("Content-Type", "")
        if self.request.method == "GET" and is_page and self._fills_the_pane:
            self.be_at(side, self.request.uri or "/")
        if self.request.method == "POST":
            fields = fields_of(self.request.body, self.request.headers.get("Content-Type", ""))
            anew = "Set-Cookie" in answer.headers  # whoever is signed in already stays that
            if self.request.path == "/login" and not anew:
                return
            booth.person = (
                side.people.notice(self.request.path, fields, answer.code) or booth.person
            )

    @property
    def _cookies(self) -> str:
        return "; ".join(self.request.headers.get_list("Cookie"))

    # What is another's with a guest

    def sends(self, side: Side) -> dict[str, str]:
        """Return the cookies that go on."""
        return side.own(cookies_in(self._cookies))

    def keep(self, side: Side, answer: HTTPResponse) -> None:
        """Remember what the browser holds from now on, and what passed."""
        sent, set_cookies = self.sends(side), answer.headers.get_list("Set-Cookie")
        side.jar, side.doubted = after(sent, set_cookies), None
        if not self.request.path.startswith("/static/"):
            side.exchanges.appendleft(self._exchange(side, sent, set_cookies, answer))

    def path_of(self, side: Side) -> str:
        """Return the page that the pane is at."""
        return side.path

    def be_at(self, side: Side, path: str) -> None:
        """Remember the page that the pane is at."""
        side.path = path

    @property
    def _fills_the_pane(self) -> bool:
        return self.request.headers.get("Sec-Fetch-Dest", "iframe") == "iframe"

    @property
    def framing(self) -> str:
        """What says that the demo's page may frame an answer."""
        return f"frame-ancestors {self.demo}"

    def _request(self, side: Side) -> HTTPRequest:
        headers = HTTPHeaders()
        for name, value in self.request.headers.get_all():
            if name.lower() not in _ONE_HOP | {"cookie"}:
                headers.add(name, value)
        if sent := self.sends(side):
            headers["Cookie"] = cookie_header(sent)
        for name, value in COMPACT.items():
            headers[name] = value
        return HTTPRequest(
            side.target.url + (self.request.uri or "/"),
            method=self.request.method or "GET",
            headers=headers,
            body=self.request.body or None,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            decompress_response=False,
            request_timeout=_SECONDS,
        )

    def _answer(self, answer: HTTPResponse) -> None:
        self.set_status(answer.code, answer.reason)
        self._headers = HTTPHeaders()
        for name, value in answer.headers.get_all():
            if name.lower() not in _ONE_HOP:
                self.add_header(name, self._framed(name, value))

    def _framed(self, name: str, value: str) -> str:
        if name.lower() != "content-security-policy":
            return value
        return value.replace("frame-ancestors 'none'", self.framing)

    def _exchange(
        self, side: Side, sent: dict[str, str], set_cookies: list[str], answer: HTTPResponse
    ) -> dict[str, Any]:
        return {
            "number": next(_numbers),
            "method": self.request.method,
            "path": self.request.path,
            "status": answer.code,
            "cookie_bytes": sum(len(name) + len(value) for name, value in sent.items()),
            "others": len(cookies_in(self._cookies)) - len(sent),
            "sent": [described_cookie(*each, side.prefix) for each in sent.items()],
            "set": [_described_set(header, side.prefix) for header in set_cookies],
        }


def _described_set(header: str, prefix: str) -> dict[str, Any]:
    pair, _, attributes = header.partition(";")
    name, _, value = pair.partition("=")
    return {**described_cookie(name, value, prefix), "attributes": attributes.strip()}


def make_pane(
    application: str,
    booths: Booths,
    demo: str,
    url: str,
    handler: type[PaneHandler] = PaneHandler,
) -> Application:
    """Return what serves the pane of an application at ``url``."""
    options = {"pane": application, "booths": booths, "demo": demo, "url": url}
    templates = Path(__file__).parent / "templates"
    return Application([(r".*", handler, options)], template_path=str(templates))
