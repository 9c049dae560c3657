"""Load before the handler, commit before the first byte: over real sockets."""

from __future__ import annotations

import asyncio

import pytest
from state_app import BASKET, THEME, World, handler, raw, serving, serving_application
from state_routes import NOTHING, ONE, ROUTES, SESSION, Shop, begin, set_cookies
from tornado.httputil import HTTPInputError
from tornado.routing import AnyMatches, PathMatches
from tornado.web import HTTPError, RequestHandler, stream_request_body
from tornado_state import SERVER_SESSION, Kind, StateApplication, StateHandler, UndeclaredKind


async def test_state_is_kept_from_request_to_request() -> None:
    """What one request assigns, the next one of the same browser reads, in both tiers."""
    world = World()
    async with serving(world, ROUTES) as browser:
        assert (await browser.get("/")).body == NOTHING
        response = await browser.get("/", "POST")
        assert set_cookies(response) == [SESSION, "__Host-shop-theme"]
        assert (await browser.get("/")).body == ONE


async def test_promise_13_anonymous_traffic_writes_nothing() -> None:
    """Requests without a cookie ask the store nothing, whatever they read."""
    world = World()
    async with serving(world, ROUTES) as browser:
        for method in ("GET", "HEAD", "DELETE") * 50:
            response = await browser.get("/", method)
            assert response.code in (200, 204)
            assert set_cookies(response) == []
    assert not world.store.operations
    assert world.store.records() == 0


async def test_a_handler_may_choose_its_kinds_by_the_request() -> None:
    """What only a page shows is looked up for pages, and costs others nothing."""

    class Chooses(Shop):
        @classmethod
        def kinds_for(cls, request):
            return cls.declared_kinds.values() if "X-Page" in request.headers else (THEME,)

        def get(self):
            self.write({"theme": self.state[THEME]})

    world = World()
    async with serving(world, {**ROUTES, "/chooses": Chooses}) as browser:
        await begin(browser, world)
        assert (await browser.get("/chooses")).body == b'{"theme": "dark"}'
        assert not world.store.operations
        assert (await browser.get("/chooses", **{"X-Page": "1"})).body == b'{"theme": "dark"}'
        assert world.store.operations == {"load": 1}


async def test_set_cookie_is_sent_only_when_it_is_due() -> None:
    """Not for reading, not for a change of a session that keeps its ID."""
    world = World()
    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        assert set_cookies(await browser.get("/")) == []
        assert set_cookies(await browser.get("/", "POST")) == []
        assert set_cookies(await browser.get("/?theme=light", "POST")) == ["__Host-shop-theme"]
        assert set_cookies(await browser.get("/login", "POST")) == [SESSION]
        assert set_cookies(await browser.get("/", "DELETE")) == [SESSION]
        assert set_cookies(await browser.get("/", "DELETE")) == []


@pytest.mark.parametrize("secure", [True, False], ids=["secure", "dev"])
async def test_promise_4_every_set_cookie_has_its_attributes(secure: bool) -> None:
    """Creation, renewal, sign-out and a changed value, in both modes."""
    world = World(cookie_secure=secure)
    seen = []
    async with serving(world, ROUTES) as browser:
        for path, method in (("/", "POST"), ("/login", "POST"), ("/", "DELETE")):
            response = await browser.get(path, method)
            seen += response.headers.get_list("Set-Cookie")
    assert len(seen) == 4
    for header in seen:
        name, *attributes = header.split("; ")
        assert name.startswith("__Host-shop-" if secure else "shop-")
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(attributes)
        assert ("Secure" in attributes) is secure
        assert not [attribute for attribute in attributes if attribute.startswith("Domain")]


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\n"

MALFORMED = (
    b"",
    b"=",
    b";;;",
    b"\x80\xff",
    b"%s=",
    b'%s="a\\015\\012b"',
    b"\xa0%s=good",
    b"\x85%s=good",
    b"%s\xa0=good",
    b"=%s=good",
    b"%s=good; %s=evil",
    b"%s=evil; %s=good",
    b"%s=good\r\nCookie: %s=good",
    b"%s=a|b|c",
    b"%s=" + b"x" * 251,
    b"%s=" + b"2|" * 120,
    b"%s=2|1:0|10:1700000000|0:|4:AAAA|",
    b"%s=2|99999999999999999999:0|0:|0:|0:|x",
    b"%s=a\tb",
    b'{"%s": 1}',
)
REFUSED_BY_TORNADO = (b"%s=a\x00b", b"%s=a\x7fb", b"%s=a\rb", b"%s=a\nb", b"\x01%s=a")


@pytest.mark.parametrize("cookie", MALFORMED + REFUSED_BY_TORNADO)
async def test_promise_3_a_malformed_cookie_is_an_anonymous_visitor(cookie: bytes) -> None:
    """Never 500, never anybody else's state, and the store is asked nothing."""
    world = World()
    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        for name, good in browser.jar.items():
            junk = cookie.replace(b"good", good.encode()).replace(b"%s", name.encode())
            answer = await raw(
                browser.port,
                HEAD + b"Connection: close\r\nCookie: " + junk + b"\r\n\r\n",
            )
            head, _, body = answer.partition(b"\r\n\r\n")
            if cookie in REFUSED_BY_TORNADO:
                assert head.startswith(b"HTTP/1.1 400 ")
            else:
                assert head.startswith(b"HTTP/1.1 200 ")
                assert body == NOTHING
            assert b"Set-Cookie" not in head
    assert not world.store.operations


async def test_promise_3_the_name_in_another_case_is_another_cookie() -> None:
    """Cookie names are told apart by case."""
    world = World()
    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        browser.jar = {name.lower(): value for name, value in browser.jar.items()}
        assert (await browser.get("/")).body == NOTHING
    assert not world.store.operations


async def test_a_store_away_is_told_to_those_who_need_it() -> None:
    """A page of cookies answers 200, a page of sessions 503, and the cookie is kept."""
    world = World()
    look = handler(THEME, BASKET, get=lambda self: self.write(self.state[THEME]))
    async with serving(world, {**ROUTES, "/theme": look}) as browser:
        await begin(browser, world)
        world.store.fail("load")
        assert (await browser.get("/theme")).body == b"dark"
        response = await browser.get("/")
        assert response.code == 503
        assert set_cookies(response) == []
        del world.store.failing["load"]
        assert (await browser.get("/")).body == ONE


async def test_a_load_that_fails_unforeseen_is_500_at_use(caplog: pytest.LogCaptureFixture) -> None:
    """A store that raises what no store may is answered, not met with silence."""
    world = World()
    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        world.store.fail("load", why=ZeroDivisionError())
        assert (await browser.get("/")).code == 500
    assert "could not be loaded" in caplog.text


async def test_a_value_that_cannot_be_brought_up_is_500_at_use() -> None:
    """A migration that raises is answered, and its value is left as it is."""

    def broken(value: object) -> object:
        raise ZeroDivisionError

    newer = Kind("basket", int, version=2, migrations={1: broken}, fresh=True)
    read = handler(newer, get=lambda self: self.write(str(self.basket)))
    old, new = World(), World({newer: SERVER_SESSION})
    new.settings.update(state_clock=old.clock, session_store=old.store)
    async with serving(old, ROUTES) as browser, serving(new, {"/": read}) as other:
        await begin(browser, old)
        other.jar = browser.jar
        assert (await other.get("/")).code == 500
        assert (await browser.get("/")).body == ONE


async def test_what_a_handler_cannot_have_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """A mistake that shows with a request only is 500 and logged, not a dropped connection."""

    class Chooses(Shop):
        @classmethod
        def kinds_for(cls, request):
            raise ZeroDivisionError

    class Foreign(Shop):
        @classmethod
        def kinds_for(cls, request):
            return [Kind("foreign", int)]

    world = World()
    async with serving(world, {"/chooses": Chooses, "/foreign": Foreign}) as browser:
        for path in ("/chooses", "/foreign"):
            assert (await browser.get(path, "POST", b"a=1")).code == 500
    assert caplog.text.count("could not be put together") == 2


async def test_handlers_without_kinds_are_left_alone() -> None:
    """Tornado's own, or one that names none, never meet the state layer."""

    class Plain(RequestHandler):
        def get(self) -> None:
            self.write(type(self.request.connection).__name__)

    def stateless(self: StateHandler) -> None:
        with pytest.raises(UndeclaredKind, match="Handler, or it is not served by"):
            self.state  # noqa: B018 - looking is what is refused
        raise HTTPError(418)

    world = World()
    async with serving(
        world, {**ROUTES, "/plain": Plain, "/none": handler(get=stateless)}
    ) as browser:
        await begin(browser, world)
        assert (await browser.get("/plain")).body == b"HTTP1Connection"
        assert (await browser.get("/none")).code == 418
        assert (await browser.get("/missing")).code == 404
    assert not world.store.operations


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_an_answer_without_a_body_commits_as_well(method: str) -> None:
    """Redirects, HEAD and 304 leave after the commit, with their cookies."""

    def redirect(self: StateHandler) -> None:
        self.state[BASKET] = 7
        self.redirect("/")

    def unchanged(self: StateHandler) -> None:
        self.state[BASKET] = 8
        self.set_status(304)

    routes = {
        **ROUTES,
        "/redirect": handler(BASKET, get=redirect, head=redirect),
        "/unchanged": handler(BASKET, get=unchanged, head=unchanged),
    }
    world = World()
    async with serving(world, routes) as browser:
        response = await browser.get("/redirect", method)
        assert (response.code, set_cookies(response)) == (302, [SESSION])
        assert (await browser.get("/")).body == b'{"theme": null, "basket": 7}'
        assert (await browser.get("/unchanged", method)).code == 304
        assert (await browser.get("/")).body == b'{"theme": null, "basket": 8}'


async def test_a_body_that_streams_in_finds_its_state() -> None:
    """The state is loaded before `prepare`, also where the body is read piece by piece."""

    async def prepare(self: StateHandler) -> None:
        self.found = self.state.get(BASKET)

    def data_received(self: StateHandler, chunk: bytes) -> None:
        self.state[BASKET] = self.found + len(chunk)

    upload = stream_request_body(
        handler(BASKET, prepare=prepare, data_received=data_received, post=lambda self: None)
    )
    world = World()
    async with serving(world, {**ROUTES, "/upload": upload}) as browser:
        await begin(browser, world)
        head = (
            f"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\nContent-Length: 5\r\n"
        )
        answer = await raw(browser.port, f"{head}Connection: close\r\n\r\nhello".encode())
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert (await browser.get("/")).body == b'{"theme": "dark", "basket": 6}'


async def test_what_a_handler_acts_on_was_true_when_its_body_was_there() -> None:
    """The state is loaded with the last byte of the body, not with the first of the headers."""
    world = World()
    async with serving(world, ROUTES) as browser:
        await begin(browser, world)
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(
            f"POST /?theme=late HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\n"
            "X-Forwarded-Proto: https\r\nContent-Length: 4\r\nConnection: close\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        assert not world.store.operations
        await browser.get("/", "POST")
        writer.write(b"body")
        assert b'{"theme": "late", "basket": 3}' in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_streams_in_anonymously_asks_nothing() -> None:
    """Without a cookie there is nothing to load before the headers are passed on."""
    upload = stream_request_body(
        handler(BASKET, data_received=lambda self, chunk: None, post=lambda self: None)
    )
    world = World()
    async with serving(world, {"/upload": upload}) as browser:
        assert (await browser.get("/upload", "POST", b"hello")).code == 200
    assert not world.store.operations


class Counts(StateHandler):
    """Counts in a way of its own, and tells who is there."""

    basket = BASKET

    def initialize(self, step: int) -> None:
        """Take what the route says."""
        self.step = step

    def post(self) -> None:
        """Count."""
        self.basket += self.step

    def delete(self) -> None:
        """Drop the count."""
        del self.basket

    def get(self) -> None:
        """Say it."""
        self.write(str(self.basket))


async def test_the_attribute_of_a_handler_is_the_value_in_its_request() -> None:
    """Read, assigned and dropped like any attribute, however deep in routers it is found."""
    world = World()
    routers = [(PathMatches("/in/.*"), [("/in/er", Counts, {"step": 2})])]
    application = StateApplication([(AnyMatches(), routers)], **world.settings)
    async with serving_application(application) as browser:
        for expected in (b"2", b"4"):
            await browser.get("/in/er", "POST")
            assert (await browser.get("/in/er")).body == expected
        await browser.get("/in/er", "DELETE")
        assert (await browser.get("/in/er")).body == b"0"


async def test_a_malformed_body_is_400_with_a_session_as_without() -> None:
    """The state is loaded before the body is parsed; that makes no other answer."""
    world = World()
    async with serving(world, ROUTES) as browser:
        for _ in range(2):
            answer = await browser.get(
                "/", "POST", b"no part", **{"Content-Type": "multipart/form-data"}
            )
            assert answer.code == 400
            await browser.get("/", "POST")


async def test_a_handler_that_cannot_be_made_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """With a session in hand there is nobody else to tell the client."""

    def broken(self: StateHandler) -> None:
        raise ZeroDivisionError

    world = World()
    unmade = handler(BASKET, initialize=broken, get=lambda self: None)
    async with serving(world, {**ROUTES, "/unmade": unmade}) as browser:
        await begin(browser, world)
        answer = await browser.get("/unmade")
        assert (answer.code, set_cookies(answer)) == (500, [])
    assert "Handler cannot be made" in caplog.text


async def test_what_a_handler_finds_malformed_when_it_is_made_is_400() -> None:
    """As Tornado says of a body that it cannot parse."""

    def initialize(self: StateHandler) -> None:
        if self.request.method == "POST":
            raise HTTPInputError("no part")

    def write_error(self: StateHandler, status_code: int, **kwargs: object) -> None:
        self.finish(f"sorry, {status_code}")

    odd = handler(BASKET, initialize=initialize, post=lambda self: None, write_error=write_error)
    world = World()
    async with serving(world, {**ROUTES, "/odd": odd}) as browser:
        await begin(browser, world)
        assert (await browser.get("/odd", "POST")).code == 400
