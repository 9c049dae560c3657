"""A real Redis of one's own, to be frozen, killed, and looked into."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from .processes import ProcessFailed
from .store_process import StoreProcess


class RedisProcess(StoreProcess):
    """Redis that keeps nothing on disk."""

    name = "redis-server"

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
        """Return every key and its value; what is no string is left out."""
        where = {"port": self.port} if self.port else {"unix_socket_path": self.address}
        try:
            with redis.Redis(**where) as client:
                keys = [key for key in client.scan_iter() if client.type(key) == b"string"]
                return {key.decode("latin-1"): client.get(key) or b"" for key in keys}
        except redis.RedisError as error:
            raise ProcessFailed(f"redis-server does not answer: {error}") from error
