"""One of the three applications on a memcached of its own, and visitors with cookie jars.

Everything here goes over HTTP; what a visitor sends beside the usual is up to the test.
"""

from __future__ import annotations

import http.client
import json
import socket
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from warm_start import WarmApp

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess
from compare.waiting import PATIENCE
from server.catalogue import PRODUCTS

COOKIE, SESSION = "a signed cookie, in your browser", "a server session, on our side"
_RECOMMENDED = {"preferences": COOKIE, "cart": SESSION, "sign-in": SESSION}
#: Where each application keeps each kind, as its pages call it.
_KEPT = {
    "cookie": dict.fromkeys(_RECOMMENDED, COOKIE),
    "session": dict.fromkeys(_RECOMMENDED, SESSION),
    "recommended": _RECOMMENDED,
}
SHOPS = tuple(_KEPT)
WITH_SESSIONS = ("session", "recommended")

#: For what a page does by itself, wherever anything is kept: they share handlers and templates.
ONE_SHOP = pytest.mark.parametrize("shop", ["recommended"], indirect=True)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORM = "application/x-www-form-urlencoded"
PASSWORD = "violet-otter-91"
SKUS = [product.sku for product in PRODUCTS if not product.mature]
ITEM = {"sku": SKUS[0], "quantity": 2}
DEFAULTS = {"results_per_page": 20, "sort": "relevance", "safe_search": True, "theme": "system"}

_numbers = count(1)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error's code."""
        code: str = self.json["error"]["code"]
        return code

    @property
    def set_cookies(self) -> list[str]:
        """Every Set-Cookie header."""
        return self.headers.get_all("Set-Cookie", [])


@dataclass
class Visitor:
    """Someone with a cookie jar. ``cookies`` may be copied, kept and put back; so may anybody's."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    seen_cookies: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for JSON."""
        return self.send("GET", path, **headers)

    def post(self, path: str, value: Any = None, **headers: str) -> Reply:
        """Send ``value`` as JSON; nothing at all for None."""
        return self.send("POST", path, value, **headers)

    def page(self, path: str, **headers: str) -> Reply:
        """Ask as a browser does."""
        return self.send("GET", path, Accept=BROWSER, **headers)

    def submit(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> Reply:
        """Send a form as a browser does."""
        body = urlencode(fields or {}).encode()
        return self.send_bytes("POST", path, body, FORM, Accept=BROWSER, **headers)

    def send(self, method: str, path: str, value: Any = None, **headers: str) -> Reply:
        """Send ``value`` as JSON by any method."""
        if value is None:
            return self.send_bytes(method, path, None, None, **headers)
        return self.send_bytes(
            method, path, json.dumps(value).encode(), "application/json", **headers
        )

    def send_bytes(
        self, method: str, path: str, body: bytes | None, content_type: str | None, **headers: str
    ) -> Reply:
        """Send any body; an underscore in a header's name is a hyphen."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Accept", "application/json")
        sent.setdefault("X-Forwarded-Proto", "https")  # as the proxy in front of production says
        if content_type is not None:
            sent["Content-Type"] = content_type
        if self.cookies:
            sent.setdefault("Cookie", cookie_header(self.cookies))
        parts = urlsplit(self.url)
        with closing(
            http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        ) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            reply = Reply(response.status, response.headers, response.read().decode())
        self._keep(reply)
        return reply

    def copy(self) -> Visitor:
        """Return someone else with the same cookies: a thief, a backup, a replay."""
        return Visitor(self.url, dict(self.cookies))

    def _keep(self, reply: Reply) -> None:
        for header in reply.set_cookies:
            name, _, value = header.partition(";")[0].partition("=")
            self.seen_cookies.append(header)
            if "Max-Age=0" in header:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


@dataclass(frozen=True)
class Shop:
    """A running application, called ``cookie``, ``session`` or ``recommended``."""

    name: str
    app: AppProcess
    memcached: MemcachedProcess

    @property
    def url(self) -> str:
        """Where it is."""
        return self.app.url

    @property
    def kept(self) -> dict[str, str]:
        """Where it keeps each kind."""
        return _KEPT[self.name]

    @property
    def wrong(self) -> set[str]:
        """What is misplaced on purpose."""
        return {name for name, place in self.kept.items() if place != _RECOMMENDED[name]}

    @property
    def has_sessions(self) -> bool:
        """Whether anything is kept on the server."""
        return self.name in WITH_SESSIONS

    def visitor(self, **cookies: str) -> Visitor:
        """Return someone who has not been here before."""
        return Visitor(self.app.url, cookies)

    def account(self, password: str = PASSWORD) -> dict[str, str]:
        """Register somebody new; return what they sign in with, and their email."""
        number = next(_numbers)
        fields = {
            "username": f"ann{number}",
            "email": f"ann{number}@post.example",
            "password": password,
        }
        assert self.visitor().post("/register", fields).status == 201
        return fields

    def sign_in(self, account: dict[str, str] | None = None, **headers: str) -> Visitor:
        """Return somebody who is signed in, from a device of their own."""
        visitor = self.visitor()
        answer = visitor.post("/login", credentials_of(account or self.account()), **headers)
        assert answer.status == 200, answer.text
        return visitor

    def cookie_name(self, what: str) -> str:
        """Return what the application calls a cookie, ``preferences`` say."""
        prefix = "shop" if self.name == "recommended" else self.name
        return f"{prefix}-{what}"

    def memcached_stats(self) -> dict[str, int]:
        """Return memcached's counters that are whole numbers."""
        lines = self.memcached.ask("stats", b"END\r\n").decode().splitlines()
        pairs = [line.split(" ", 2)[1:] for line in lines if line.startswith("STAT ")]
        return {name: int(value) for name, value in pairs if value.isdigit()}

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send bytes as they are, and return the status and everything that came back."""
        parts = urlsplit(self.app.url)
        with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        return int(answer.split(b" ", 2)[1]), answer


def credentials_of(account: dict[str, str]) -> dict[str, str]:
    """Return what signs in."""
    return {"username": account["username"], "password": account["password"]}


def cookie_header(cookies: dict[str, str]) -> str:
    """Return the Cookie header for a jar."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def carried(signed: str) -> str:
    """Return the text in a signed cookie's value; signing hides nothing."""
    return b64decode(signed.split("|")[4].partition(":")[2]).decode()


@contextmanager
def running_shop(
    name: str, *options: str, dev: bool = True, memcached: tuple[str, ...] = ()
) -> Iterator[Shop]:
    """Run an application; ``memcached`` are arguments for memcached itself."""
    with (
        MemcachedProcess(*memcached) as store,
        shop_on(name, store, store.address, *options, dev=dev) as shop,
    ):
        yield shop


@contextmanager
def shop_on(
    name: str, memcached: MemcachedProcess, addresses: str, *options: str, dev: bool = True
) -> Iterator[Shop]:
    """Run an application on the memcached at ``addresses``, which ``memcached`` is behind."""
    mode = ("--dev",) if dev else ("--trust-proxy",)
    with WarmApp(f"server.{name}_app", *mode, f"--memcached={addresses}", *options) as app:
        yield Shop(name, app, memcached)
