"""A person's browser, as far as a server can tell: a cookie jar that sends and keeps cookies.

The jar does what a browser's does for one host. It never forgets by itself; whoever holds a copy is
not bound to Max-Age either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .findings import Exchange
from .jar import MOST_OF_A_COOKIE, after, cookie_header, deletes
from .request import NoAnswer, Reply, Request

__all__ = [
    "MOST_OF_A_COOKIE",
    "Begun",
    "Browser",
    "NoAnswer",
    "Reply",
    "after",
    "cookie_header",
    "deletes",
]


class Browser:
    """Somebody with a cookie jar in front of the application at ``url``.

    ``exchanges`` are those it has had so far, ``cookies_set`` the Set-Cookie headers among them.
    ``ca_file`` has the certificates that are believed on https, the system's without one.
    """

    def __init__(self, url: str, name: str, jar: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.name = name
        self.jar = dict(jar or {})
        self.exchanges: list[Exchange] = []
        self.cookies_set: list[str] = []
        self.ca_file: str | None = None

    def send(self, method: str, path: str, value: Any = None, **headers: str) -> Reply:
        """Send ``value`` as JSON, nothing at all for None; an underscore in a header is a hyphen.

        Raises `NoAnswer`.
        """
        return self.begin(method, path, value, **headers).finish()

    def begin(self, method: str, path: str, value: Any = None, **headers: str) -> Begun:
        """Send all of a request but its last byte; see `send`."""
        body = b"" if value is None else json.dumps(value).encode()
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent.setdefault("Accept", "application/json")
        if body:
            sent.setdefault("Content-Type", "application/json")
        return self.begin_with(method, path, body, sent)

    def begin_with(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Begun:
        """Send all of a request but its last byte: ``body`` and ``headers`` as they are."""
        sent = dict(headers)
        if body or method != "GET":
            sent["Content-Length"] = str(len(body))
        if cookies := cookie_header(self.jar, path):
            sent.setdefault("Cookie", cookies)
        request = Request(self.name, self.url, (method, path), sent, body, ca_file=self.ca_file)
        return Begun(self, request)

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Remember an exchange, and keep the cookies that came with it, as a browser does."""
        self.exchanges.append(exchange)
        self.cookies_set += reply.set_cookies
        self.jar = after(self.jar, reply.set_cookies, exchange.path)


class Begun:
    """A request of a browser's of which everything but the last byte has been sent."""

    def __init__(self, browser: Browser, request: Request) -> None:
        self._browser = browser
        self._request = request

    def abandon(self) -> None:
        """Send no more, and want no answer."""
        self._request.abandon()

    def finish(self) -> Reply:
        """Send the last byte, keep what comes with the answer, and return it; else `NoAnswer`."""
        try:
            reply = self._request.finish()
        except NoAnswer:
            self._browser.exchanges.append(self._request.exchange)
            raise
        self._browser.take(self._request.exchange, reply)
        return reply
