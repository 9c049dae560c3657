"""A small application with state on a port of its own, and who visits it: a jar, a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado_state import (
    JSON,
    SERVER_SESSION,
    SIGNED_COOKIE,
    Capabilities,
    CookieNames,
    Kind,
    Needs,
    PlacementTable,
    RequestState,
    ServerSessionTier,
    SignedCookieTier,
    Signer,
    StateApplication,
    StateErrorHandler,
    StateHandler,
    StateTiers,
)
from tornado_state.cookies.wire import SetCookie
from tornado_state.sessions.session import Session
from tornado_state.stores import SessionStore
from watched_store import Clock, WatchedStore

#: One kind for every behaviour: two in cookies, the second bound to the person; three in sessions.
THEME = Kind("theme", Needs(outage_proof=True, outlives_logout=True), inherited=True)
NOTES = Kind("notes", Needs(), inherited=True)
BASKET = Kind("basket", Needs(fresh=True, concurrent=True), inherited=True)
SEEN = Kind("seen", Needs(fresh=True), on_conflict="last_write")
WHO = Kind("who", Needs(confidential=True, revocable=True), identifies="id")

PLACED = {
    THEME: SIGNED_COOKIE,
    BASKET: SERVER_SESSION,
    SEEN: SERVER_SESSION,
    WHO: SERVER_SESSION,
}
SECRET = {0: "s" * 32}
IDLE, ABSOLUTE = 1800, 43_200


class World:
    """A clock, a store, and tiers on them; ``application`` names cookies and binds signatures."""

    def __init__(
        self,
        placed: Mapping[Kind, Capabilities] | None = None,
        *,
        clock: Clock | None = None,
        store: SessionStore | None = None,
        secret: Mapping[int, str] = SECRET,
        application: str = "shop",
        secure: bool = True,
        sessions: bool = True,
        allow_misplaced: bool = False,
        **options: Any,
    ) -> None:
        self.clock = clock or Clock()
        self.store: Any = store or WatchedStore(self.clock)
        self.names = CookieNames(application, secure)
        self.signer = Signer(secret, application, self.clock)
        placement = PlacementTable(placed or PLACED, allow_misplaced=allow_misplaced)
        options = {"idle_timeout": IDLE, "absolute_timeout": ABSOLUTE, **options}
        self.sessions = ServerSessionTier(
            self.store, self.signer, self.names, clock=self.clock, **options
        )
        self.cookies = SignedCookieTier(self.signer, self.names, lifetime=ABSOLUTE)
        self.tiers = StateTiers(placement, self.cookies, self.sessions if sessions else None)

    def like(self, **changes: Any) -> World:
        """Return another host's world: the same clock and store, ``changes`` apart."""
        return World(clock=self.clock, store=self.store, **changes)


def cookie_header(jar: Mapping[str, str]) -> str:
    """Return the Cookie header of a browser with this jar."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


class Visitor:
    """A cookie jar over tiers, without HTTP between."""

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

    def take(self, *cookies: SetCookie | None) -> None:
        """Do with Set-Cookie headers what a browser does."""
        for cookie in cookies:
            if cookie is None:
                continue
            self.cookies.pop(cookie.name, None)
            if cookie.max_age:
                self.cookies[cookie.name] = cookie.value

    async def session(self) -> Session:
        """Return the session as a request of this visitor loads it."""
        return await self.world.sessions.load(self.cookies)

    async def commit(self, session: Session) -> SetCookie | None:
        """Commit, and take the cookie."""
        cookie = await self.world.sessions.commit(session, self.cookies)
        self.take(cookie)
        return cookie

    async def assign(self, **values: JSON) -> SetCookie | None:
        """Assign in a request of its own."""
        session = await self.session()
        session.update(values)
        return await self.commit(session)

    async def data(self) -> dict[str, JSON]:
        """Return what the visitor's session holds."""
        return dict(await self.session())

    async def state(self, *kinds: Kind) -> RequestState:
        """Return the state of a request whose handler names ``kinds``."""
        state = RequestState(self.world.tiers, [cookie_header(self.cookies)], kinds)
        await state.load()
        return state

    async def answer(self, state: RequestState) -> list[SetCookie]:
        """Commit and take the cookies, as the lifecycle does."""
        await state.commit()
        state.close()
        cookies = state.set_cookies()
        self.take(*cookies)
        return cookies


async def with_session(world: World | None = None, **values: object) -> Visitor:
    """Return a visitor who has a session; the store counts from here."""
    visitor = Visitor(world or World())
    await visitor.assign(**(values or {"basket": 0}))
    visitor.world.store.forget()
    return visitor


class Browser:
    """An HTTP client with a cookie jar; it follows no redirects and raises at no status."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.jar: dict[str, str] = {}
        self._client = AsyncHTTPClient(force_instance=True)

    @property
    def cookie(self) -> str:
        """The Cookie header of the next request."""
        return cookie_header(self.jar)

    async def get(self, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        """Return the answer, and take its cookies."""
        if self.jar:
            headers["Cookie"] = self.cookie
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers=headers,
            follow_redirects=False,
            body=b"" if method == "POST" else None,
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


def handler(*kinds: Kind, base: type[StateHandler] = StateHandler, **methods: Any) -> Any:
    """Return a handler class that names ``kinds`` and has ``methods``."""
    return type("Handler", (base,), {"kinds": kinds, **methods})


@asynccontextmanager
async def serving(
    world: World,
    routes: Mapping[str, Any],
    state_error_handler: type[StateHandler] = StateErrorHandler,
) -> AsyncIterator[Browser]:
    """Serve ``routes`` on an unused port; gives a browser."""
    application = StateApplication(
        list(routes.items()), tiers=world.tiers, state_error_handler=state_error_handler
    )
    listener, port = bind_unused_port()
    server = HTTPServer(application)
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
