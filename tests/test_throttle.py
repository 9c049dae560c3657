"""Back-off for wrong passwords: who waits how long, whatever is restarted or done in parallel."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path

import pytest

from compare.waiting import PATIENCE
from server.accounts import throttle
from server.accounts.database import Database
from server.accounts.errors import TooManyTries
from server.accounts.throttle import (
    FROM_THERE,
    counts_of_stranger,
    forget_tries,
    reserve_try,
    wait_after,
)

START = 1_700_000_000.0
DAY = 86_400


@asynccontextmanager
async def database_at(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path}/accounts-shop.sqlite3", deadline=PATIENCE)
    try:
        yield database
    finally:
        await database.close()


HERE = "203.0.113.7"


async def try_at(
    database: Database, now: float, name: str = "ann", remote: str | None = HERE
) -> int:
    """Make a try; return 0, or for how many seconds it is refused."""
    counts = counts_of_stranger(name, remote)
    try:
        await database.write(lambda connection: reserve_try(connection, counts, now))
    except TooManyTries as refusal:
        return refusal.retry_after
    return 0


def names_kept(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "accounts-shop.sqlite3")) as connection:
        return connection.execute("SELECT count(*) FROM sign_in_tries").fetchone()[0]


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (79, 900), (80, DAY)],
)
def test_promise_9_the_wait_doubles_from_the_fifth_failure_to_15_minutes(failures, seconds):
    """Four are free, then 1 s doubling to 15 min, and a day after the eightieth."""
    assert wait_after(failures, FROM_THERE) == seconds


async def test_promise_9_back_off_begins_by_the_tenth_failure(tmp_path):
    """Five tries at once are let through; the sixth waits a second, not more."""
    async with database_at(tmp_path) as database:
        assert [await try_at(database, START) for _ in range(7)] == [0, 0, 0, 0, 0, 1, 1]
        assert await try_at(database, START + 0.999) == 1
        assert await try_at(database, START + 1) == 0
        assert await try_at(database, START + 1) == 2


async def test_promise_9_back_off_begins_by_the_tenth_failure_from_wherever(tmp_path):
    """Each from an address of its own: nine tries at once are let through, the next one waits."""
    async with database_at(tmp_path) as database:
        waits = [await try_at(database, START, remote=f"203.0.113.{n}") for n in range(11)]
        assert waits == [0] * 9 + [1, 1]


async def test_promise_9_a_few_wrong_tries_from_elsewhere_delay_nobody(tmp_path):
    """What is wrong five times from there is tried at once from here."""
    async with database_at(tmp_path) as database:
        for _ in range(5):
            await try_at(database, START, remote="198.51.100.1")
        assert await try_at(database, START) == 0


async def test_promise_9_a_try_during_the_wait_counts_nothing(tmp_path):
    """Impatience does not make the wait longer."""
    async with database_at(tmp_path) as database:
        for _ in range(50):
            await try_at(database, START)
        assert await try_at(database, START + 1) == 0


async def test_promise_9_at_most_100_tries_in_all_and_never_a_permanent_lock_out(tmp_path):
    """Whoever tries whenever it is allowed gets 80 tries; after a day the count begins afresh.

    With ten from the account's devices and ten of whoever is signed in that is the hundred.
    """
    async with database_at(tmp_path) as database:
        now, tries = START, 0
        while (wait := await try_at(database, now)) < DAY:
            tries += wait == 0
            now += wait
        assert tries == 80
        assert await try_at(database, now + DAY - 1) == 1
        assert [await try_at(database, now + DAY) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


async def test_promise_9_parallel_guesses_of_several_processes_are_counted_before_they_run(
    tmp_path,
):
    """Of 50 guesses at once over two sets of connections, five are let through."""
    async with database_at(tmp_path) as one, database_at(tmp_path) as other:
        waits = await asyncio.gather(*(try_at((one, other)[n % 2], START) for n in range(50)))
    assert waits.count(0) == 5


async def test_promise_9_the_count_survives_a_restart(tmp_path):
    """The count is in the database: no restart of an application or of memcached resets it."""
    async with database_at(tmp_path) as database:
        for _ in range(5):
            await try_at(database, START)
    async with database_at(tmp_path) as database:
        assert await try_at(database, START) == 1


async def test_promise_9_success_starts_the_count_afresh(tmp_path):
    """After a right password five more tries are let through."""
    async with database_at(tmp_path) as database:
        for _ in range(5):
            await try_at(database, START)
        counts = counts_of_stranger("ann", HERE)
        await database.write(lambda connection: forget_tries(connection, counts))
        assert [await try_at(database, START) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


async def test_names_wait_each_for_itself(tmp_path):
    """Guessing at one name does not keep another person out."""
    async with database_at(tmp_path) as database:
        for _ in range(5):
            await try_at(database, START, "ann", None)
        assert await try_at(database, START, "bob", None) == 0


async def test_a_name_is_forgotten_a_day_after_its_last_try(tmp_path):
    """The table does not grow for ever, and young counts stay."""
    async with database_at(tmp_path) as database:
        for number in range(20):
            await try_at(database, START, f"somebody {number}", None)
        await try_at(database, START + 1, "somebody 0", None)
        await try_at(database, START + DAY, "ann", None)
        assert names_kept(tmp_path) == 2


async def test_a_submitted_name_is_not_kept(tmp_path):
    """Who types the password into the wrong field leaves no trace of it in the file."""
    async with database_at(tmp_path) as database:
        await try_at(database, START, "korrekt pferd")
    assert b"korrekt" not in (tmp_path / "accounts-shop.sqlite3").read_bytes()


async def test_any_text_is_a_name(tmp_path):
    """NUL, a lone surrogate or 100,000 characters count like any other unknown name."""
    async with database_at(tmp_path) as database:
        for name in ("a\0b", "\ud800", "x" * 100_000, ""):
            assert [await try_at(database, START, name) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


async def test_the_table_has_an_end(tmp_path, monkeypatch):
    """However many names are tried in a day, the oldest counts go when there are too many."""
    monkeypatch.setattr(throttle, "MOST_KEPT", 50)
    names = (f"somebody {number}" for number in count())
    async with database_at(tmp_path) as database:
        for number in range(60):
            await try_at(database, START + number, f"somebody {number}", None)
        # One of 256 counts is where the others are counted.
        looked = next(n for n in names if counts_of_stranger(n, None)[0].key.startswith("00"))
        await try_at(database, START + 60, looked, None)
        assert names_kept(tmp_path) == 50
