"""A real Redis of one's own, to be frozen, killed, and looked into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis

from .processes import ProcessFailed
from .store_process import StoreProcess


class RedisProcess(StoreProcess):
    """Redis that keeps nothing on disk."""

    name = "redis-server"
    schemes = ("redis", "redis+unix")

    def command(self) -> Sequence[str]:
        """Return what starts it."""
        where = ["--port", str(self.port or 0)]
        if not self.port:
            where += ["--unixsocket", self.address]
        return [
            *("redis-server", "--bind", "127.0.0.1", *where),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
        ]

    def records(self) -> dict[str, bytes]:
        """Return every key of every database and its value; of what has parts, those in lines."""
        found: dict[str, bytes] = {}
        with self._client() as client:
            databases = [int(name.removeprefix("db")) for name in client.info("keyspace")]
        for number in databases:
            with self._client(number) as client:
                found |= {key.decode("latin-1"): _read(client, key) for key in client.scan_iter()}
        return found

    def lookups(self) -> int:
        """See `StoreProcess.lookups`."""
        with self._client() as client:
            told = client.info("commandstats")
        return int(told.get("cmdstat_get", {"calls": 0})["calls"])

    @contextmanager
    def _client(self, database: int = 0) -> Iterator[Any]:
        where = {"port": self.port} if self.port else {"unix_socket_path": self.address}
        try:
            with redis.Redis(**where, db=database) as client:
                yield client
        except redis.RedisError as error:
            raise ProcessFailed(f"redis-server does not answer: {error}") from error


def _read(client: Any, key: bytes) -> bytes:
    parts: Iterable[bytes]
    match client.type(key):
        case b"hash":
            parts = [part for pair in client.hgetall(key).items() for part in pair]
        case b"list":
            parts = client.lrange(key, 0, -1)
        case b"set":
            parts = client.smembers(key)
        case b"zset":
            parts = client.zrange(key, 0, -1)
        case b"string":
            parts = [client.get(key) or b""]
        case _:
            parts = [client.dump(key) or b""]
    return b"\n".join(parts)
