"""The idle clock: a record lives as long as it was last told to, and no longer."""

from __future__ import annotations

from ...stores.arguments import LONGEST_IDLE
from ...stores.base import SessionStore
from .base import StoreRules, new_key, rule


class ExpiryRules(StoreRules):
    """What has expired is absent, and what is kept alive is not."""

    @rule
    async def test_a_record_expires(self, store: SessionStore) -> None:
        """After its idle seconds, however often it was loaded, a record is absent to all."""
        key = new_key()
        await store.add(key, b"record", 1)
        read = await store.load(key)
        await self.until_gone(store, key)
        self.expect("touch", await store.touch(key, 60), False)
        token = read.token if read else b"1"
        self.expect("cas", await store.cas(key, b"late", token, 60), None)
        self.expect("delete", await store.delete(key), False)
        self.expect("load", await store.load(key), None)
        self.expect("add", await store.add(key, b"anew", 60), True)

    @rule
    async def test_what_expired_unseen_is_absent_as_well(self, store: SessionStore) -> None:
        """Whichever method meets it first: no load has looked, and swept it away, before."""
        added, touched, swapped, ended = (new_key() for _ in range(4))
        for key in (added, touched, swapped, ended):
            await store.add(key, b"record", 1)
        witness, token = new_key(), (await self.read(store, swapped)).token
        await store.add(witness, b"record", 2)  # the others are gone by then, on whatever node
        await self.until_gone(store, witness)
        self.expect("touch", await store.touch(touched, 60), False)
        self.expect("cas", await store.cas(swapped, b"late", token, 60), None)
        self.expect("delete", await store.delete(ended), False)
        self.expect("add", await store.add(added, b"anew", 60), True)
        self.expect("load", (await self.read(store, added)).sealed, b"anew")

    @rule
    async def test_records_expire_each_by_its_own_clock(self, store: SessionStore) -> None:
        """One that was given a minute, or 30 days, is there when one of a second is gone."""
        short, minute, longest = new_key(), new_key(), new_key()
        await store.add(minute, b"record", 60)
        await store.add(longest, b"record", LONGEST_IDLE)
        await store.add(short, b"record", 1)
        await self.until_gone(store, short)
        await self.read(store, minute)
        await self.read(store, longest)

    @rule
    async def test_touch_keeps_a_record_alive(self, store: SessionStore) -> None:
        """It sets the idle seconds anew, and outlives a record that began with it."""
        kept, left = await _twins(store)
        self.expect("touch", await store.touch(kept, 60), True)
        await self.until_gone(store, left)
        await self.read(store, kept)

    @rule
    async def test_load_and_touch_keeps_a_record_alive(self, store: SessionStore) -> None:
        """It returns the record, and sets the idle seconds anew."""
        kept, left = await _twins(store)
        read = await store.load_and_touch(kept, 60)
        await self.until_gone(store, left)
        self.expect("load_and_touch", read, await self.read(store, kept))

    @rule
    async def test_cas_keeps_a_record_alive(self, store: SessionStore) -> None:
        """It sets the idle seconds anew, and outlives a record that began with it."""
        kept, left = await _twins(store)
        token = (await self.read(store, kept)).token
        self.expect("cas", await store.cas(kept, b"record", token, 60), True)
        await self.until_gone(store, left)
        await self.read(store, kept)

    @rule
    async def test_the_last_word_on_the_clock_counts(self, store: SessionStore) -> None:
        """Touch, load_and_touch and cas shorten a life as well: a second means a second."""
        touched, loaded, swapped = new_key(), new_key(), new_key()
        for key in (touched, loaded, swapped):
            await store.add(key, b"record", LONGEST_IDLE)
        await store.touch(touched, 1)
        await store.load_and_touch(loaded, 1)
        await store.cas(swapped, b"record", (await self.read(store, swapped)).token, 1)
        for key in (touched, loaded, swapped):
            await self.until_gone(store, key)

    @rule
    async def test_a_refused_write_leaves_the_clock_alone(self, store: SessionStore) -> None:
        """Neither an add of what is there nor a stale cas keeps a record alive."""
        key = new_key()
        await store.add(key, b"record", 2)
        await store.add(key, b"other", LONGEST_IDLE)
        await store.cas(key, b"other", b"no token", LONGEST_IDLE)
        await self.until_gone(store, key)


async def _twins(store: SessionStore) -> tuple[str, str]:
    kept, left = new_key(), new_key()
    await store.add(kept, b"record", 2)
    await store.add(left, b"record", 2)
    return kept, left
