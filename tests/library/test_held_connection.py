"""A connection that lets nothing out before the commit: streams, upgrades, haste."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from state_app import (
    ADA,
    BASKET,
    LINES,
    PLACED,
    THEME,
    WHO,
    World,
    handler,
    raw,
    request_of,
    serving,
)
from tornado.httputil import HTTPConnection, RequestStartLine
from tornado.web import HTTPError, stream_request_body
from tornado_state import (
    SIGNED_COOKIE,
    Kind,
    ResponseStarted,
    StateApplication,
    StateHandler,
    StoreUnavailable,
    request_values,
)

SESSION = "__Host-shop-session-id"


def read(self: StateHandler) -> None:
    self.write(str(self.state[BASKET]))


def write(self: StateHandler) -> None:
    self.state[BASKET] = self.state[BASKET] + 1
    read(self)


ROUTES = {"/": handler(BASKET, get=read, post=write)}


async def test_nothing_leaves_before_the_store_confirmed() -> None:
    """While the commit is under way, the client has not received a byte."""
    world, confirmed = World(), asyncio.Event()
    world.store.let_go_first("add", confirmed.wait)
    async with serving(world, ROUTES) as browser:
        reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nContent-Length: 0\r\n"
            b"Connection: close\r\n\r\n"
        )
        while not world.store.operations:
            await asyncio.sleep(0)
        coming = asyncio.ensure_future(reader.read(1))
        assert (await browser.get("/")).body == b"0"
        assert not coming.done()
        confirmed.set()
        assert await coming == b"H"
        assert (await reader.read()).endswith(b"\r\n\r\n1")
        writer.close()
        await writer.wait_closed()


async def streaming(self: StateHandler) -> None:
    self.state[BASKET] = 1
    self.write("a")
    await self.flush()
    self.write("b")
    await self.flush()
    self.write("c")


async def hasty(self: StateHandler) -> None:
    self.state[BASKET] = 1
    for part in "abc":
        self.write(part)
        self.flush()


@pytest.mark.parametrize("stream", [streaming, hasty])
async def test_a_stream_begins_with_the_commit(stream: object) -> None:
    """The headers carry the cookie, and the body comes in order, waited for or not."""
    world = World()
    async with serving(world, {**ROUTES, "/stream": handler(BASKET, get=stream)}) as browser:
        response = await browser.get("/stream")
        assert response.body == b"abc"
        assert browser.jar.keys() == {SESSION}
        assert (await browser.get("/")).body == b"1"


@pytest.mark.parametrize("stream", [streaming, hasty])
async def test_a_stream_whose_commit_failed_never_begins(stream: object) -> None:
    """503 instead, and what the handler still writes is swallowed."""
    world = World()
    async with serving(world, {"/stream": handler(BASKET, get=stream)}) as browser:
        world.store.fail("add")
        response = await browser.get("/stream")
        assert response.code == 503
        assert b"abc" not in response.body
        assert browser.jar == {}


@pytest.mark.parametrize("waits", [True, False], ids=["sent", "held"])
@pytest.mark.parametrize("writes", [True, False], ids=["committed", "nothing to commit"])
async def test_an_assignment_after_the_response_began_raises(waits: bool, writes: bool) -> None:
    """Whether its first byte has left or is still held: the change would be lost."""
    raised = []

    async def late(self: StateHandler) -> None:
        if writes:
            self.state[BASKET] = 1
        flushed = self.flush()
        if waits:
            await flushed
        for kind, value in ((THEME, "late"), (BASKET, 5)):
            with pytest.raises(ResponseStarted):
                self.state[kind] = value
            raised.append(kind)
        self.write(str(self.state[BASKET]))

    world = World()
    async with serving(world, {**ROUTES, "/late": handler(THEME, BASKET, get=late)}) as browser:
        assert (await browser.get("/late")).body == (b"1" if writes else b"0")
        assert raised == [THEME, BASKET]
        assert (await browser.get("/")).body == (b"1" if writes else b"0")


async def test_a_handler_may_commit_earlier() -> None:
    """What was confirmed by `commit` is kept, and its cookie sent with the answer."""

    async def early(self: StateHandler) -> None:
        self.state[BASKET] = 1
        await self.state.commit()
        assert self.state.store_key
        self.write("done")

    world = World()
    async with serving(world, {**ROUTES, "/early": handler(BASKET, get=early)}) as browser:
        assert (await browser.get("/early")).body == b"done"
        assert (await browser.get("/")).body == b"1"
    assert world.store.operations == {"add": 1, "load": 1}


async def test_a_client_that_left_is_served_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Its change is kept whole; the answer nobody reads raises nothing."""
    world, confirmed = World(), asyncio.Event()
    handlers: list[StateHandler] = []

    def remember(self: StateHandler) -> None:
        handlers.append(self)

    routes = {"/": handler(BASKET, get=read, post=write, on_finish=remember)}
    async with serving(world, routes) as browser:
        await browser.get("/", "POST")
        handlers.clear()
        world.store.let_go_first("cas", confirmed.wait)
        _, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(f"POST / HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\n\r\n".encode())
        while not handlers:
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        while not handlers[0].request.connection.stream.closed():  # type: ignore[union-attr]
            await asyncio.sleep(0)
        confirmed.set()
        assert (await browser.get("/")).body == b"2"
        handlers.clear()
        gc.collect()
        await asyncio.sleep(0)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_client_that_left_in_mid_request_changes_nothing() -> None:
    """A body that never came whole reaches no method; a handler that reads it in parts is told."""
    told = asyncio.Event()
    reading = asyncio.Event()

    async def prepare(self: StateHandler) -> None:
        self.state[BASKET] = 99
        reading.set()

    parts = stream_request_body(
        handler(
            BASKET,
            prepare=prepare,
            data_received=lambda self, chunk: None,
            post=read,
            on_connection_close=lambda self: told.set(),
        )
    )
    world = World()
    async with serving(world, {**ROUTES, "/parts": parts}) as browser:
        await browser.get("/", "POST")
        for path in ("/", "/parts"):
            _, writer = await asyncio.open_connection("127.0.0.1", browser.port)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {browser.cookie}\r\n"
            writer.write(f"{head}Content-Length: 10\r\n\r\nhello".encode())
            if path == "/parts":
                await reading.wait()
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(10):
            await told.wait()
        assert (await browser.get("/")).body == b"1"


def promises_more(self: StateHandler) -> None:
    self.state[BASKET] = 1
    self.set_header("Content-Length", "1")
    self.write("too much")


async def waits_for_it(self: StateHandler) -> None:
    promises_more(self)
    try:
        await self.finish()
    except Exception as error:
        self.application.settings["seen"].append(type(error).__name__)
        raise


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\n\r\n"


@pytest.mark.parametrize("get", [promises_more, waits_for_it])
async def test_a_response_that_cannot_be_written_closes_the_connection(get: object) -> None:
    """As without state: nobody is left waiting, and the client sees no complete answer."""
    seen: list[str] = []
    world = World(seen=seen)
    async with serving(world, {"/": handler(BASKET, get=get)}) as browser:
        assert b"too much" not in await raw(browser.port, HEAD)
    assert seen == (["HTTPOutputError"] if get is waits_for_it else [])


async def test_the_access_log_waits_for_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """One line a request, written when it is known what was sent."""
    caplog.set_level(logging.INFO, "tornado.access")
    world = World()
    async with serving(world, ROUTES) as browser:
        await browser.get("/", "POST")
        await browser.get("/")
        world.store.fail("cas")
        await browser.get("/", "POST")
        world.store.fail("load", why=StoreUnavailable("gone"))
        await browser.get("/")
    lines = [
        record.message.split()[:3] for record in caplog.records if record.name == "tornado.access"
    ]
    assert lines == [
        ["200", "POST", "/"],
        ["200", "GET", "/"],
        ["503", "POST", "/"],
        ["503", "GET", "/"],
    ]


# What caches are told


def cached(how: str) -> Callable[[StateHandler], None]:
    def get(self: StateHandler) -> None:
        self.set_header("Cache-Control", how)
        self.set_header("Vary", "Accept")
        self.state[THEME] = self.get_argument("theme")

    return get


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("", "private"),
        ("public, max-age=60", "max-age=60, private"),
        ("max-age=60, s-maxage=600", "max-age=60, private"),
        ("No-Store", "No-Store"),
        ("private=x, max-age=1", "private=x, max-age=1"),
    ],
)
async def test_an_answer_with_a_cookie_is_nobody_elses(given: str, sent: str) -> None:
    """Shared caches are told to keep out, however the handler meant it; without one it stays."""
    world = World()
    async with serving(world, {"/": handler(THEME, get=cached(given))}) as browser:
        first = await browser.get("/?theme=dark")
        assert first.headers["Cache-Control"] == sent
        again = await browser.get("/?theme=dark")
        assert again.headers["Cache-Control"] == given
        assert again.headers["Vary"] == "Accept, Cookie"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("", "Cookie"),
        ("Accept", "Accept, Cookie"),
        ("accept, cookie", "accept, cookie"),
        ("*", "*"),
    ],
)
@pytest.mark.parametrize("status", [200, 304])
async def test_an_answer_that_depends_on_state_varies_with_the_cookies(
    given: str, sent: str, status: int
) -> None:
    """Where state was read, though nothing was there and nothing is set."""

    def get(self: StateHandler) -> None:
        if given:
            self.set_header("Vary", given)
        self.set_status(status)
        if self.get_argument("look"):
            self.state[BASKET]

    world = World()
    async with serving(world, {"/": handler(BASKET, get=get)}) as browser:
        assert (await browser.get("/?look=1")).headers["Vary"] == sent
        assert (await browser.get("/?look=")).headers.get("Vary", "") == given


# What came too late


def late_in_finish(self: StateHandler) -> None:
    self.kept.append(2)


async def late_after_flush(self: StateHandler) -> None:
    await self.flush()
    self.kept.append(2)


@pytest.mark.parametrize("where", ["on_finish", "after flush", "kept by somebody"])
@pytest.mark.parametrize("kind", ["lines", "marks"])
async def test_a_change_inside_a_value_that_came_too_late_is_told_in_the_log(
    kind: str,
    where: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the handler's name, however late it is found out, and once."""
    monkeypatch.setattr(request_values, "_LATER", 0.05)
    marks = Kind("marks", list[int], default=[], outlives_logout=True)
    world = World({**PLACED, marks: SIGNED_COOKIE})
    kinds = {"lines": LINES, "marks": marks}
    holding: list[list[int]] = []

    async def get(self: StateHandler) -> None:
        self.kept = self.state[kinds[kind]]
        holding.append(self.kept)
        self.kept.append(1)
        if where == "after flush":
            await late_after_flush(self)

    def finish(self: StateHandler) -> None:
        if where == "on_finish":
            late_in_finish(self)
        if where == "kept by somebody":
            asyncio.get_running_loop().call_soon(holding[0].append, 2)

    late = handler(LINES, marks, get=get, on_finish=finish)
    read = handler(LINES, marks, get=lambda self: self.write(str(self.state[kinds[kind]])))
    async with serving(world, {"/late": late, "/": read}) as browser:
        await browser.get("/late")
        kept = (await browser.get("/")).body == b"[1, 2]"
        if where == "kept by somebody":
            async with asyncio.timeout(10):
                while "Handler changed" not in caplog.text:
                    await asyncio.sleep(0.01)
    # What is changed while the answer is still held is in time.
    assert kept is (kind == "lines" and where == "on_finish")
    said = f"Handler changed a value of {kind} from within after its response began"
    assert caplog.text.count(said) == (0 if kept else 1)


async def test_nothing_is_told_of_a_change_that_came_in_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor of a value that was only read."""

    def get(self: StateHandler) -> None:
        self.lines.append(1)
        self.write(str(len(self.lines)))

    world = World()
    async with serving(world, {"/": handler(LINES, get=get)}) as browser:
        for expected in (b"1", b"2"):
            assert (await browser.get("/")).body == expected
        gc.collect()
    assert "response began" not in caplog.text


async def test_a_sign_in_that_waits_for_its_answer_is_told_that_it_was_not_kept() -> None:
    """Whoever awaits `finish` learns of the failed commit."""
    seen: list[str] = []

    async def post(self: StateHandler) -> None:
        self.state.sign_in(ADA)
        try:
            await self.finish("signed in")
        except StoreUnavailable:
            seen.append("told")

    world = World()
    async with serving(world, {"/": handler(WHO, post=post)}) as browser:
        world.store.fail("add")
        assert (await browser.get("/", "POST")).code == 503
    assert seen == ["told"]


async def test_a_connection_is_the_servers_own_in_everything_else() -> None:
    """What Tornado and others ask of it, it has; and what they set is the server's as well."""

    def get(self: StateHandler) -> None:
        connection: Any = self.request.connection
        connection.no_keep_alive = True
        self.write(type(connection.stream).__name__)

    world = World()
    async with serving(world, {"/": handler(BASKET, get=get)}) as browser:
        answer = await browser.get("/")
        assert answer.body == b"IOStream"
        assert answer.headers["Connection"] == "close"


class Pushing(HTTPConnection):
    """A connection of another server than Tornado's."""

    pushes = 3

    def __init__(self) -> None:
        self.body = b""
        self.finished = asyncio.Event()

    def write_headers(self, start_line: Any, headers: Any, chunk: bytes | None = None) -> Any:
        self.body += chunk or b""
        sent: asyncio.Future[None] = asyncio.Future()
        sent.set_result(None)
        return sent

    def finish(self) -> None:
        self.finished.set()

    def set_close_callback(self, callback: object) -> None:
        pass


async def test_another_servers_connection_has_what_that_has() -> None:
    """Nobody but that server and the handler has to know what it is."""
    routes = {
        "/": handler(BASKET, get=lambda self: self.write(str(self.request.connection.pushes)))
    }
    application = StateApplication([*routes.items()], **World().settings)
    request, connection = request_of("GET"), Pushing()
    request.connection = connection
    delegate = application.find_handler(request)
    delegate.headers_received(RequestStartLine("GET", "/", "HTTP/1.1"), request.headers)
    delegate.finish()
    await connection.finished.wait()
    assert connection.body == b"3"


async def test_an_answer_waits_for_a_write_that_is_under_way() -> None:
    """Begun by the handler in a task of its own: it counts, and its cookie goes out."""
    tasks: list[asyncio.Task[None]] = []

    async def post(self: StateHandler) -> None:
        self.state[BASKET] = 1
        tasks.append(asyncio.create_task(self.state.commit()))
        await asyncio.sleep(0)

    world = World()
    async with serving(world, {**ROUTES, "/task": handler(BASKET, post=post)}) as browser:
        assert (await browser.get("/task", "POST")).code == 200
        await tasks[0]
        assert (await browser.get("/")).body == b"1"
    assert world.store.operations["add"] == 1


@pytest.mark.parametrize("fails", [False, True])
async def test_an_error_page_waits_for_a_write_that_is_under_way(fails: bool) -> None:
    """What it confirms goes out with the page; that it failed makes no other page of it."""
    tasks: list[asyncio.Task[None]] = []

    async def post(self: StateHandler) -> None:
        self.state[BASKET] = 1
        tasks.append(asyncio.create_task(self.state.commit()))
        await asyncio.sleep(0)
        raise HTTPError(507)

    world = World()
    async with serving(world, {**ROUTES, "/task": handler(BASKET, post=post)}) as browser:
        if fails:
            world.store.fail("add")
        assert (await browser.get("/task", "POST")).code == 507
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (browser.jar == {}) is fails


async def test_a_body_that_grows_beyond_its_length_closes_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it wrote while its answer was held is too much when that is let out."""

    def get(self: StateHandler) -> None:
        self.state[BASKET] = 1
        self.set_header("Content-Length", "3")
        self.write("abc")
        self.flush()
        self.write("and more")

    world = World()
    async with serving(world, {"/": handler(BASKET, get=get)}) as browser:
        assert b"more" not in await raw(browser.port, HEAD)
    assert "the answer could not be sent" in caplog.text


@pytest.mark.parametrize(("name", "value"), [("X-Odd", "a\r\nb"), ("Content-Length", "three")])
async def test_a_head_that_cannot_be_sent_keeps_nothing(name: str, value: str) -> None:
    """It is refused before anything is committed, in the way of the Tornado at hand."""

    def get(self: StateHandler) -> None:
        self.state[BASKET] = 1
        self._headers._dict[name] = value
        self._headers._as_list[name] = [value]

    world = World()
    async with serving(world, {"/": handler(BASKET, get=get)}) as browser:
        answer = await raw(browser.port, HEAD.replace(b"x\r\n", b"x\r\nConnection: close\r\n", 1))
        assert b" 200 " not in answer
    assert not world.store.operations


def change_theme(self: StateHandler) -> None:
    self.state[THEME] = "dark"


def fail(self: StateHandler) -> None:
    write(self)
    raise HTTPError(500)


@pytest.mark.parametrize("do", [read, write, change_theme, streaming, fail])
async def test_what_a_request_made_is_freed_as_it_ends(do: object) -> None:
    """It is part of no circle: the collector of circles has nothing to do for each request."""
    made: list[weakref.ref[object]] = []

    async def get(self: StateHandler) -> None:
        connection = self.request.connection
        made.extend(map(weakref.ref, (self, self.request, connection)))
        done = do(self)  # type: ignore[operator]
        if done is not None:
            await done

    async with serving(World(), {"/": handler(BASKET, THEME, get=get)}) as browser:
        gc.disable()
        try:
            await browser.get("/")
            await asyncio.sleep(0)
            assert [each() for each in made] == [None] * 3
        finally:
            gc.enable()
