"""The memcached store against a real memcached that is frozen, killed, restarted, full or lost."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import ExitStack

import pytest
from opened_store import CALLS, answers, new_key, opened, reaches
from tornado_state.exceptions import StoreRefused, StoreUnavailable
from tornado_state.stores import MemcachedStore, SessionStore, open_store
from tornado_state.testing import StoreContract

from compare.memcached_process import MemcachedProcess
from compare.waiting import free_port, until


class TestMemcachedOnASocket(StoreContract):
    """The contract, on a real memcached; its clock ticks once a second, and nobody can turn it."""

    shared = True
    tcp = False

    @classmethod
    def setup_class(cls) -> None:
        cls.memcached = MemcachedProcess(tcp=cls.tcp)
        cls.memcached.start()

    @classmethod
    def teardown_class(cls) -> None:
        cls.memcached.close()

    def make_store(self) -> SessionStore:
        return open_store(f"memcached://{self.memcached.address}?deadline=5")

    def make_store_out_of_reach(self) -> SessionStore:
        return MemcachedStore([f"127.0.0.1:{free_port()}"])


class TestMemcachedOnAPort(TestMemcachedOnASocket):
    """The same, over TCP."""

    tcp = True


#: What each method says of a key that is not there.
WHEN_ABSENT = {"load": None, "add": True, "cas": None, "touch": False, "delete": False}

each_method = pytest.mark.parametrize("name", list(CALLS))


@each_method
async def test_a_frozen_memcached_is_unavailable_and_the_loop_goes_on(name: str) -> None:
    """No method takes silence for an answer, and nothing else waits for it."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.3) as store:
            await store.load(new_key())
            memcached.freeze()
            ticking = asyncio.create_task(tick())
            with pytest.raises(StoreUnavailable) as failure:
                await CALLS[name](store, new_key())
            ticking.cancel()
            assert failure.value.retry_after == 1
            assert ticks > 10


async def test_while_frozen_calls_fail_at_once_and_after_the_thaw_they_work() -> None:
    """The breaker answers without waiting, and closes by itself, at no visitor's cost."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.2) as store:
            key = new_key()
            await store.add(key, b"record", 60)
            memcached.freeze()
            with pytest.raises(StoreUnavailable):
                await store.load(key)
            await reaches(store, "openings", 1)
            with pytest.raises(StoreUnavailable) as failure:
                store.load(key).send(None)  # fails before it first waits
            assert failure.value.retry_after == 1
            memcached.thaw()
            await until(lambda: answers(store, key), "the breaker closes")
            record = await store.load(key)
            assert record is not None
            assert record.sealed == b"record"
            assert store.stats()["openings"] == 1


@each_method
async def test_a_killed_memcached_is_unavailable(name: str) -> None:
    """Nobody there is not a miss: not for reading, and not for signing out."""
    with MemcachedProcess(tcp=True) as memcached:
        async with opened(memcached.address) as store:
            await store.load(new_key())
            memcached.kill()
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@each_method
@pytest.mark.parametrize("tcp", [False, True], ids=["socket", "port"])
async def test_a_restart_fails_no_call(name: str, tcp: bool) -> None:
    """A connection that died while idle is replaced before anything is sent."""
    with MemcachedProcess(tcp=tcp) as memcached:
        async with opened(memcached.address) as store:
            await asyncio.gather(*(store.touch(new_key(), 60) for _ in range(20)))
            memcached.restart()
            for _ in range(4):
                assert await CALLS[name](store, new_key()) is WHEN_ABSENT[name]
            assert store.stats()["failures"] == 0


async def test_a_late_answer_never_reaches_another_caller() -> None:
    """Whatever is frozen, timed out, cancelled and thawed: who gets a record gets his own."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.05, max_batch=4) as store:
            keys = [new_key() for _ in range(40)]
            for key in keys:
                await until(lambda key=key: stored(store, key), "the record is there")  # type: ignore[misc]
            for _ in range(8):
                memcached.freeze()
                lost = [asyncio.create_task(store.load(key)) for key in keys]
                await asyncio.wait(lost[:1])
                for task in lost[1::2]:
                    task.cancel()
                memcached.thaw()
                await asyncio.gather(*lost, return_exceptions=True)
                await until(lambda: answers(store, keys[0]), "the breaker closes")
                found = await asyncio.gather(
                    *(store.load(key) for key in keys), return_exceptions=True
                )
                for key, record in zip(keys, found, strict=True):
                    assert isinstance(record, StoreUnavailable) or record.sealed == key.encode()  # type: ignore[union-attr]


async def stored(store: MemcachedStore, key: str) -> bool:
    try:
        await store.add(key, key.encode(), 60)
        return await store.load(key) is not None
    except StoreUnavailable:
        return False


async def test_out_of_memory_is_a_refusal_and_the_old_record_stands() -> None:
    """A memcached that may not evict refuses new records and larger ones, and says so."""
    with MemcachedProcess("-M", "-m", "4") as memcached:
        async with opened(memcached.address, deadline=5) as store:
            keys = [new_key() for _ in range(500)]
            adds = [store.add(key, key.encode() * 200, 60) for key in keys]
            added = await asyncio.gather(*adds, return_exceptions=True)
            assert {type(outcome) for outcome in added} == {bool, StoreRefused}
            first = keys[added.index(True)]
            record = await store.load(first)
            assert record is not None
            with pytest.raises(StoreRefused) as refusal:
                await store.cas(first, b"x" * len(record.sealed), record.token, 60)
            assert refusal.value.retry_after == 5
            assert await store.load(first) == record
            assert store.stats()["openings"] == 0


async def test_too_large_for_this_memcached_is_a_refusal_and_the_old_record_stands() -> None:
    """Its limit (-I) may lie below ours; what is over it is refused, not unavailable."""
    with MemcachedProcess("-I", "512k") as memcached:
        async with opened(memcached.address) as store:
            key = new_key()
            await store.add(key, b"record", 60)
            record = await store.load(key)
            assert record is not None
            with pytest.raises(StoreRefused):
                await store.cas(key, b"x" * 900_000, record.token, 60)
            assert await store.load(key) == record


async def test_exhausted_connections_are_unavailable_until_one_is_free() -> None:
    """memcached turns the connection away; that is no answer, and passes."""
    with MemcachedProcess("-c", "64", tcp=True) as memcached, ExitStack() as stack:
        host, port = memcached.address.split(":")
        for _ in range(90):
            held = stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            held.sendall(b"version\r\n")
            if not held.recv(100).startswith(b"VERSION"):
                break
        async with opened(memcached.address) as store:
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())
            stack.close()
            await until(lambda: answers(store, new_key()), "a connection is free")


async def test_the_log_tells_of_each_change_once(caplog: pytest.LogCaptureFixture) -> None:
    """One line when memcached is lost, one when it is back, however many calls; no key in them."""
    with MemcachedProcess(tcp=True) as memcached, caplog.at_level(logging.INFO):
        async with opened(memcached.address) as store:
            key = new_key()
            memcached.kill()
            for _ in range(20):
                with pytest.raises(StoreUnavailable):
                    await store.load(key)
            memcached.start()
            await until(lambda: answers(store, key), "the breaker closes")
        lines = [
            entry.getMessage() for entry in caplog.records if entry.name.startswith("tornado_state")
        ]
        assert len(lines) == 2
        assert all(memcached.address in line and key not in line for line in lines)
