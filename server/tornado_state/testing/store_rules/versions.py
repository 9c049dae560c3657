"""Compare and swap: what was read is what is replaced, and nothing else."""

from __future__ import annotations

from ...stores.base import SessionStore
from .base import StoreRules, new_key, rule

#: What no store has ever given out as a token.
_FOREIGN = [b"", b"x", b"1 2", b"1" * 21, b"0" * 16, b"1\r\nHD\r\n", bytes(range(256))]


class VersionRules(StoreRules):
    """A token names one version of one record."""

    @rule
    async def test_cas_replaces_what_was_read(self, store: SessionStore) -> None:
        """A token is good for the version it came with, once; a stale one changes nothing."""
        key = new_key()
        await store.add(key, b"first", 60)
        read = await self.read(store, key)
        self.expect("cas", await store.cas(key, b"second", read.token, 60), True)
        self.expect("a stale cas", await store.cas(key, b"third", read.token, 60), False)
        self.expect("the record", (await self.read(store, key)).sealed, b"second")

    @rule
    async def test_a_token_is_good_for_every_reader_of_a_version(self, store: SessionStore) -> None:
        """Reading again gives the same token: whoever read a version may replace it."""
        key = new_key()
        await store.add(key, b"first", 60)
        read = await self.read(store, key)
        self.expect("the token", (await self.read(store, key)).token, read.token)
        self.expect("cas", await store.cas(key, b"second", read.token, 60), True)

    @rule
    async def test_equal_bytes_do_not_make_a_stale_token_good(self, store: SessionStore) -> None:
        """A version that was written again with the same bytes is another version."""
        key = new_key()
        await store.add(key, b"same", 60)
        read = await self.read(store, key)
        self.expect("cas", await store.cas(key, b"same", read.token, 60), True)
        self.expect("a stale cas", await store.cas(key, b"same", read.token, 60), False)

    @rule
    async def test_an_old_token_is_no_good_for_a_new_record(self, store: SessionStore) -> None:
        """A record that was deleted and created again, even alike, takes no older token."""
        key = new_key()
        await store.add(key, b"record", 60)
        read = await self.read(store, key)
        await store.delete(key)
        await store.add(key, b"record", 60)
        self.expect("a stale cas", await store.cas(key, b"late", read.token, 60), False)
        self.expect("the record", (await self.read(store, key)).sealed, b"record")

    @rule
    async def test_a_late_write_never_brings_back_what_was_deleted(
        self, store: SessionStore
    ) -> None:
        """After delete, cas and touch with what was read before find nothing and create nothing."""
        key = new_key()
        await store.add(key, b"record", 60)
        read = await self.read(store, key)
        await store.delete(key)
        self.expect("a late cas", await store.cas(key, b"late", read.token, 60), None)
        self.expect("a late touch", await store.touch(key, 60), False)
        self.expect("a late load_and_touch", await store.load_and_touch(key, 60), None)
        self.expect("load", await store.load(key), None)

    @rule
    async def test_keeping_alive_is_no_new_version(self, store: SessionStore) -> None:
        """A token that was read before touch and load_and_touch stays good."""
        key = new_key()
        await store.add(key, b"first", 60)
        read = await self.read(store, key)
        self.expect("touch", await store.touch(key, 90), True)
        self.expect("load_and_touch", await store.load_and_touch(key, 80), read)
        self.expect("cas", await store.cas(key, b"second", read.token, 60), True)

    @rule
    async def test_bytes_that_were_never_a_token_name_no_version(self, store: SessionStore) -> None:
        """A foreign token is another version where there is a record, and nothing is changed."""
        key = new_key()
        await store.add(key, b"record", 60)
        for token in _FOREIGN:
            self.expect("cas", await store.cas(key, b"mine", token, 60), False)
        for token in _FOREIGN:
            self.expect("cas of nothing", await store.cas(new_key(), b"mine", token, 60), None)
        self.expect("the record", (await self.read(store, key)).sealed, b"record")
