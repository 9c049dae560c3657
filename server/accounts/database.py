"""The one way to the accounts' tables: a transaction with a deadline.

Rule 1: every write is one transaction that locks the rows its checks rest on, so that no other
process can part the two: ``FOR UPDATE``, for SQLite ``BEGIN IMMEDIATE``. (A serializable PostgreSQL
locks whatever it looked through, and so parts strangers.) Two that add the same row are told apart
by its key; a transaction that lost such a race is run again, so what it does must be repeatable.
Rule 2: every wait ends at the deadline with `AccountsUnavailable`. What cannot be interrupted is
left to end by itself; nobody waits for it.
Rule 3: this is the edge where SQLAlchemy's, the driver's and the system's exceptions become ours.
Their texts go to the log (without the values, ``hide_parameters``), or to whoever gave the URL,
never to a visitor.
Rule 4: several processes may open the same new database at once.
Rule 5: what is done in a transaction is a plain function. It runs in a greenlet, whose waits are
the event loop's: what ``sqlalchemy.ext.asyncio`` does, which brings all of the ORM along.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sqlite3
import time
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SAWarning, SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

from ..ownership import check_file
from .database_url import first_line, read_url, refusal
from .errors import AccountsUnavailable
from .tables import schema

T = TypeVar("T")
Work = Callable[[Connection], T]

_logger = logging.getLogger(__name__)

#: PostgreSQL's codes for "run it again" (appendix A: serialization_failure, deadlock_detected;
#: duplicate_table where two processes start on a database without tables).
_LOST_RACE = {"40001", "40P01", "42P07"}

_MOST_RUNS = 25

_FAILURES = (SQLAlchemyError, OSError)


class Database:
    """Transactions on one database. For one event loop; opened after a process has forked."""

    def __init__(self, url: URL, deadline: float) -> None:
        self._deadline = deadline
        self._left: set[asyncio.Task[Any]] = set()
        self._reading, self._writing = _connections(url, deadline)

    @classmethod
    async def open(
        cls, url: str | Path, *, deadline: float = 3.0, first: Work[None] | None = None
    ) -> Database:
        """Connect, making the tables that are missing, and do what is to be done ``first``.

        ``deadline`` is in seconds, for each transaction. Raises `AccountsUnavailable` with one line
        that says why the URL cannot be used or the database does not answer.
        """
        parsed = read_url(url)
        if parsed.get_backend_name() == "sqlite":
            await asyncio.to_thread(_prepare_file, str(parsed.database), deadline)
        database = cls(parsed, deadline)

        def make(connection: Connection) -> None:
            schema.create_all(connection)
            if first is not None:
                first(connection)

        making = _run_until_won(database._writing, make)
        try:
            await database._answer(making)
        except _FAILURES as error:
            await database.close()
            raise refusal(parsed, error) from error
        return database

    async def read(self, work: Work[T]) -> T:
        """Return what ``work`` returns, given a connection that sees one state of the database."""
        return await self._within_deadline(greenlet_spawn(_run, self._reading, work))

    async def write(self, work: Work[T]) -> T:
        """Return what ``work`` returns, committed. Whatever it raises undoes it."""
        return await self._within_deadline(_run_until_won(self._writing, work))

    async def close(self) -> None:
        """Let go of all connections."""
        try:
            await self._within_deadline(self._dispose())
        except AccountsUnavailable:
            _logger.warning("the accounts database did not let go of its connections in time")

    async def _dispose(self) -> None:
        await asyncio.gather(*self._left, return_exceptions=True)
        for connections in (self._writing, self._reading):
            await greenlet_spawn(connections.dispose)

    async def _within_deadline(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._answer(work)
        except _FAILURES as error:
            _logger.error("the accounts database failed: %s", first_line(error))
            raise AccountsUnavailable from error

    async def _answer(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=self._deadline)
        finally:
            if not task.done():
                self._leave(task)
        if not task.done():
            raise TimeoutError(f"no answer in {self._deadline} s")
        return task.result()

    def _leave(self, task: asyncio.Task[Any]) -> None:
        """Cancel without waiting: rolling back a connection that hangs can hang as well."""
        task.cancel()
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        task.add_done_callback(lambda left: left.cancelled() or left.exception())


def _connections(url: URL, deadline: float) -> tuple[Engine, Engine]:
    """Return what reads and what writes are made on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # an argument that it would ignore
            return _made_connections(url, deadline)
    except (SQLAlchemyError, ImportError, SAWarning, TypeError, ValueError) as error:
        raise refusal(url, error) from error


def _made_connections(url: URL, deadline: float) -> tuple[Engine, Engine]:
    if not url.get_dialect().is_async:
        raise ArgumentError(f"{url.drivername} would block")
    shared: dict[str, Any] = {"pool_timeout": deadline, "hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        shared["pool_pre_ping"] = True
        # What is the default may be another one for this database or this user.
        writing = create_engine(url, isolation_level="READ COMMITTED", **shared)
        return create_engine(url, **shared), writing
    # SQLite's own answer, "locked", is to come before the deadline: it leaves things clean.
    shared["connect_args"] = {"timeout": deadline * 0.8, "isolation_level": None}
    # SQLite has one writer at a time. Within the process writers queue for one connection;
    # SQLite's way, to try again every few milliseconds, is left to strangers.
    writing = create_engine(url, pool_size=1, max_overflow=0, **shared)
    reading = create_engine(url, **shared)
    _begin_with(writing, "BEGIN IMMEDIATE")
    _begin_with(reading, "BEGIN")
    return reading, writing


def _begin_with(connections: Engine, statement: str) -> None:
    """Say how a transaction begins: Python's sqlite3 would begin it late, and deferred."""

    @event.listens_for(connections, "connect")
    def keep_references(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON").close()

    @event.listens_for(connections, "invalidate")
    def roll_back(connection: Any, _record: object, _error: object) -> None:
        # Left between a statement and its rows, it would keep its lock though it is closed.
        with suppress(sqlite3.Error):
            connection.rollback()

    @event.listens_for(connections, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)


def _prepare_file(path: str, deadline: float) -> None:
    """Make the file, for its owner's eyes only, and switch it to write-ahead logging for good.

    What SQLite finds beside it is part of it.
    """
    try:
        for end in ("", "-journal", "-wal", "-shm"):
            check_file(Path(path + end))
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        _use_write_ahead_log(path, time.monotonic() + deadline)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or first_line(error)
        raise AccountsUnavailable(f"No accounts in {path}: {why}.") from error


def _use_write_ahead_log(path: str, until: float) -> None:
    connection = sqlite3.connect(path, timeout=0)
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                # SQLite's own waiting is not to be had here: while another process does the same,
                # it says "locked" at once.
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        connection.close()


def _run(connections: Engine, work: Work[T]) -> T:
    with _connect(connections) as connection, connection.begin():
        return work(connection)


def _connect(connections: Engine) -> Connection:
    try:
        return connections.connect()
    except _FAILURES:
        raise
    except Exception as error:  # drivers refuse to connect each with exceptions of its own
        raise ConnectionError(first_line(error)) from error


async def _run_until_won(connections: Engine, work: Work[T]) -> T:
    for run in range(1, _MOST_RUNS):
        try:
            return await greenlet_spawn(_run, connections, work)
        except DBAPIError as error:
            if not _lost_race(error):
                raise
        await asyncio.sleep(random.random() * 0.004 * run)  # noqa: S311 - to part the rivals
    return await greenlet_spawn(_run, connections, work)


def _lost_race(error: DBAPIError) -> bool:
    """Return whether another transaction got in between; run again, this one will see it."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") in _LOST_RACE
