"""A store serves one event loop, can be closed on another, and asks nothing once it is closed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import pytest
from opened_store import CALLS, SERVERS, closing, new_key
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import SessionStore

from compare.store_process import StoreProcess

Make = Callable[[], SessionStore]

# The end of a loop leaves connections behind that nobody has closed, and asyncio says so.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Served(NamedTuple):
    """A server, and a way to make stores on it."""

    process: StoreProcess
    make: Make


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    kind = SERVERS[request.param]
    with kind.process() as process:
        yield Served(process, partial(kind.store, process.address, deadline=5))


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Have all of it told here."""
    yield
    gc.collect()


@contextmanager
def frozen(process: StoreProcess) -> Iterator[None]:
    process.freeze()
    try:
        yield
    finally:
        process.thaw()


def test_a_store_serves_one_event_loop(served: Served) -> None:
    """Another loop's calls would be answered on the wrong one: refused."""
    store = served.make()
    asyncio.run(store.delete(new_key()))
    with pytest.raises(RuntimeError, match="one event loop"):
        asyncio.run(store.delete(new_key()))
    asyncio.run(store.close())


def test_a_store_is_closed_once_its_loop_has_ended(served: Served) -> None:
    """With calls and connections under way that the loop left behind; nobody waits for them."""
    store = served.make()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(store.delete(new_key()))
    with frozen(served.process):
        calls = [loop.create_task(call(store, new_key())) for call in CALLS.values()]
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
        asyncio.run(store.close())
    assert not any(call.done() for call in calls)


def test_a_store_is_closed_while_its_loop_pauses(served: Served) -> None:
    """What its calls end in is there when it goes on."""
    store = served.make()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(store.delete(new_key()))
    with frozen(served.process):
        call = loop.create_task(store.load(new_key()))
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.run(store.close())
    with pytest.raises(StoreUnavailable, match="is closed"):
        loop.run_until_complete(call)
    loop.close()


async def test_a_closed_store_passes_no_check(served: Served) -> None:
    """Nor is anything else asked of it; it says why."""
    store: Any
    async with closing(served.make()) as store:
        await store.check()
    for call in (*CALLS.values(), lambda store, _: store.check()):
        with pytest.raises(StoreUnavailable, match="the session store is closed"):
            await call(store, new_key())


def test_a_store_is_not_closed_from_aside(served: Served) -> None:
    """Its loop runs, in another thread: that is where it is closed."""
    store = served.make()

    async def close_aside() -> None:
        await store.delete(new_key())
        with pytest.raises(RuntimeError, match="one event loop"):
            await asyncio.to_thread(asyncio.run, store.close())
        assert await store.load(new_key()) is None
        await store.close()

    asyncio.run(close_aside())


def test_what_a_call_ends_in_that_nobody_reads_is_no_error_of_the_loop(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Its requests have ended; the log tells of the server, once, and not of each call."""
    store: Any = served.make()
    loop = asyncio.new_event_loop()

    async def begin() -> None:
        store.load_soon(new_key())
        store.cas_soon(new_key(), b"record", b"1", 60)
        await asyncio.sleep(0)

    loop.run_until_complete(begin())
    asyncio.run(store.close())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del begin
    gc.collect()
    assert store.stats()["failures"] == 2
    assert not caplog.records
