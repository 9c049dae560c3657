"""What is there and what is not; what goes in comes out."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from ...stores.arguments import LARGEST_SEALED
from ...stores.base import SessionStore
from .base import StoreRules, made, new_key, rule, skip

#: What stores have been seen to change: text, line ends, what a protocol has words for, the size.
_BYTES = {
    "no bytes": b"",
    "every byte": bytes(range(256)) * 3,
    "UTF-8": "Grüße, 東京, 🛒".encode(),
    "no UTF-8": b"\xff\xfe\xc3\x28",
    "a protocol's words": b"END\r\nVALUE x 0 1\r\nHD\r\n$-1\r\n",
    "blanks around": b" \t\r\n x \r\n\0",
    "64 KiB": os.urandom(65_536),
    "the largest record": b"\0" * LARGEST_SEALED,
}


class RecordRules(StoreRules):
    """Creating, reading and ending."""

    @rule
    async def test_absence_is_an_answer(self, store: SessionStore) -> None:
        """What is not there is None or False to every method, and never an exception."""
        key = new_key()
        self.expect("load", await store.load(key), None)
        self.expect("cas", await store.cas(key, b"mine", b"1", 60), None)
        self.expect("touch", await store.touch(key, 60), False)
        self.expect("load_and_touch", await store.load_and_touch(key, 60), None)
        self.expect("delete", await store.delete(key), False)

    @rule
    async def test_asking_creates_nothing(self, store: SessionStore) -> None:
        """After each method but add, what was not there is still not there."""
        calls: tuple[Callable[[str], Awaitable[object]], ...] = (
            store.load,
            lambda key: store.cas(key, b"mine", b"1", 60),
            lambda key: store.touch(key, 60),
            lambda key: store.load_and_touch(key, 60),
            store.delete,
        )
        for call in calls:
            key = new_key()
            await call(key)
            self.expect("load", await store.load(key), None)
            self.expect("add", await store.add(key, b"record", 60), True)

    @rule
    async def test_add_creates_and_never_replaces(self, store: SessionStore) -> None:
        """The second add of a key is False, and the first record stands as it was."""
        key = new_key()
        self.expect("the first add", await store.add(key, b"first", 60), True)
        read = await self.read(store, key)
        self.expect("the second add", await store.add(key, b"second", 60), False)
        self.expect("load", await self.read(store, key), read)
        self.expect("the record", read.sealed, b"first")

    @rule
    async def test_what_was_written_is_read_at_once(self, store: SessionStore) -> None:
        """A confirmed write is there for the very next call."""
        key = new_key()
        await store.add(key, b"first", 60)
        self.expect("load after add", (await self.read(store, key)).sealed, b"first")
        await store.cas(key, b"second", (await self.read(store, key)).token, 60)
        self.expect("load after cas", (await self.read(store, key)).sealed, b"second")
        await store.delete(key)
        self.expect("load after delete", await store.load(key), None)

    @rule
    async def test_delete_ends_a_record_once(self, store: SessionStore) -> None:
        """It is True for what was there, False for what is not, and then add is free again."""
        key = new_key()
        await store.add(key, b"record", 60)
        self.expect("the first delete", await store.delete(key), True)
        self.expect("the second delete", await store.delete(key), False)
        self.expect("add", await store.add(key, b"anew", 60), True)
        self.expect("load", (await self.read(store, key)).sealed, b"anew")

    @rule
    async def test_bytes_come_back_as_they_went(self, store: SessionStore) -> None:
        """A store knows nothing of what the bytes mean, by add and by cas alike."""
        for name, sealed in _BYTES.items():
            added, swapped = new_key(), new_key()
            self.expect(f"add of {name}", await store.add(added, sealed, 60), True)
            self.expect(name, (await self.read(store, added)).sealed, sealed)
            await store.add(swapped, b"old", 60)
            token = (await self.read(store, swapped)).token
            self.expect(f"cas of {name}", await store.cas(swapped, sealed, token, 60), True)
            self.expect(name, (await self.read(store, swapped)).sealed, sealed)

    @rule
    async def test_every_character_of_a_key_counts(self, store: SessionStore) -> None:
        """Keys that differ in one character, or in its case, are two records."""
        middle = new_key()[:41].replace("x", "y")
        keys = [f"x{middle}x", f"x{middle}X", f"X{middle}x", f"x{middle}_", f"x{middle}-"]
        for key in keys:
            self.expect("add", await store.add(key, key.encode(), 60), True)
        for key in keys:
            self.expect("the record", (await self.read(store, key)).sealed, key.encode())
        self.expect("delete", await store.delete(keys[0]), True)
        for key in keys[1:]:
            await self.read(store, key)

    @rule
    async def test_stores_on_the_same_records_agree(self, store: SessionStore) -> None:
        """What one has confirmed, another one sees with its next call: nothing is remembered."""
        if not self.shared:
            skip("each store has records of its own")
        other, key = await made(self.make_store()), new_key()
        try:
            await store.add(key, b"first", 60)
            read = await self.read(other, key)
            await store.cas(key, b"second", read.token, 60)
            self.expect("load", (await self.read(other, key)).sealed, b"second")
            self.expect("cas", await other.cas(key, b"third", read.token, 60), False)
            self.expect("delete", await other.delete(key), True)
            self.expect("load", await store.load(key), None)
        finally:
            await self.close_store(other)
