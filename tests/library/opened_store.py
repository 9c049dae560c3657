"""A store on a server for the length of a test, and what tests ask of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import MemcachedStore, RedisStore, SessionStore

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess
from compare.store_process import StoreProcess
from compare.waiting import until

#: Longer than any test freezes memcached for, where the call is meant to succeed after the thaw.
LONG = 30.0

#: A method of the store, called with a key.
Call = Callable[[Any, str], Awaitable[Any]]

#: The methods.
CALLS: dict[str, Call] = {
    "load": lambda store, key: store.load(key),
    "add": lambda store, key: store.add(key, b"record", 60),
    "cas": lambda store, key: store.cas(key, b"record", b"1", 60),
    "touch": lambda store, key: store.touch(key, 60),
    "load_and_touch": lambda store, key: store.load_and_touch(key, 60),
    "delete": lambda store, key: store.delete(key),
}


def new_key() -> str:
    return secrets.token_urlsafe(32)


@asynccontextmanager
async def closing(store: Any) -> AsyncIterator[Any]:
    try:
        yield store
    finally:
        async with asyncio.timeout(10):
            await store.close()


def opened(*addresses: str, **settings: Any) -> AbstractAsyncContextManager[MemcachedStore]:
    return closing(MemcachedStore(addresses, **settings))


class ServerKind(NamedTuple):
    """A server that keeps records, and the store on it."""

    process: type[StoreProcess]
    store: Callable[..., Any]

    def opened(self, process: StoreProcess, **settings: Any) -> AbstractAsyncContextManager[Any]:
        return closing(self.store(process.address, **settings))


#: Every store that has a server.
SERVERS = {
    "memcached": ServerKind(MemcachedProcess, lambda where, **kw: MemcachedStore([where], **kw)),
    "redis": ServerKind(RedisProcess, RedisStore),
}


async def reaches(store: Any, name: str, number: int) -> None:
    await asyncio.sleep(0)  # let the calls just made put their jobs

    async def reached() -> bool:
        return store.stats()[name] == number

    await until(reached, f"{name} is {number}, not {store.stats()[name]}")


async def answers(store: SessionStore, key: str) -> bool:
    try:
        await store.load(key)
    except StoreUnavailable:
        return False
    return True
