"""A memcached store for the length of a test, and what tests ask of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import MemcachedStore

from compare.waiting import until

#: Longer than any test freezes memcached for, where the call is meant to succeed after the thaw.
LONG = 30.0

#: A method of the store, called with a key.
Call = Callable[[MemcachedStore, str], Awaitable[Any]]

#: The five methods.
CALLS: dict[str, Call] = {
    "load": lambda store, key: store.load(key),
    "add": lambda store, key: store.add(key, b"record", 60),
    "cas": lambda store, key: store.cas(key, b"record", b"1", 60),
    "touch": lambda store, key: store.touch(key, 60),
    "delete": lambda store, key: store.delete(key),
}


def new_key() -> str:
    return secrets.token_urlsafe(32)


@asynccontextmanager
async def opened(*addresses: str, **settings: Any) -> AsyncIterator[MemcachedStore]:
    store = MemcachedStore(addresses, **settings)
    try:
        yield store
    finally:
        async with asyncio.timeout(10):
            await store.close()


async def reaches(store: MemcachedStore, name: str, number: int) -> None:
    await asyncio.sleep(0)  # let the calls just made put their jobs

    async def reached() -> bool:
        return store.stats()[name] == number

    await until(reached, f"{name} is {number}, not {store.stats()[name]}")


async def answers(store: MemcachedStore, key: str) -> bool:
    try:
        await store.load(key)
    except StoreUnavailable:
        return False
    return True
