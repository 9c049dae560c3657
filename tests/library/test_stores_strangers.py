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
OUTAGES = [TimeoutError(), ConnectionRefusedError(111, "Connection refused"), OSError()]
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
    is_outage = isinstance(error, OSError)
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


@pytest.mark.parametrize("who", ["asker", "store"])
async def test_a_call_that_one_side_gives_up_is_given_up(who: str) -> None:
    """By whoever asked, or within the store."""

    class Hanging(WatchedStore):
        def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
            self.begun: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            return self.begun

    store = Hanging(Clock())
    answer = at_the_edge(store).load_soon("-" * 43)
    (answer if who == "asker" else store.begun).cancel()
    await asyncio.wait([answer, store.begun])
    assert answer.cancelled()
    assert store.begun.cancelled()
