"""`open_state`: a visitor's state after the answer began, on a real server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tornado.httpclient import HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect
from tornado_state import (
    Conflict,
    CookieNeeded,
    Kind,
    RequestState,
    SessionEnded,
    StateApplication,
    StateError,
    StateHandler,
    StoreUnavailable,
    UndeclaredKind,
)
from tornado_state.stores import MemoryStore, SessionRecord
from tornado_state.testing import CookieJar, sign_in

COUNT = Kind("count", int, default=0, fresh=True, concurrent=True)
LINES = Kind("lines", list[str], default=[], fresh=True, inherited=True)
THEMES = Kind("themes", list[str], default=["light"], outage_proof=True, outlives_logout=True)
USER = Kind("user", str, confidential=True, revocable=True, identity=True)

Step = Callable[[Any], Awaitable[Any]]


async def nothing(handler: Any) -> None:
    """Do nothing."""


class Visit(StateHandler):
    """Does what a test asks for: ``before`` the answer begins, ``after`` it and in a ``job``."""

    count = COUNT
    lines = LINES
    themes = THEMES
    user = USER
    before: Step = staticmethod(nothing)
    after: Step = staticmethod(nothing)
    job: Step = staticmethod(nothing)
    found: list[Any]

    async def get(self) -> None:
        await type(self).before(self)
        self.write(f"{self.user or 'nobody'} {self.count} {','.join(self.lines)}")
        if type(self).after is not nothing:
            await self.flush()
        self.found.append(await outcome(type(self).after(self)))
        if type(self).job is not nothing:
            self.application.jobs.append(asyncio.ensure_future(outcome(type(self).job(self))))


class Polling(Visit):
    """What asks by itself."""

    counts_as_use = False


class Chat(StateHandler, WebSocketHandler):
    lines = LINES
    count = COUNT

    async def on_message(self, message: str | bytes) -> None:
        try:
            async with self.open_state() as state:
                state[LINES].append(str(message))
                lines = ",".join(state[LINES])
            await self.write_message(lines)
        except SessionEnded:
            self.close(4401)


class Plain(StateHandler):
    def get(self) -> None:
        self.open_state()


async def outcome(of: Awaitable[Any]) -> Any:
    """Return what comes of it, an error as well."""
    try:
        return await of
    except StateError as error:
        return error


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class WatchedStore(MemoryStore):
    """A store in memory that notes what keeps records alive, and can be away."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.touched = 0
        self.away = False

    async def load(self, key: str) -> SessionRecord | None:
        if self.away:
            raise StoreUnavailable("it is away")
        return await super().load(key)

    async def touch(self, key: str, idle: int) -> bool:
        self.touched += 1
        return await super().touch(key, idle)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> WatchedStore:
    return WatchedStore(clock)


@pytest.fixture
def app(clock: Clock, store: WatchedStore) -> Any:
    handlers: list[type[RequestHandler]] = [
        type("Visit", (Visit,), {"found": []}),
        type("Polling", (Polling,), {"found": []}),
        Chat,
        Plain,
    ]
    made: Any = StateApplication(
        [(f"/{handler.__name__.lower()}", handler) for handler in handlers],
        cookie_secret="0123456789abcdef" * 2,
        session_store=store,
        cookie_secure=False,
        state_clock=clock,
    )
    made.visit, made.polling, made.jobs = handlers[0], handlers[1], []
    made.sockets = []
    return made


class Browser:
    """A visitor of the application, who says what a request does."""

    def __init__(self, app: Any, client: Any, cookies: str = "") -> None:
        self.app, self.client, self.jar = app, client, CookieJar(cookies)

    async def visit(self, **steps: Step) -> Any:
        """Return what came of the step after the answer began."""
        return await self._visit(self.app.visit, "/visit", steps)

    async def poll(self, **steps: Step) -> Any:
        """Do the same by a request that is no use of the session."""
        return await self._visit(self.app.polling, "/polling", steps)

    async def _visit(self, handler: Any, path: str, steps: dict[str, Step]) -> Any:
        for name in ("before", "after", "job"):
            setattr(handler, name, staticmethod(steps.get(name, nothing)))
        self.answer = (await self.jar.fetch(self.client, path)).body.decode()
        return handler.found.pop()

    async def connect(self) -> Any:
        """Return a WebSocket."""
        url = self.client.get_url("/chat").replace("http", "ws")
        socket = await websocket_connect(HTTPRequest(url, headers=self.jar.headers))
        self.app.sockets.append(socket)
        return socket


@pytest.fixture
def browser(app: Any, http_server_client: Any, io_loop: Any) -> Iterator[Browser]:
    yield Browser(app, http_server_client)

    async def close() -> None:
        for socket in app.sockets:
            was_open = socket.close_code is None
            socket.close()
            if was_open:
                await socket.read_message()

    io_loop.run_sync(close)


async def begin(handler: Any) -> None:
    """Have a session."""
    handler.lines = ["first"]


def writes(line: str) -> Step:
    """Return what appends a line."""

    async def write(handler: Any) -> list[str]:
        async with handler.open_state() as state:
            state[LINES].append(line)
            return list(state[LINES])

    return write


async def count_up(handler: Any) -> int:
    async with handler.open_state() as state:
        counted: int = await state.update(COUNT, lambda n: n + 1)
        return counted


# What it keeps


async def test_what_is_written_in_a_stream_is_kept(browser: Browser) -> None:
    """After the first byte, a block reads what stands and writes what it changed at its end."""
    await browser.visit(before=begin)
    assert await browser.visit(after=writes("second")) == ["first", "second"]
    await browser.visit()
    assert browser.answer == "nobody 0 first,second"


async def test_what_is_dropped_in_a_block_is_gone(browser: Browser) -> None:
    """A block drops as a request does."""

    async def drop(handler: Any) -> None:
        async with handler.open_state() as state:
            del state[LINES]

    await browser.visit(before=begin, after=drop)
    await browser.visit()
    assert browser.answer == "nobody 0 "


async def test_a_job_goes_on_when_the_answer_is_gone(browser: Browser) -> None:
    """A task that the handler leaves behind has the visitor's state as well."""
    await browser.visit(before=begin)
    await browser.visit(job=writes("later"))
    assert await browser.app.jobs.pop() == ["first", "later"]
    await browser.visit()
    assert browser.answer == "nobody 0 first,later"


async def test_on_a_websocket_it_is_there_for_every_message(browser: Browser) -> None:
    """Each message finds what requests and other messages have made of it."""
    await browser.visit(before=begin)
    socket = await browser.connect()
    await socket.write_message("hello")
    assert await socket.read_message() == "first,hello"

    async def clear(handler: Any) -> None:
        handler.lines = ["anew"]

    await browser.visit(before=clear)
    await socket.write_message("again")
    assert await socket.read_message() == "anew,again"


async def test_updates_are_exact(browser: Browser) -> None:
    """Any number of blocks and requests may count at once."""

    async def count_in_blocks(handler: Any) -> list[Any]:
        return await asyncio.gather(*(outcome(count_up(handler)) for _ in range(20)))

    await browser.visit(before=begin)
    counted = await browser.visit(after=count_in_blocks)
    assert sorted(counted) == list(range(1, 21))
    await browser.visit()
    assert browser.answer == "nobody 20 first"


async def test_a_block_that_raises_keeps_nothing(browser: Browser) -> None:
    """What was committed within it stays; what was changed since is forgotten."""

    async def fail(handler: Any) -> None:
        async with handler.open_state() as state:
            state[LINES].append("kept")
            await state.commit()
            state[LINES].append("lost")
            raise Conflict(("of our own",))

    await browser.visit(before=begin)
    assert isinstance(await browser.visit(after=fail), Conflict)
    await browser.visit()
    assert browser.answer == "nobody 0 first,kept"


async def test_what_others_changed_meanwhile_is_a_conflict(browser: Browser) -> None:
    """As between requests, at the end of the block; nothing of it is kept."""

    async def collide(handler: Any) -> None:
        async with handler.open_state() as state:
            state[LINES] = ["mine"]
            await writes("theirs")(handler)

    await browser.visit(before=begin)
    assert isinstance(await browser.visit(after=collide), Conflict)
    await browser.visit()
    assert browser.answer == "nobody 0 first,theirs"


# Whose session it is


async def test_a_session_that_began_with_the_answer(browser: Browser) -> None:
    """The first request of a visitor can go on with what it has just begun."""
    assert await browser.visit(before=begin, after=writes("second")) == ["first", "second"]
    await browser.visit()
    assert browser.answer == "nobody 0 first,second"


@pytest.mark.parametrize("how", ["renew_id", "sign_in"])
async def test_a_session_under_a_new_id(browser: Browser, how: str) -> None:
    """After a renewal or a sign-in in the request it is the session that the browser has now."""

    async def go_on(handler: Any) -> None:
        handler.state.renew_id() if how == "renew_id" else handler.state.sign_in("ann")

    await browser.visit(before=begin)
    assert await browser.visit(before=go_on, after=writes("second")) == ["first", "second"]
    await browser.visit()
    assert browser.answer.endswith("0 first,second")


async def test_what_the_answer_set_is_read(browser: Browser) -> None:
    """So are cookies: those that the answer brings count, and those that it clears do not."""

    async def read(handler: Any) -> list[str]:
        async with handler.open_state() as state:
            return list(state[THEMES])

    async def set_theme(handler: Any) -> None:
        handler.themes = ["dark"]
        handler.count = 1

    async def drop_theme(handler: Any) -> None:
        del handler.themes

    assert await browser.visit(before=set_theme, after=read) == ["dark"]
    assert await browser.visit(after=read) == ["dark"]
    assert await browser.visit(before=drop_theme, after=read) == ["light"]


async def test_without_a_session_there_is_none(browser: Browser) -> None:
    """A visitor who has no session is told as one whose session is over."""
    assert isinstance(await browser.visit(after=writes("x")), SessionEnded)
    socket = await browser.connect()
    await socket.write_message("hello")
    assert await socket.read_message() is None
    assert socket.close_code == 4401


async def test_a_session_that_ended_since(browser: Browser) -> None:
    """After a sign-out, wherever it happened, an open socket finds the session ended."""

    async def sign_out(handler: Any) -> None:
        handler.state.destroy()

    await browser.visit(before=begin)
    socket = await browser.connect()
    assert isinstance(await browser.visit(before=sign_out, after=writes("x")), SessionEnded)
    await socket.write_message("hello")
    assert await socket.read_message() is None
    assert socket.close_code == 4401


async def test_a_planted_id_does_not_follow_who_signs_in(
    browser: Browser, http_server_client: Any
) -> None:
    """A socket that was opened with an ID is over when somebody signs in and has another."""

    async def as_ann(handler: Any) -> None:
        handler.state.sign_in("ann")

    await browser.visit(before=begin)
    attacker = Browser(browser.app, http_server_client)
    attacker.jar = CookieJar(browser.jar.headers["Cookie"])
    socket = await attacker.connect()
    await browser.visit(before=as_ann)
    await socket.write_message("hello")
    assert await socket.read_message() is None
    assert socket.close_code == 4401


async def test_a_store_that_is_away(browser: Browser, store: WatchedStore) -> None:
    """Nobody can tell then, and the block does not begin."""

    async def lose(handler: Any) -> Any:
        store.away = True
        return await writes("x")(handler)

    await browser.visit(before=begin)
    assert isinstance(await browser.visit(after=lose), StoreUnavailable)


async def test_a_handler_without_kinds_has_no_state(http_server_client: Any) -> None:
    """As ``self.state`` says."""
    answer = await http_server_client.fetch("/plain", raise_error=False)
    assert answer.code == 500


# No cookie goes out


def changes(change: Callable[[RequestState], Any]) -> Step:
    """Return what changes the state in a block."""

    async def in_block(handler: Any) -> Any:
        async with handler.open_state() as state:
            state[COUNT] = 5
            changed = change(state)
            return await changed if isinstance(changed, Awaitable) else changed

    return in_block


NEED_A_COOKIE: dict[str, Callable[[RequestState], Any]] = {
    "assigning": lambda state: state.__setitem__(THEMES, ["dark"]),
    "dropping": lambda state: state.__delitem__(THEMES),
    "taking": lambda state: state.pop(THEMES),
    "updating": lambda state: state.update(THEMES, lambda themes: [*themes, "dark"]),
    "changing inside": lambda state: state[THEMES].append("dark"),
    "signing in": lambda state: state.sign_in("ann"),
    "renewing": lambda state: state.renew_id(),
    "destroying everything": lambda state: state.destroy(everything=True),
    "beginning": lambda state: (state.destroy(), state.__setitem__(COUNT, 1)),
}


@pytest.mark.parametrize("what", NEED_A_COOKIE)
async def test_what_needs_a_cookie_is_refused(browser: Browser, what: str) -> None:
    """No cookie goes out any more; with what needs one, nothing of the block is kept."""

    async def set_theme(handler: Any) -> None:
        await begin(handler)
        handler.themes = ["night"]

    await browser.visit(before=set_theme)
    found = await browser.visit(after=changes(NEED_A_COOKIE[what]))
    assert isinstance(found, CookieNeeded)
    await browser.visit()
    assert browser.answer == "nobody 0 first"


async def test_dropping_what_is_in_the_session_needs_none(browser: Browser) -> None:
    """The next request finds the default."""
    await browser.visit(before=begin)
    await browser.visit(after=changes(lambda state: state.__delitem__(LINES)))
    await browser.visit()
    assert browser.answer == "nobody 5 "


async def test_signing_out_needs_none(browser: Browser) -> None:
    """The session ends; the cookie that the browser still has leads to nothing."""
    browser.jar = CookieJar(await sign_in(browser.app, "ann"))
    await browser.visit()
    assert browser.answer.startswith("ann")

    async def sign_out(handler: Any) -> None:
        async with handler.open_state() as state:
            state.destroy()

    await browser.visit(after=sign_out)
    await browser.visit()
    assert browser.answer.startswith("nobody")


async def test_only_declared_kinds(browser: Browser) -> None:
    """A block has the kinds of its handler."""
    other = Kind("other", int, default=0, fresh=True)
    await browser.visit(before=begin)
    found = await browser.visit(after=changes(lambda state: state[other]))
    assert isinstance(found, UndeclaredKind)


async def test_a_change_after_the_block_is_told(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """What is changed inside a value when its block has ended is kept nowhere, and logged."""

    async def too_late(handler: Any) -> None:
        async with handler.open_state() as state:
            lines = state[LINES]
        lines.append("too late")

    await browser.visit(before=begin)
    with caplog.at_level(logging.WARNING):
        await browser.visit(after=too_late)
    assert [r.getMessage() for r in caplog.records if "open_state" in r.getMessage()] == [
        "a value of lines was changed from within after its open_state block: it is not kept"
    ]


# The idle clock


async def test_a_block_is_a_use_of_the_session(
    browser: Browser, clock: Clock, store: WatchedStore
) -> None:
    """It pushes the idle clock as a request does, once a part of it is used up."""

    async def read_later(handler: Any) -> None:
        clock.now += 600
        async with handler.open_state() as state:
            assert state[LINES]

    await browser.visit(before=begin)
    await browser.visit(after=read_later)
    assert store.touched == 1


async def test_polling_is_no_use_of_the_session(
    browser: Browser, clock: Clock, store: WatchedStore
) -> None:
    """With ``counts_as_use = False`` neither requests nor blocks push it, and it runs out."""

    async def read(handler: Any) -> list[str]:
        async with handler.open_state() as state:
            return list(state[LINES])

    await browser.visit(before=begin)
    for _ in range(2):
        clock.now += 800
        assert await browser.poll(after=read) == ["first"]
    assert store.touched == 0
    clock.now += 800
    assert isinstance(await browser.poll(after=read), SessionEnded)


async def test_what_polling_writes_keeps_the_session_alive(browser: Browser, clock: Clock) -> None:
    """A store does not know how long a record had left: what is written lives anew."""
    await browser.visit(before=begin)
    for number in range(3):
        clock.now += 1000
        await browser.poll(after=writes(str(number)))
    await browser.visit()
    assert browser.answer == "nobody 0 first,0,1,2"
