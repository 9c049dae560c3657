"""A person's browser, as far as a server can tell: a cookie jar that sends and keeps cookies.

A jar does what a browser's does for one host and path "/": the last value set stands, what has
expired is deleted, and what is too large is dropped. It never forgets by itself; whoever holds a
copy is not bound to Max-Age either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .findings import Exchange
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

#: Of name and value; browsers drop more without a word (RFC 6265bis 5.6).
MOST_OF_A_COOKIE = 4096


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
        if self.jar:
            sent.setdefault("Cookie", cookie_header(self.jar))
        request = Request(self.name, self.url, (method, path), sent, body, ca_file=self.ca_file)
        return Begun(self, request)

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Remember an exchange, and keep the cookies that came with it, as a browser does."""
        self.exchanges.append(exchange)
        self.cookies_set += reply.set_cookies
        self.jar = after(self.jar, reply.set_cookies)


class Begun:
    """A request of a browser's of which everything but the last byte has been sent."""

    def __init__(self, browser: Browser, request: Request) -> None:
        self._browser = browser
        self._request = request

    def finish(self) -> Reply:
        """Send the last byte, keep what comes with the answer, and return it; else `NoAnswer`."""
        try:
            reply = self._request.finish()
        except NoAnswer:
            self._browser.exchanges.append(self._request.exchange)
            raise
        self._browser.take(self._request.exchange, reply)
        return reply


def after(jar: Mapping[str, str], set_cookies: Iterable[str]) -> dict[str, str]:
    """Return what a browser that held ``jar`` holds once it got these Set-Cookie headers."""
    kept = dict(jar)
    for header in set_cookies:
        name, _, value = header.partition(";")[0].partition("=")
        if deletes(header):
            kept.pop(name, None)
        elif len(name) + len(value) <= MOST_OF_A_COOKIE:
            kept[name] = value
    return kept


def deletes(header: str) -> bool:
    """Return whether a Set-Cookie header tells a browser to forget the cookie."""
    attributes = [part.strip().lower() for part in header.split(";")[1:]]
    if any(each.startswith("max-age=") for each in attributes):  # it counts for more (RFC 6265 5.3)
        return any(each in {"max-age=0", "max-age=-1"} for each in attributes)
    expires = [each.removeprefix("expires=") for each in attributes if each.startswith("expires=")]
    try:
        dates = [parsedate_to_datetime(each).replace(tzinfo=UTC) for each in expires]
    except (ValueError, OverflowError):
        return False
    return any(each <= datetime.now(UTC) for each in dates)  # always in UTC (RFC 6265 5.1.1)


def cookie_header(jar: Mapping[str, str]) -> str:
    """Return the Cookie header for a jar."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())
