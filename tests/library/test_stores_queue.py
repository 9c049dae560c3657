"""What waits between the event loop and memcached: shared, bounded, abandoned, closed."""

from __future__ import annotations

import asyncio

import pytest
from opened_store import LONG, new_key, opened, reaches
from tornado_state.exceptions import StoreUnavailable

from compare.memcached_process import MemcachedProcess


async def test_a_cancelled_call_is_never_carried_out() -> None:
    """Whoever leaves while waiting leaves nothing behind; the others are served."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=LONG, connections=1) as store:
            await store.load(new_key())
            memcached.freeze()
            first = asyncio.create_task(store.load(new_key()))
            await reaches(store, "waiting", 0)
            left, stays = new_key(), new_key()
            cancelled = asyncio.create_task(store.add(left, b"left", 60))
            served = asyncio.create_task(store.add(stays, b"stays", 60))
            await reaches(store, "waiting", 2)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            memcached.thaw()
            assert await first is None
            assert await served is True
            assert await store.load(left) is None
            assert await store.load(stays) is not None


async def test_lookups_that_wait_share_one_round_trip() -> None:
    """All that wait go together, the same key once."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=LONG, connections=1) as store:
            key, other = new_key(), new_key()
            await store.add(key, b"record", 60)
            before = memcached.lookups()
            memcached.freeze()
            first = asyncio.create_task(store.delete(new_key()))
            await reaches(store, "waiting", 0)
            calls = [asyncio.create_task(store.load(key)) for _ in range(30)]
            missing = asyncio.create_task(store.load(other))
            await reaches(store, "waiting", 31)
            memcached.thaw()
            records = await asyncio.gather(*calls)
            assert await first is False
            assert {record.sealed for record in records if record} == {b"record"}
            assert await missing is None
            stats = store.stats()
            assert (stats["batches"], stats["lookups"]) == (1, 31)
            assert (stats["hits"], stats["misses"], stats["writes"]) == (30, 1, 2)
            assert memcached.lookups() - before == 2


async def test_a_full_queue_refuses_at_once() -> None:
    """The bound is kept: one more call fails before it first waits, and the others are served."""
    with MemcachedProcess() as memcached:
        settings = {"deadline": LONG, "connections": 1, "max_waiting": 3}
        async with opened(memcached.address, **settings) as store:
            await store.load(new_key())
            memcached.freeze()
            first = asyncio.create_task(store.load(new_key()))
            await reaches(store, "waiting", 0)
            others = [asyncio.create_task(store.delete(new_key())) for _ in range(3)]
            await reaches(store, "waiting", 3)
            with pytest.raises(StoreUnavailable, match="too many calls"):
                store.load(new_key()).send(None)
            memcached.thaw()
            assert await asyncio.gather(first, *others) == [None, False, False, False]


async def test_closing_fails_what_waits_and_leaves_nothing() -> None:
    """After close nothing of the store is left, and a late call is told so."""
    before = asyncio.all_tasks()
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.5, connections=1) as store:
            await store.load(new_key())
            memcached.freeze()
            first = asyncio.create_task(store.delete(new_key()))
            await reaches(store, "waiting", 0)
            calls = [asyncio.create_task(store.delete(new_key())) for _ in range(4)]
            await reaches(store, "waiting", 4)
            await store.close()
            outcomes = await asyncio.gather(first, *calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
            with pytest.raises(StoreUnavailable, match="closed"):
                await store.load(new_key())
            assert asyncio.all_tasks() == before


async def test_opening_the_breaker_fails_what_waits() -> None:
    """Jobs in the queue do not wait for their own deadlines once memcached is known to be away."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=LONG, connections=1) as store:
            await store.load(new_key())
            memcached.freeze()
            first = asyncio.create_task(store.delete(new_key()))
            await reaches(store, "waiting", 0)
            calls = [asyncio.create_task(store.delete(new_key())) for _ in range(19)]
            await reaches(store, "waiting", 19)
            memcached.kill()
            async with asyncio.timeout(LONG / 2):
                outcomes = await asyncio.gather(first, *calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
