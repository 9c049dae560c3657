"""Applications with state as outsiders write them, and browsers that visit one over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from commanded_store import Clock, CommandedStore
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado_state import Kind, StateApplication, StateHandler

SECRET = "gJ5lNw9tQ2vRk8sYx1bUe7cZp4hTf6mA"
NEWER_SECRET = "Wq3zHd8nXo5yKb2uLs7iCv1rGt9jEf4M"

#: Three kinds in the session, two in cookies: one that outlives sign-out, one bound to the person.
VISITS = Kind("visits", int, default=0, fresh=True, concurrent=True)
CART = Kind("cart", list[str], default=[], fresh=True)
USER = Kind("user", dict[str, str], identity="id", confidential=True, revocable=True)
THEME = Kind("theme", str, default="system", outage_proof=True, outlives_logout=True)
DRAFT = Kind("draft", list[str], default=[])

ANN = {"id": "ann"}


def handler(base: type[RequestHandler] = StateHandler, /, **attributes: Any) -> Any:
    """Return a handler class with ``attributes``."""
    return type("Handler", (base,), attributes)


class Everything(StateHandler):
    """Declares all kinds; a GET tells their values, and who is signed in."""

    visits, cart, user, theme, draft = VISITS, CART, USER, THEME, DRAFT

    def get(self) -> None:
        values = {kind.name: self.state[kind] for kind in (VISITS, CART, THEME, DRAFT)}
        self.write(values | {"user": (self.current_user or {}).get("id")})


class Login(Everything):
    """A POST signs Ann in, a DELETE signs out."""

    def post(self) -> None:
        self.state.sign_in(ANN)

    def delete(self) -> None:
        self.state.destroy()


class Fill(Everything):
    """A POST gives every kind a value but the identity."""

    def post(self) -> None:
        self.visits, self.cart, self.theme, self.draft = 1, ["a"], "light", ["d"]


FILLED = {"visits": 1, "cart": ["a"], "theme": "light", "draft": ["d"], "user": None}
EMPTY = {"visits": 0, "cart": [], "theme": "system", "draft": [], "user": None}
ROUTES = {"/": Everything, "/login": Login, "/fill": Fill}


class Browser:
    """An HTTP client with a cookie jar; it follows no redirects and raises at no status."""

    def __init__(self, port: int, application: Any) -> None:
        self.port = port
        self.application = application
        self.jar: dict[str, str] = {}
        self._client = AsyncHTTPClient(force_instance=True)

    @property
    def store(self) -> Any:
        """The application's session store."""
        return self.application.session_store

    def copy(self) -> Browser:
        """Return another browser with the same cookies."""
        other = Browser(self.port, self.application)
        other.jar = dict(self.jar)
        other._client = self._client
        return other

    async def fetch(
        self, path: str, method: str = "GET", body: Any = None, **headers: str
    ) -> HTTPResponse:
        """Return the answer, and take its cookies."""
        if self.jar and "Cookie" not in headers:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            follow_redirects=False,
            body=b"" if body is None and method in {"POST", "PUT", "PATCH"} else body,
            allow_nonstandard_methods=True,
            decompress_response=False,
        )
        response = await self._client.fetch(request, raise_error=False)
        self.take(response.headers.get_list("Set-Cookie"))
        return response

    def take(self, headers: Iterable[str]) -> None:
        """Do with Set-Cookie headers what a browser does."""
        for header in headers:
            pair, *attributes = header.split("; ")
            name, _, value = pair.partition("=")
            self.jar.pop(name, None)
            if "Max-Age=0" not in attributes:
                self.jar[name] = value

    async def values(self, path: str = "/") -> dict[str, Any]:
        """Return what the application says this visitor has."""
        response = await self.fetch(path)
        assert response.code == 200, response
        return dict(json.loads(response.body))

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def application(
    routes: Mapping[str, Any] = ROUTES, *, of: type[Application] = StateApplication, **settings: Any
) -> Any:
    """Return an application over plain http, with a store and a clock to command."""
    clock = settings.setdefault("state_clock", Clock())
    settings.setdefault("session_store", CommandedStore(clock))
    settings = {"cookie_secret": SECRET, "cookie_secure": False, **settings}
    return of(list(routes.items()), **settings)


@asynccontextmanager
async def serving(
    routes: Mapping[str, Any] = ROUTES,
    *,
    of: type[Application] = StateApplication,
    xheaders: bool = False,
    **settings: Any,
) -> AsyncIterator[Browser]:
    """Serve ``routes`` on an unused port; gives a browser that has not been there."""
    made = application(routes, of=of, **settings)
    listener, port = bind_unused_port()
    server = HTTPServer(made, xheaders=xheaders)
    server.add_socket(listener)
    browser = Browser(port, made)
    try:
        yield browser
    finally:
        browser.close()
        server.stop()
        await server.close_all_connections()


def elsewhere(browser: Browser, routes: Mapping[str, Any] = ROUTES) -> Any:
    """Serve ``routes`` by another process, as it were, on the same store."""
    clock = browser.application.settings["state_clock"]
    return serving(routes, session_store=browser.store, state_clock=clock)


def cookie_names(response: HTTPResponse) -> list[str]:
    """Return the names of the cookies that an answer sets or deletes."""
    return sorted(header.partition("=")[0] for header in response.headers.get_list("Set-Cookie"))


async def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are, and return what comes until the server closes the connection."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


def plain(jar: dict[str, str]) -> str:
    """Return the Cookie header of a jar, as browsers write it."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


async def values_by(browser: Browser, header: str) -> dict[str, Any]:
    """Return what the application has for whoever sends this Cookie header."""
    return dict(json.loads((await browser.fetch("/", Cookie=header)).body))
