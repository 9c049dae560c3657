"""What is refused before anything happens: arguments that cannot be are the program's mistake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from ...stores.arguments import LARGEST_SEALED, LONGEST_IDLE
from ...stores.base import SessionStore
from .base import StoreRules, new_key, rule

_WRONG_KEYS: tuple[Any, ...] = (
    *("", "a" * 42, "a" * 44, "a" * 42 + "\n", "a" * 42 + " ", "a" * 42 + "\x7f", "ä" * 43),
    *("a" * 42 + "\0", "../" * 14 + "a", b"a" * 43),
)
_WRONG_IDLE: tuple[Any, ...] = (
    *(-1, 0, LONGEST_IDLE + 1, 60.0, 0.5, float("nan"), "60", None, True, timedelta(minutes=1)),
)


class ArgumentRules(StoreRules):
    """Refused with a `ValueError` that names what is wrong and shows neither key nor record."""

    @rule
    async def test_what_is_no_key_is_refused_by_every_method(self, store: SessionStore) -> None:
        """A key is 43 characters of URL-safe base64; no other is used, and none is shown."""
        for key in _WRONG_KEYS:
            for name, call in _calls(store, key, b"", 60).items():
                text = await self.refused(f"{name} of {key!r}", call)
                self.expect("whether the key is shown", bool(key) and str(key) in text, False)

    @rule
    async def test_idle_is_a_whole_number_of_seconds(self, store: SessionStore) -> None:
        """1 to 2,592,000, an int: 0 would be never, more a date to memcached, and 0.5 is none."""
        key = new_key()
        await store.add(key, b"record", 60)
        for idle in _WRONG_IDLE:
            for name in ("add", "cas", "touch", "load_and_touch"):
                call = _calls(store, key, b"", idle)[name]
                text = await self.refused(f"{name} with an idle of {idle!r}", call)
                self.expect("whether idle is named", "idle" in text, True)
        self.expect("touch", await store.touch(key, LONGEST_IDLE), True)
        self.expect("the record", (await self.read(store, key)).sealed, b"record")

    @rule
    async def test_what_is_too_large_is_refused(self, store: SessionStore) -> None:
        """More than 1,000,000 bytes are not sent; the old record stands."""
        key, large = new_key(), b"x" * (LARGEST_SEALED + 1)
        await store.add(key, b"record", 60)
        read = await self.read(store, key)
        await self.refused("add", lambda: store.add(new_key(), large, 60))
        await self.refused("cas", lambda: store.cas(key, large, read.token, 60))
        self.expect("load", await self.read(store, key), read)

    @rule
    async def test_records_and_tokens_are_bytes(self, store: SessionStore) -> None:
        """Text, and a buffer that somebody may change later, are no record and no token."""
        key = new_key()
        await store.add(key, b"record", 60)
        read = await self.read(store, key)
        wrong: tuple[Any, ...] = ("text", bytearray(b"buffer"), None)
        for value in wrong:
            await self.refused("add", lambda value=value: store.add(new_key(), value, 60))
            await self.refused("cas", lambda value=value: store.cas(key, value, read.token, 60))
            await self.refused("cas", lambda value=value: store.cas(key, b"", value, 60))
        self.expect("load", await self.read(store, key), read)


def _calls(
    store: SessionStore, key: Any, sealed: bytes, idle: Any
) -> dict[str, Callable[[], Awaitable[object]]]:
    return {
        "load": lambda: store.load(key),
        "add": lambda: store.add(key, sealed, idle),
        "cas": lambda: store.cas(key, sealed, b"1", idle),
        "touch": lambda: store.touch(key, idle),
        "load_and_touch": lambda: store.load_and_touch(key, idle),
        "delete": lambda: store.delete(key),
    }
