"""A small application with state on a port of its own, and who visits it: a jar, a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.testing import bind_unused_port
from tornado_state import (
    SERVER_SESSION,
    SIGNED_COOKIE,
    Capabilities,
    Kind,
    PlacementTable,
    RequestState,
    StateApplication,
    StateHandler,
)
from tornado_state.cookies.wire import Cookies, SetCookie
from tornado_state.sessions.session import Session
from tornado_state.stores import SessionStore
from tornado_state.visit import Visit
from watched_store import Clock, WatchedStore

#: Kinds for every behaviour: two in cookies, the second bound to the person; the rest in sessions.
THEME = Kind("theme", str, outage_proof=True, outlives_logout=True, inherited=True, size=2_982)
NOTES = Kind("notes", str, inherited=True)
BASKET = Kind("basket", int, default=0, fresh=True, concurrent=True, inherited=True)
LINES = Kind("lines", list[int], default=[], fresh=True, inherited=True, size=65_536)
STEP = Kind("step", str, fresh=True)
SEEN = Kind("seen", int, default=0, fresh=True, on_conflict="last_write")
WHO = Kind("who", dict[str, str], confidential=True, revocable=True, identity="id")

IN_SESSION = (BASKET, LINES, STEP, SEEN, WHO)
ALL = (THEME, *IN_SESSION)
PLACED: dict[Kind[Any], Capabilities] = {
    THEME: SIGNED_COOKIE,
    **dict.fromkeys(IN_SESSION, SERVER_SESSION),
}
OLD, NEW = "0123456789abcdefghijklmnopqrstuv", "vutsrqponmlkjihgfedcba9876543210"
SECRET = {0: OLD}
IDLE, ABSOLUTE, REMEMBERED = 1800, 43_200, 2_592_000
ADA, EVE = {"id": "ada"}, {"id": "eve"}


class World:
    """A clock, a store, and an application on them, whose settings are ``settings``."""

    def __init__(
        self,
        placed: Mapping[Kind[Any], Capabilities] | None = None,
        *,
        clock: Clock | None = None,
        store: SessionStore | None = None,
        allow_misplaced: bool = False,
        **settings: Any,
    ) -> None:
        self.clock = clock or Clock()
        self.store: Any = store or WatchedStore(self.clock)
        self.events: list[str] = []
        self.settings = {
            "cookie_secret": SECRET,
            "session_store": self.store,
            "state_name": "shop",
            "state_clock": self.clock,
            "state_events": self.events.append,
            "placement": PlacementTable(placed or PLACED, allow_misplaced=allow_misplaced),
            **settings,
        }
        self.composition = StateApplication(**self.settings).composition
        self.cookies = self.composition.signed_cookies
        self.sessions: Any = self.composition.sessions

    def like(self, **changes: Any) -> World:
        """Return another host's world: the same clock, store and settings, ``changes`` apart."""
        settings = {key: value for key, value in self.settings.items() if key != "state_events"}
        placed = settings.pop("placement")
        other = {**settings, "clock": self.clock, "store": self.store, **changes}
        for name in ("state_clock", "session_store"):
            other.pop(name)
        return World(placed, allow_misplaced=placed._allow_misplaced, **other)

    def read_cookies(self, jar: Mapping[str, str]) -> Cookies:
        """Return what a request with this jar presents."""
        return Cookies([cookie_header(jar)], self.composition.cookie_names)


def cookie_header(jar: Mapping[str, str]) -> str:
    """Return the Cookie header of a browser with this jar."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def request_of(method: str = "POST", scheme: str = "https", **headers: str) -> HTTPServerRequest:
    """Return a request as Tornado's server makes it; ``_`` in a header's name is ``-``."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    request = HTTPServerRequest(
        start_line=RequestStartLine(method, "/", "HTTP/1.1"),
        headers=HTTPHeaders({"Host": "shop.example", **fields}),
    )
    request.protocol = scheme
    return request


class Visitor:
    """A cookie jar over an application's state, without HTTP between."""

    def __init__(self, world: World, cookies: Mapping[str, str] | None = None) -> None:
        self.world = world
        self.cookies = dict(cookies or {})

    @property
    def operations(self) -> dict[str, int]:
        """What the store was asked since it last forgot."""
        return dict(self.world.store.operations)

    def copy(self) -> Visitor:
        """Return another browser with the same cookies: a thief, or a request sent earlier."""
        return Visitor(self.world, self.cookies)

    def elsewhere(self) -> Visitor:
        """Return the same, where requests go to another process."""
        return Visitor(self.world.like(), self.cookies)

    def take(self, *cookies: SetCookie | None) -> None:
        """Do with Set-Cookie headers what a browser does."""
        for cookie in cookies:
            if cookie is None:
                continue
            self.cookies.pop(cookie.name, None)
            if cookie.keeps:
                self.cookies[cookie.name] = cookie.value

    async def session(self) -> Session:
        """Return the session as a request of this visitor loads it."""
        sessions = self.world.sessions
        found: Session = await sessions.load(
            sessions.presented(self.world.read_cookies(self.cookies))
        )
        return found

    async def commit(self, session: Session) -> SetCookie | None:
        """Commit, and take the cookie."""
        await self.world.sessions.commit(session)
        self.take(session.cookie)
        return session.cookie

    async def assign(self, **values: Any) -> SetCookie | None:
        """Assign in a request of its own, who is signed in as well; return the session's cookie."""
        session = await self.session()
        put(session, **values)
        return await self.commit(session)

    async def data(self) -> dict[str, Any]:
        """Return what the visitor's session holds."""
        journal = (await self.session()).journal
        return {kind.name: journal.read(kind) for kind in IN_SESSION if journal.has(kind)}

    async def state(self, *kinds: Kind[Any], **request: str) -> RequestState:
        """Return the state of a ``request`` whose handler names ``kinds``."""
        if self.cookies:
            request["Cookie"] = cookie_header(self.cookies)
        composition = self.world.composition
        visit = Visit.of(request_of(**request), composition.cookie_names)
        state = RequestState(composition, composition.requirements(kinds), visit)
        if state.needs_loading():
            await state.load()
        return state

    async def answer(self, state: RequestState) -> list[SetCookie]:
        """Commit and take the cookies, as the lifecycle does."""
        await state.commit()
        state.close()
        cookies = state.set_cookies()
        self.take(*cookies)
        return cookies


def put(session: Session, **values: Any) -> None:
    """Assign values by the kinds' names."""
    kinds = {kind.name: kind for kind in IN_SESSION}
    for name, value in values.items():
        session.journal.assign(kinds[name], value)


async def with_session(world: World | None = None, **values: Any) -> Visitor:
    """Return a visitor who has a session; the store counts from here."""
    visitor = Visitor(world or World())
    await visitor.assign(**(values or {"basket": 1}))
    visitor.world.store.forget()
    return visitor


class Browser:
    """An HTTP client with a cookie jar; it follows no redirects and raises at no status.

    It comes by https, as a proxy in front of the server says.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.jar: dict[str, str] = {}
        self._client = AsyncHTTPClient(force_instance=True)

    @property
    def cookie(self) -> str:
        """The Cookie header of the next request."""
        return cookie_header(self.jar)

    async def get(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> HTTPResponse:
        """Return the answer, and take its cookies."""
        headers = {"X-Forwarded-Proto": "https", **headers}
        if self.jar:
            headers.setdefault("Cookie", self.cookie)
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers=headers,
            follow_redirects=False,
            body=body or b"" if method == "POST" else None,
            allow_nonstandard_methods=True,
        )
        response = await self._client.fetch(request, raise_error=False)
        for header in response.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.jar.pop(name, None)
                if morsel["max-age"] != "0":
                    self.jar[name] = morsel.value
        return response

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def handler(*kinds: Kind[Any], base: type[StateHandler] = StateHandler, **methods: Any) -> Any:
    """Return a handler class that declares ``kinds`` and has ``methods``."""
    return type("Handler", (base,), {**{kind.name: kind for kind in kinds}, **methods})


@asynccontextmanager
async def serving(world: World, routes: Mapping[str, Any]) -> AsyncIterator[Browser]:
    """Serve ``routes`` on an unused port; gives a browser."""
    async with serving_application(
        StateApplication([*routes.items()], **world.settings)
    ) as browser:
        yield browser


@asynccontextmanager
async def serving_application(application: Any) -> AsyncIterator[Browser]:
    """Serve an application on an unused port; gives a browser."""
    listener, port = bind_unused_port()
    server = HTTPServer(application, xheaders=True)
    server.add_socket(listener)
    browser = Browser(port)
    try:
        yield browser
    finally:
        browser.close()
        server.stop()
        await server.close_all_connections()


async def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are, and return what comes until the server closes the connection."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer
