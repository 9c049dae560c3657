"""The state layer on a real memcached: what the memory store could only pretend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from opened_store import LONG, new_key, opened
from state_app import BASKET, THEME, WHO, Browser, Visitor, World, handler, serving
from tornado_state import StateHandler
from tornado_state.stores import MemcachedStore

from compare.memcached_process import MemcachedProcess
from compare.waiting import until


async def count(self: StateHandler) -> None:
    self.write(str(await self.state.update(BASKET, lambda number: number + 1)))


def read(self: StateHandler) -> None:
    self.write({"basket": self.state[BASKET], "who": self.state[WHO]})


def sign_in(self: StateHandler) -> None:
    self.state.sign_in({"id": "ada", "secret": "canary"})


def sign_out(self: StateHandler) -> None:
    self.state.destroy()
    self.set_status(204)


ROUTES = {
    "/": handler(BASKET, WHO, get=read, post=sign_in, delete=sign_out),
    "/count": handler(BASKET, post=count),
    "/theme": handler(THEME, get=lambda self: self.write(str(self.state[THEME]))),
}


@asynccontextmanager
async def shop(deadline: float = LONG) -> AsyncIterator[tuple[Browser, MemcachedProcess]]:
    with MemcachedProcess() as memcached:
        store = MemcachedStore([memcached.address], deadline=deadline)
        try:
            async with serving(World(store=store), ROUTES) as browser:
                yield browser, memcached
        finally:
            await store.close()


async def test_a_session_from_its_first_value_to_its_end() -> None:
    """Created, renewed by the sign-in, ended: after that, a copy of the cookie opens nothing."""
    async with shop() as (browser, _):
        await browser.get("/count", "POST")
        await browser.get("/", "POST")
        stolen = dict(browser.jar)
        assert b"canary" in (await browser.get("/")).body
        assert (await browser.get("/", "DELETE")).code == 204
        browser.jar = stolen
        assert (await browser.get("/")).body == b'{"basket": 0, "who": null}'


async def test_parallel_requests_count_exactly() -> None:
    """Of a hundred increments in flight at once none is lost."""
    async with shop() as (browser, _):
        await browser.get("/count", "POST")
        await asyncio.gather(*(browser.get("/count", "POST") for _ in range(100)))
        assert (await browser.get("/")).body == b'{"basket": 101, "who": null}'


async def test_promise_13_anonymous_traffic_leaves_no_item() -> None:
    """Whatever is only read, memcached counts no item and no command."""
    async with shop() as (browser, memcached):
        for path in ("/", "/theme") * 20:
            assert (await browser.get(path)).code == 200
        assert b"STAT curr_items 0\r\n" in memcached.ask("stats", b"END\r\n")
        assert b"STAT cmd_get 0\r\n" in memcached.ask("stats", b"END\r\n")


@pytest.mark.parametrize("fault", ["freeze", "kill"])
async def test_a_sign_out_is_never_claimed_while_memcached_is_away(fault: str) -> None:
    """503 and the cookie kept, a page without session unaffected, and all is well again after."""
    async with shop(deadline=0.5) as (browser, memcached):
        await browser.get("/count", "POST")
        before = dict(browser.jar)
        getattr(memcached, fault)()
        for method in ("GET", "POST", "DELETE"):
            response = await browser.get("/", method)
            assert response.code == 503
            assert "Set-Cookie" not in response.headers
        assert browser.jar == before
        assert (await browser.get("/theme")).code == 200
        memcached.thaw() if fault == "freeze" else memcached.start()

        async def is_back() -> bool:
            return (await browser.get("/")).code == 200

        await until(is_back, "sessions are back")
        expected = 1 if fault == "freeze" else 0
        assert (await browser.get("/")).body == f'{{"basket": {expected}, "who": null}}'.encode()


async def test_more_sessions_than_may_wait_are_told_apart_and_ended(
    memcached: MemcachedProcess,
) -> None:
    """However many sessions an account has, none of them is refused as one call too many."""
    async with opened(memcached.address, deadline=LONG, max_waiting=64) as store:
        sessions = World(store=store).sessions
        alive = [new_key() for _ in range(3)]
        for key in alive:
            await store.add(key, b"record", 60)
        keys = [*alive, *(new_key() for _ in range(200))]
        assert await sessions.living(keys) == set(alive)
        await sessions.end(keys)
        assert await sessions.living(keys) == set()


async def test_a_lost_node_concerns_nobody_who_does_not_live_on_it() -> None:
    """While one of two is away, sessions begin and are renewed on the other one."""
    with MemcachedProcess() as kept, MemcachedProcess() as lost:
        async with opened(kept.address, lost.address, deadline=LONG) as store:
            world = World(store=store)
            lost.kill()
            for _ in range(20):
                visitor = Visitor(world)
                await visitor.assign(basket=1)
                session = await visitor.session()
                session.renew_id()
                await visitor.commit(session)
                assert await visitor.data() == {"basket": 1}
