"""The stores that are raced, the same with a planted weakness, and how to cut them off."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

from tornado_state.stores import MemcachedStore, RedisStore
from tornado_state.stores.exchanges.lanes import Lane
from tornado_state.stores.memcached import commands as memcached
from tornado_state.stores.memcached.lane import MemcachedLane
from tornado_state.stores.redis import commands as redis
from tornado_state.stores.redis.lane import RedisLane

from compare.memcached_process import MemcachedProcess
from compare.store_process import StoreProcess

RacedStore = MemcachedStore | RedisStore


def opened(process: StoreProcess, deadline: float, *, weak: bool = False) -> RacedStore:
    """Return a store on ``process``; a ``weak`` one reads, then writes without a condition."""
    if isinstance(process, MemcachedProcess):
        kind = MemcachedSetStore if weak else MemcachedStore
        return kind([process.address], deadline=deadline)
    return (RedisSetStore if weak else RedisStore)(process.address, deadline=deadline)


class MemcachedSet(memcached.Add):
    """Writes, whatever stands there."""

    def _write(self) -> bytes:
        return b"set" + super()._write().removeprefix(b"add")


class MemcachedSetStore(MemcachedStore):
    def cas_soon(self, key: str, sealed: bytes, token: bytes, idle: int) -> asyncio.Future[Any]:
        return self._home(key).call(MemcachedSet(key, sealed, idle))


class RedisSet(redis.Add):
    """Writes, whatever stands there."""

    def request(self) -> redis.Request:
        return tuple(word for word in super().request() if word != "NX")


class RedisSetStore(RedisStore):
    def cas_soon(self, key: str, sealed: bytes, token: bytes, idle: int) -> asyncio.Future[Any]:
        return self._node.call(RedisSet(key, sealed, idle))


def cut_connections(store: RacedStore) -> list[Any]:
    """Cut every connection of ``store``, whatever is under way on it; return their sockets."""
    nodes = store._nodes if isinstance(store, MemcachedStore) else [store._node]
    sockets = [each for node in nodes for lane in node._lanes if (each := _socket(lane))]
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    return sockets


def _socket(lane: Lane) -> Any:
    if isinstance(lane, MemcachedLane):
        return lane._socket
    assert isinstance(lane, RedisLane)
    writer = lane._wire and lane._wire._connection._writer
    return writer and writer.get_extra_info("socket")
