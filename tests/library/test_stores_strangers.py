"""A store of somebody else's: its outages are outages, and its mistakes are its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from state_app import BASKET, Visitor, World, handler, serving, with_session
from state_routes import set_cookies
from tornado_state import StateHandler
from tornado_state.stores import MemoryStore, SessionRecord, SessionStore
from tornado_state.stores.strangers import at_the_edge
from tornado_state.testing import StoreContract
from watched_store import Clock, WatchedStore


class Soon(WatchedStore):
    """One that has futures of its own."""

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        self._may_fail("begin")
        return asyncio.ensure_future(self.load(key))

    def cas_soon(
        self, key: str, sealed: bytes, token: bytes, idle: int
    ) -> asyncio.Future[bool | None]:
        self._may_fail("begin")
        return asyncio.ensure_future(self.cas(key, sealed, token, idle))

    def _may_fail(self, operation: str) -> None:
        if operation in self.failing:
            raise self.failing[operation]


def post(self: StateHandler) -> None:
    self.state[BASKET] += 1


def out(self: StateHandler) -> None:
    self.state.destroy()


ROUTES = {"/": handler(BASKET, post=post), "/out": handler(BASKET, post=out)}
OUTAGES = [
    TimeoutError(),
    ConnectionRefusedError(111, "Connection refused"),
    OSError(),
    asyncio.IncompleteReadError(b"", 3),
]
CALLS = [("load", "/"), ("cas", "/"), ("add", "/"), ("cas", "/out"), ("begin", "/")]


@pytest.mark.parametrize("kind", [WatchedStore, Soon])
@pytest.mark.parametrize(("call", "path"), CALLS)
@pytest.mark.parametrize("error", [*OUTAGES, KeyError("key")], ids=repr)
async def test_an_outage_that_a_store_does_not_name_is_one(
    kind: Any, call: str, path: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """503, Retry-After, no cookie, and the session stays; a mistake of the store's is a 500."""
    if call == "begin" and kind is not Soon:
        return
    store = kind(Clock())
    world = World(store=store)
    visitor = Visitor(world) if call == "add" else await with_session(world)
    is_outage = isinstance(error, OSError | EOFError)
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        store.fail(call, why=error)
        answer = await browser.get(path, "POST")
        assert (answer.code, set_cookies(answer)) == (503 if is_outage else 500, [])
        assert ("Retry-After" in answer.headers) is is_outage
        told = [each for each in caplog.records if "no StoreUnavailable" in each.message]
        assert [each.exc_info[1] for each in told if each.exc_info] == [error] * is_outage
        store.failing.clear()
        assert (await browser.get("/", "POST")).code == 200
    assert await visitor.data() == {"basket": 1 if call == "add" else 2}


class TestStrangersStore(StoreContract):
    """The contract, through the edge."""

    def make_store(self) -> SessionStore:
        self.clock = Clock()
        return at_the_edge(Soon(self.clock))

    async def let_time_pass(self) -> None:
        self.clock.now += 0.05


def test_a_store_of_the_library_is_asked_directly() -> None:
    """It tells its outages itself."""
    store = MemoryStore()
    assert at_the_edge(store) is store
    stranger = at_the_edge(WatchedStore(Clock()))
    assert stranger.room == store.room
    assert not stranger.may_answer_elsewhere


class Hanging(WatchedStore):
    """A store whose calls are futures of its own, that nobody has set yet."""

    begun: asyncio.Future[Any] | None = None

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        return self._begun("load") or super().load_soon(key)

    def cas_soon(self, *asked: Any) -> asyncio.Future[bool | None]:
        return self._begun("cas") or super().cas_soon(*asked)

    def _begun(self, operation: str) -> asyncio.Future[Any] | None:
        if operation not in self.failing:
            return None
        self.begun = asyncio.get_running_loop().create_future()
        return self.begun


async def test_a_call_that_its_asker_gives_up_is_given_up() -> None:
    """Nobody waits for what the store would say."""
    store = Hanging(Clock())
    store.fail("load")
    answer = at_the_edge(store).load_soon("-" * 43)
    answer.cancel()
    assert store.begun is not None
    await asyncio.wait([answer, store.begun])
    assert store.begun.cancelled()


@pytest.mark.parametrize("call", ["load", "cas"])
async def test_a_call_that_the_store_gives_up_is_an_outage(call: str) -> None:
    """A pool that is closed cancels what waits in it: 503, and the session can be written on."""
    store = Hanging(Clock())
    visitor = await with_session(World(store=store))
    async with asyncio.timeout(5), serving(visitor.world, ROUTES) as browser:
        browser.jar = visitor.cookies
        store.fail(call)
        asking = asyncio.ensure_future(browser.get("/", "POST"))
        while store.begun is None:
            await asyncio.sleep(0)
        store.begun.cancel()
        answer = await asking
        assert (answer.code, "Retry-After" in answer.headers) == (503, True)
        store.failing.clear()
        assert (await browser.get("/", "POST")).code == 200
