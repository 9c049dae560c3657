"""Many at once, and those who leave in the midst of it."""

from __future__ import annotations

import asyncio

from ...stores.base import SessionStore
from .base import StoreRules, new_key, rule

#: Many more than eight writers need for 25 changes each.
_TRIES = 5_000


class CrowdRules(StoreRules):
    """However calls are collected, each caller gets an answer of his own."""

    @rule
    async def test_parallel_changes_lose_nothing(self, store: SessionStore) -> None:
        """Eight writers that retry on a stale token count exactly."""
        key = new_key()
        await store.add(key, b"0", 60)
        await asyncio.gather(*(self._count(store, key) for _ in range(8)))
        self.expect("the count", (await self.read(store, key)).sealed, b"200")

    async def _count(self, store: SessionStore, key: str) -> None:
        counted = 0
        for _ in range(_TRIES):
            read = await self.read(store, key)
            await asyncio.sleep(0)
            counted += bool(await store.cas(key, b"%d" % (int(read.sealed) + 1), read.token, 60))
            if counted == 25:
                return
        raise AssertionError("cas: never True, however often the record was read anew")

    @rule
    async def test_one_of_many_creates(self, store: SessionStore) -> None:
        """Of several adds of one key at once exactly one is True, and its record stands."""
        key = new_key()
        added = await asyncio.gather(*(store.add(key, b"%d" % n, 60) for n in range(8)))
        self.expect("how many adds are True", added.count(True), 1)
        self.expect("the record", (await self.read(store, key)).sealed, b"%d" % added.index(True))

    @rule
    async def test_one_of_many_replaces(self, store: SessionStore) -> None:
        """Of several cas with one token at once exactly one is True, and its record stands."""
        key = new_key()
        await store.add(key, b"first", 60)
        token = (await self.read(store, key)).token
        stored = await asyncio.gather(*(store.cas(key, b"%d" % n, token, 60) for n in range(8)))
        self.expect("how many cas are True", stored.count(True), 1)
        self.expect("the others", stored.count(False), 7)
        self.expect("the record", (await self.read(store, key)).sealed, b"%d" % stored.index(True))

    @rule
    async def test_one_of_many_ends(self, store: SessionStore) -> None:
        """Of several deletes of one record at once exactly one is True."""
        key = new_key()
        await store.add(key, b"record", 60)
        ended = await asyncio.gather(*(store.delete(key) for _ in range(8)))
        self.expect("how many deletes are True", ended.count(True), 1)

    @rule
    async def test_each_of_many_gets_his_own_record(self, store: SessionStore) -> None:
        """Each lookup answers with its key's record, or None for none, in whatever company."""
        keys = [new_key() for _ in range(200)]
        await asyncio.gather(*(store.add(key, key.encode(), 60) for key in keys))
        missing = [new_key() for _ in range(40)]
        calls = [store.load(key) for key in [*keys, *missing]]
        calls += [store.load_and_touch(key, 60) for key in [*missing, *keys]]
        found = [record and record.sealed.decode() for record in await asyncio.gather(*calls)]
        self.expect("the records", found, [*keys, *[None] * 80, *keys])

    @rule
    async def test_whoever_leaves_takes_nobody_along(self, store: SessionStore) -> None:
        """Callers that are cancelled in the midst of a call cost the others nothing."""
        keys = [new_key() for _ in range(40)]
        await asyncio.gather(*(store.add(key, key.encode(), 60) for key in keys))
        for turns in range(6):
            calls = [asyncio.ensure_future(store.load(key)) for key in keys]
            for _ in range(turns):
                await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            await asyncio.wait(calls)
            found = [await call for call in calls[1::2]]
            records = [record and record.sealed.decode() for record in found]
            self.expect("the records", records, keys[1::2])
