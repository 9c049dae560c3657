"""The contract of session stores: one suite, run for every store."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from tornado_state.exceptions import StoreRefused
from tornado_state.stores import MemcachedStore, MemoryStore, SessionStore

from compare.memcached_process import MemcachedProcess
from compare.waiting import until

#: A store, and how to let one second and more pass for it.
Wait = Callable[[SessionStore, str], Awaitable[None]]
OpenStore = Callable[[], AbstractAsyncContextManager[tuple[SessionStore, Wait]]]


@asynccontextmanager
async def memory() -> AsyncIterator[tuple[SessionStore, Wait]]:
    now = 1000.0

    async def wait(store: SessionStore, key: str) -> None:
        nonlocal now
        now += 1

    yield MemoryStore(lambda: now), wait


@asynccontextmanager
async def memcached_at(memcached: MemcachedProcess) -> AsyncIterator[tuple[SessionStore, Wait]]:
    async def wait(store: SessionStore, key: str) -> None:
        """memcached's clock ticks once a second, and nobody can turn it: ask until it has."""

        async def is_gone() -> bool:
            return await store.load(key) is None

        await until(is_gone, "the record expires")

    store = MemcachedStore([memcached.address], deadline=5)
    try:
        yield store, wait
    finally:
        await store.close()


@asynccontextmanager
async def on_a_socket() -> AsyncIterator[tuple[SessionStore, Wait]]:
    with MemcachedProcess() as memcached:
        async with memcached_at(memcached) as opened:
            yield opened


@asynccontextmanager
async def on_a_port() -> AsyncIterator[tuple[SessionStore, Wait]]:
    with MemcachedProcess(tcp=True) as memcached:
        async with memcached_at(memcached) as opened:
            yield opened


every_store = pytest.mark.parametrize("open_store", [memory, on_a_socket, on_a_port])


def new_key() -> str:
    return secrets.token_urlsafe(32)


@every_store
async def test_absence_is_an_answer(open_store: OpenStore) -> None:
    """What is not there is None or False for every method, and nothing comes to be by asking."""
    async with open_store() as (store, _):
        key = new_key()
        assert await store.load(key) is None
        assert await store.cas(key, b"mine", b"1", 60) is None
        assert await store.touch(key, 60) is False
        assert await store.delete(key) is False
        assert await store.load(key) is None


@every_store
async def test_add_creates_and_never_replaces(open_store: OpenStore) -> None:
    """The second add of a key is False, and the first record stands."""
    async with open_store() as (store, _):
        key = new_key()
        assert await store.add(key, b"first", 60) is True
        assert await store.add(key, b"second", 60) is False
        record = await store.load(key)
        assert record is not None
        assert record.sealed == b"first"


@every_store
async def test_cas_replaces_what_was_read(open_store: OpenStore) -> None:
    """A token is good for the version it came with, once; a stale one changes nothing."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"first", 60)
        read = await store.load(key)
        assert read is not None
        assert await store.cas(key, b"second", read.token, 60) is True
        assert await store.cas(key, b"third", read.token, 60) is False
        record = await store.load(key)
        assert record is not None
        assert record.sealed == b"second"


@every_store
async def test_equal_bytes_do_not_make_a_stale_token_good(open_store: OpenStore) -> None:
    """A version that was written again with the same bytes is another version."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"same", 60)
        read = await store.load(key)
        assert read is not None
        assert await store.cas(key, b"same", read.token, 60) is True
        assert await store.cas(key, b"same", read.token, 60) is False


@every_store
async def test_a_late_write_never_brings_back_what_was_deleted(open_store: OpenStore) -> None:
    """After delete, cas and touch with what was read before find nothing and create nothing."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"record", 60)
        read = await store.load(key)
        assert read is not None
        assert await store.delete(key) is True
        assert await store.cas(key, b"late", read.token, 60) is None
        assert await store.touch(key, 60) is False
        assert await store.load(key) is None
        assert await store.delete(key) is False


@every_store
async def test_an_old_token_is_no_good_for_a_new_record(open_store: OpenStore) -> None:
    """A record that was deleted and created again does not take the first one's token."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"first", 60)
        read = await store.load(key)
        assert read is not None
        await store.delete(key)
        await store.add(key, b"second", 60)
        assert await store.cas(key, b"late", read.token, 60) is False


@every_store
async def test_a_record_expires(open_store: OpenStore) -> None:
    """After its idle seconds a record is absent to every method."""
    async with open_store() as (store, wait):
        key = new_key()
        await store.add(key, b"record", 1)
        read = await store.load(key)
        await wait(store, key)
        assert await store.load(key) is None
        assert await store.touch(key, 60) is False
        assert await store.cas(key, b"late", read.token if read else b"1", 60) is None
        assert await store.delete(key) is False
        assert await store.add(key, b"anew", 60) is True


@every_store
@pytest.mark.parametrize("prolong", ["touch", "cas"])
async def test_touch_and_cas_keep_a_record_alive(open_store: OpenStore, prolong: str) -> None:
    """They set the idle seconds anew, so the record outlives another that began with it."""
    async with open_store() as (store, wait):
        kept, left = new_key(), new_key()
        await store.add(kept, b"record", 2)
        await store.add(left, b"record", 2)
        read = await store.load(kept)
        assert read is not None
        if prolong == "touch":
            assert await store.touch(kept, 60) is True
        else:
            assert await store.cas(kept, b"record", read.token, 60) is True
        await wait(store, left)
        await wait_twice_at_most(store, wait, left)
        assert await store.load(kept) is not None


async def wait_twice_at_most(store: SessionStore, wait: Wait, key: str) -> None:
    if await store.load(key) is not None:
        await wait(store, key)
    assert await store.load(key) is None


@every_store
async def test_touch_keeps_the_version(open_store: OpenStore) -> None:
    """Keeping a record alive is no change of it: a token read before stays good."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"first", 60)
        read = await store.load(key)
        assert read is not None
        await store.touch(key, 90)
        assert await store.cas(key, b"second", read.token, 60) is True


@every_store
@pytest.mark.parametrize(
    "sealed",
    [
        b"",
        bytes(range(256)) * 3,
        "Grüße, 東京, 🛒".encode(),
        b"END\r\nVALUE x 0 1\r\n",
        b"\r\n",
        os.urandom(65_536),
        b"\0" * 1_000_000,
    ],
    ids=["empty", "every byte", "UTF-8", "protocol", "line end", "64 KiB", "largest"],
)
async def test_bytes_come_back_as_they_went(open_store: OpenStore, sealed: bytes) -> None:
    """A store knows nothing of what the bytes mean."""
    async with open_store() as (store, _):
        key = new_key()
        assert await store.add(key, sealed, 60) is True
        record = await store.load(key)
        assert record is not None
        assert record.sealed == sealed
        assert await store.cas(key, sealed + b"", record.token, 60) is True


@every_store
async def test_parallel_changes_lose_nothing(open_store: OpenStore) -> None:
    """Eight writers that retry on a stale token count exactly."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"0", 60)

        async def count(times: int) -> None:
            for _ in range(times):
                stored: bool | None = False
                while not stored:
                    record = await store.load(key)
                    assert record is not None
                    await asyncio.sleep(0)
                    more = b"%d" % (int(record.sealed) + 1)
                    stored = await store.cas(key, more, record.token, 60)

        await asyncio.gather(*(count(25) for _ in range(8)))
        record = await store.load(key)
        assert record is not None
        assert record.sealed == b"200"


@every_store
async def test_one_of_many_creates(open_store: OpenStore) -> None:
    """Of several adds of one key at once exactly one is True, and its record stands."""
    async with open_store() as (store, _):
        key = new_key()
        added = await asyncio.gather(*(store.add(key, b"%d" % n, 60) for n in range(8)))
        record = await store.load(key)
        assert added.count(True) == 1
        assert record is not None
        assert record.sealed == b"%d" % added.index(True)


@every_store
async def test_many_lookups_at_once_each_get_their_own(open_store: OpenStore) -> None:
    """However lookups are collected, each caller gets its key's record, or None for none."""
    async with open_store() as (store, _):
        keys = [new_key() for _ in range(300)]
        await asyncio.gather(*(store.add(key, key.encode(), 60) for key in keys))
        missing = [new_key() for _ in range(50)]
        records = await asyncio.gather(*(store.load(key) for key in [*keys, *missing, *keys]))
        found = [record.sealed.decode() if record else None for record in records]
        assert found == [*keys, *[None] * 50, *keys]


@every_store
@pytest.mark.parametrize(
    "key",
    ["", "a" * 42, "a" * 44, "a" * 42 + "\n", "a" * 42 + " ", "a" * 42 + "\x7f", "ä" * 43],
    ids=["empty", "short", "long", "newline", "blank", "control", "non-ASCII"],
)
async def test_a_malformed_key_is_refused_by_every_method(open_store: OpenStore, key: str) -> None:
    """A key that is not one is the program's mistake, and is not shown in the error."""
    async with open_store() as (store, _):
        for call in (
            lambda: store.load(key),
            lambda: store.add(key, b"", 60),
            lambda: store.cas(key, b"", b"1", 60),
            lambda: store.touch(key, 60),
            lambda: store.delete(key),
        ):
            with pytest.raises(ValueError, match="a store key is 43 characters") as refusal:
                await call()
            assert not key or key not in str(refusal.value)


@every_store
@pytest.mark.parametrize("idle", [-1, 0, 2_592_001])
async def test_idle_seconds_that_memcached_reads_otherwise_are_refused(
    open_store: OpenStore, idle: int
) -> None:
    """0 would never expire and more than 30 days would be a date: neither is sent."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"record", 60)
        calls: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: store.add(key, b"", idle),
            lambda: store.cas(key, b"", b"1", idle),
            lambda: store.touch(key, idle),
        )
        for call in calls:
            with pytest.raises(ValueError, match="idle is 1 to 2592000 seconds"):
                await call()
        assert await store.touch(key, 2_592_000) is True
        assert await store.load(key) is not None


@every_store
async def test_what_is_too_large_is_refused_before_it_is_sent(open_store: OpenStore) -> None:
    """More than 1,000,000 bytes are the program's mistake; the old record stands."""
    async with open_store() as (store, _):
        key = new_key()
        await store.add(key, b"record", 60)
        read = await store.load(key)
        assert read is not None
        with pytest.raises(ValueError, match="at most 1000000 bytes"):
            await store.add(new_key(), b"x" * 1_000_001, 60)
        with pytest.raises(ValueError, match="at most 1000000 bytes"):
            await store.cas(key, b"x" * 1_000_001, read.token, 60)
        assert await store.load(key) == read


@every_store
@pytest.mark.parametrize("token", [b"", b"x", b"1 2", b"1" * 21, b"1\r\n", bytes(range(256))])
async def test_bytes_that_were_never_a_token_name_no_version(
    open_store: OpenStore, token: bytes
) -> None:
    """A token is the store's own: foreign bytes are another version, and no mistake."""
    async with open_store() as (store, _):
        key = new_key()
        assert await store.cas(key, b"", token, 60) is None
        await store.add(key, b"record", 60)
        assert await store.cas(key, b"", token, 60) is False


async def test_a_full_store_in_memory_refuses_and_evicts_nobody() -> None:
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
