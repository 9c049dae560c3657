"""Accounts in PostgreSQL: nobody is refused because somebody else signs in at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count

import pytest
from accounts_in_folder import NEW, RIGHT, WRONG, CountingArgon2
from postgres_process import PostgresProcess
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from tornado.ioloop import IOLoop

from compare.waiting import PATIENCE
from server.accounts import Accounts, SignIn
from server.accounts.database import Database
from server.accounts.errors import SignInRefused, TooManyTries, UsernameTaken, WrongPassword
from server.accounts.passwords import PasswordHashes
from server.accounts.places import MEMCACHED, place_here
from server.accounts.tables import schema

_numbers = count()

EIGHT = tuple(f"ann{number}" for number in range(8))


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresProcess]:
    with PostgresProcess() as process:
        yield process


@pytest.fixture
def url(postgres: PostgresProcess, io_loop: IOLoop) -> str:
    """Where there are no accounts yet."""

    async def clear() -> None:
        database = await Database.open(postgres.url, deadline=PATIENCE)
        await database.write(schema.drop_all)
        await database.close()

    io_loop.run_sync(clear)
    return postgres.url


@asynccontextmanager
async def processes(url: str, count: int = 2) -> AsyncIterator[list[Accounts]]:
    """Open the accounts as several processes do at once."""
    async with AsyncExitStack() as stack:
        opening = (
            Accounts.open(
                url,
                hashes=PasswordHashes(CountingArgon2()),
                place=place_here(MEMCACHED, ["/memcached"]),
                deadline=PATIENCE,
            )
            for _ in range(count)
        )
        opened = await asyncio.gather(*opening)
        for accounts in opened:
            stack.push_async_callback(accounts.close)
        yield opened


@contextmanager
def errors_of_the_database() -> Iterator[list[str]]:
    """Collect what the database says when it undoes something."""
    errors: list[str] = []

    def collect(context: ExceptionContext) -> None:
        errors.append(str(context.original_exception))

    event.listen(Engine, "handle_error", collect)
    try:
        yield errors
    finally:
        event.remove(Engine, "handle_error", collect)


async def sign_in(accounts: Accounts, name: str) -> SignIn:
    signed_in = await accounts.authenticate(name, RIGHT)
    assert signed_in is not None
    await accounts.add_session(signed_in, f"store key {next(_numbers)}")
    return signed_in


async def test_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    """Each sees none and makes them; those that are too late find them and go on."""
    for _ in range(5):
        async with processes(url, 16) as opened:
            assert len(opened) == 16
        database = await Database.open(url, deadline=PATIENCE)
        await database.write(schema.drop_all)
        await database.close()


async def test_people_who_sign_in_at_once_do_not_meet(url: str) -> None:
    """Eight sign-ins in parallel, from two processes: no transaction has to be run again."""
    async with processes(url) as both:
        for name in EIGHT:
            await both[0].register(name, f"{name}@example.org", RIGHT)
        with errors_of_the_database() as errors:
            for _ in range(4):
                rivals = (sign_in(both[n % 2], name) for n, name in enumerate(EIGHT))
                await asyncio.gather(*rivals)
        assert errors == []
        assert [entry.sessions for entry in await both[0].entries()] == [4] * 8


async def test_guesses_in_parallel_are_counted_before_they_are_answered(url: str) -> None:
    """Of twenty at once, from two processes, five are looked at."""
    async with processes(url) as both:
        guesses = (both[n % 2].authenticate("ann", WRONG, "203.0.113.7") for n in range(20))
        answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(answer) for answer in answers].count(TooManyTries) == 15
    assert answers.count(None) == 5


async def test_one_name_is_registered_once(url: str) -> None:
    """Whoever comes second, if only by a moment, is told that it is taken."""
    async with processes(url) as both:
        rivals = (each.register("ann", "ann@example.org", RIGHT) for each in both * 4)
        answers = await asyncio.gather(*rivals, return_exceptions=True)
    assert [type(answer) for answer in answers].count(UsernameTaken) == 7


async def test_no_session_is_added_beside_a_change_or_a_disabling(url: str) -> None:
    """However they cross: a session was added before, and is found, or it is refused."""
    async with processes(url) as (one, other):
        ann = (await one.register("ann", "ann@example.org", RIGHT)).id
        signed_in = await one.authenticate("ann", RIGHT)
        assert signed_in is not None
        adding = [one.add_session(signed_in, f"key {number}") for number in range(16)]
        *added, found = await asyncio.gather(*adding, other.disable("ann"), return_exceptions=True)
        assert {type(each) for each in added} <= {str, SignInRefused}
        assert len(found) == sum(isinstance(each, str) for each in added)
        await other.enable("ann")
        changes = (each.change_password(ann, RIGHT, NEW) for each in (one, other))
        answers = await asyncio.gather(*changes, return_exceptions=True)
        assert {type(answer) for answer in answers} == {SignIn, WrongPassword}
        with pytest.raises(SignInRefused):
            await one.add_session(signed_in, "late")
