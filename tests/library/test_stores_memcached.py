"""The memcached store against a real memcached that is frozen, killed, restarted, full or lost."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import pytest
from opened_store import answers, new_key, opened
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
