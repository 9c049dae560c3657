"""A store of one's own: sessions in a SQLite file, held to the contract of every store."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from tornado_state import StoreUnavailable
from tornado_state.stores import SessionRecord, SessionStore
from tornado_state.stores.arguments import check_idle, check_key, check_sealed, check_token

SCHEMA = """PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS sessions
        (key TEXT PRIMARY KEY, sealed BLOB, token INTEGER, expires REAL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS by_end ON sessions (expires)"""

#: Calls that may wait for the thread; what comes beyond them is answered at once.
MOST = 1000


class SqliteStore(SessionStore):
    """``clock`` gives seconds since 1970, ``deadline`` is the seconds for a whole call."""

    def __init__(
        self, path: str, clock: Callable[[], float] = time.time, deadline: float = 0.5
    ) -> None:
        self._path, self._clock, self._deadline = path, clock, deadline
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._connection: sqlite3.Connection | None = None
        self._tokens = count(time.time_ns())
        self._waiting = 0

    async def load(self, key: str) -> SessionRecord | None:
        check_key(key)
        select = "SELECT sealed, token FROM sessions WHERE key = ? AND expires > ?"
        rows, _ = await self._do((select, key, self._clock()))
        return SessionRecord(rows[0][0], b"%d" % rows[0][1]) if rows else None

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        check_key(key)
        check_sealed(sealed)
        check_idle(idle)
        now = self._clock()
        sweep = ("DELETE FROM sessions WHERE expires <= ?", now)
        insert = "INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?)"
        _, changed = await self._do(sweep, (insert, key, sealed, next(self._tokens), now + idle))
        return changed == 1

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        check_key(key)
        check_sealed(sealed)
        check_token(token)
        check_idle(idle)
        now = self._clock()
        update = """UPDATE sessions SET sealed = ?, token = ?, expires = ?
            WHERE key = ? AND CAST(token AS BLOB) = ? AND expires > ?"""
        new = (sealed, next(self._tokens), now + idle)
        _, changed = await self._do((update, *new, key, token, now))
        if changed == 1:
            return True
        return False if await self.load(key) else None

    async def touch(self, key: str, idle: int) -> bool:
        check_key(key)
        check_idle(idle)
        now = self._clock()
        update = "UPDATE sessions SET expires = ? WHERE key = ? AND expires > ?"
        _, changed = await self._do((update, now + idle, key, now))
        return changed == 1

    async def delete(self, key: str) -> bool:
        check_key(key)
        delete = "DELETE FROM sessions WHERE key = ? AND expires > ?"
        _, changed = await self._do((delete, key, self._clock()))
        return changed == 1

    async def close(self) -> None:
        if self._connection is not None:
            self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)

    async def _do(self, *statements: tuple[Any, ...]) -> tuple[list[Any], int]:
        """Return the last one's rows, and how many it changed; nothing blocks the event loop."""
        if self._waiting >= MOST:
            raise StoreUnavailable("SQLite: too many calls wait")
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._deadline):
                return await loop.run_in_executor(self._thread, self._in_thread, statements)
        except (TimeoutError, sqlite3.Error, RuntimeError) as error:
            raise StoreUnavailable(f"SQLite: {type(error).__name__}") from error
        finally:
            self._waiting -= 1

    def _in_thread(self, statements: tuple[tuple[Any, ...], ...]) -> tuple[list[Any], int]:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=self._deadline)
            self._connection.executescript(SCHEMA)
        with self._connection as connection:  # one transaction
            done = [connection.execute(statement, values) for statement, *values in statements]
            return done[-1].fetchall(), done[-1].rowcount
