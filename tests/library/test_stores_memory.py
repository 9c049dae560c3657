"""The store in memory: the contract, and what is its own."""

from __future__ import annotations

import pytest
from tornado_state.exceptions import StoreRefused
from tornado_state.stores import MemoryStore
from tornado_state.testing import StoreContract
from tornado_state.testing.store_rules.base import new_key


class TestMemoryStore(StoreContract):
    """On a clock that is turned."""

    now = 1000.0

    def make_store(self) -> MemoryStore:
        return MemoryStore(lambda: self.now)

    async def let_time_pass(self) -> None:
        self.now += 1


async def test_a_full_store_refuses_and_evicts_nobody() -> None:
    """At its bound it takes changes of what it has, and new records once old ones expired."""
    now = 0.0
    store = MemoryStore(lambda: now, max_records=2)
    short, long = new_key(), new_key()
    await store.add(short, b"short", 10)
    await store.add(long, b"long", 20)
    with pytest.raises(StoreRefused, match="full"):
        await store.add(new_key(), b"third", 10)
    record = await store.load(long)
    assert record is not None
    assert await store.cas(long, b"changed", record.token, 20) is True
    now = 10.0
    assert await store.add(new_key(), b"third", 10) is True
    assert await store.load(long) is not None


async def test_records_nobody_asks_for_again_leave_memory() -> None:
    """Expired records are swept as new ones come: far fewer are kept than were ever created."""
    now = 0.0
    store = MemoryStore(lambda: now, max_records=3000)
    for _ in range(20_000):
        await store.add(new_key(), b"record", 10)
        now += 0.01
    assert await store.add(new_key(), b"record", 10) is True


async def test_a_store_is_full_by_bytes_as_well() -> None:
    """Neither a new record nor a larger one goes beyond; what ended or expired has left room."""
    now = 0.0
    store = MemoryStore(lambda: now, max_bytes=10_000)
    assert store.room == 10_000
    one, two, three = new_key(), new_key(), new_key()
    await store.add(one, b"x" * 4_000, 10)
    await store.add(two, b"x" * 4_000, 20)
    with pytest.raises(StoreRefused, match="2 records, 8600 bytes"):
        await store.add(three, b"x" * 4_000, 20)
    record = await store.load(two)
    assert record is not None
    with pytest.raises(StoreRefused):
        await store.cas(two, b"x" * 6_000, record.token, 20)
    assert (await store.load(two)) == record
    assert await store.cas(two, b"x" * 5_000, record.token, 20) is True
    now = 10.0
    assert await store.add(three, b"x" * 4_000, 20) is True
    await store.delete(three)
    assert await store.add(one, b"x" * 4_000, 20) is True
