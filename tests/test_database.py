"""The database: its URL, its file, its deadline, its failures."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import time
from contextlib import closing
from itertools import count

import pytest
from accounts_in_folder import (
    ANN,
    RIGHT,
    accounts_in,
    signed_in,
    url_in,
)
from sqlalchemy import make_url, select
from sqlalchemy.util import await_

from compare.waiting import PATIENCE
from server.accounts import Accounts
from server.accounts.database import Database
from server.accounts.database_url import read_url, refusal
from server.accounts.errors import (
    AccountsUnavailable,
)
from server.accounts.tables import accounts as accounts_table
from server.accounts.tables import sign_in_tries


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "not a database URL"),
        ("accounts.sqlite3", "not a database URL"),
        ("postgresql://host:port/x", "not a database URL"),
        ("sqlite://", "need a file"),
        ("sqlite:///:memory:", "need a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "need a file"),
        ("sqlite:////proc/nowhere/accounts.sqlite3", "/proc/nowhere"),
        ("nosuch://secret:secret@host/x", "nosuch"),
        ("mysql+aiomysql://secret:secret@host/x", "aiomysql"),
        ("sqlite+pysqlite:///{folder}/x", "pysqlite"),
        ("sqlite:///{folder}/x?timeout=soon", "soon"),
        ("sqlite:///{folder}/x?colour=red", "colour"),
        ("sqlite:///{folder}/new/x", "/new/x: No such file"),
        ("sqlite:///{folder}", "Is a directory"),
        ("sqlite:////proc/x", "/proc/x"),
    ],
)
async def test_an_unusable_url_is_one_clear_sentence(tmp_path, caplog, url, said):
    """Whatever is wrong with it is one line, and shows no password; nothing is made or logged."""
    with pytest.raises(AccountsUnavailable, match=said) as refusal:
        await Accounts.open(url.format(folder=tmp_path))
    assert not (tmp_path / "new").exists()
    assert caplog.text == ""
    assert refusal.value.status == 503
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


async def test_a_driver_that_cannot_connect_is_one_clear_sentence(tmp_path, monkeypatch):
    """Each driver has exceptions of its own; at the start or later, they get no further."""

    def refuse(*_arguments: object, **_options: object) -> object:
        raise RuntimeError("the server is starting up\nand will say so again")

    async with accounts_in(tmp_path) as accounts:
        monkeypatch.setattr("aiosqlite.connect", refuse)
        with pytest.raises(AccountsUnavailable, match=r"up\.$"):
            await Accounts.open(url_in(tmp_path))
        with pytest.raises(AccountsUnavailable, match="does not answer"):
            await accounts.account("any")


def test_what_a_driver_says_is_told_without_the_password():
    """Some drivers repeat the whole address."""
    url = make_url("postgresql://shop:swordfish@host/x")
    told = str(refusal(url, RuntimeError("no entry for shop:swordfish@host\nand more")))
    assert told == "No accounts by way of postgresql: no entry for shop:…@host."


def test_what_everything_else_calls_sslmode_is_what_asyncpg_calls_ssl():
    """A PostgreSQL URL as it is handed out works; other drivers get it as it is."""
    asked = "postgresql://host/x?sslmode=require&application_name=shop"
    assert read_url(asked).query == {"ssl": "require", "application_name": "shop"}
    psycopg = read_url(asked.replace("postgresql", "postgresql+psycopg"))
    assert psycopg.query["sslmode"] == "require"


async def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    """A wrong path is said, and what is there stays as it is."""
    (tmp_path / "accounts-shop.sqlite3").write_text("somebody's letters " * 100)
    with pytest.raises(AccountsUnavailable, match="not a database"):
        await Accounts.open(url_in(tmp_path))
    assert (tmp_path / "accounts-shop.sqlite3").read_text() == "somebody's letters " * 100


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x", "sqlite+aiosqlite"),
        ("postgresql://host/x", "postgresql+asyncpg"),
        ("postgresql+psycopg://host/x", "postgresql+psycopg"),
    ],
)
def test_a_driver_is_chosen_where_none_is_named(url, driver):
    """Nobody has to know the names of asynchronous drivers."""
    assert read_url(url).drivername == driver


async def test_the_file_is_for_its_owner_only(tmp_path):
    """Password hashes are nobody else's business."""
    async with accounts_in(tmp_path):
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_locked_database_is_unavailable_until_it_is_let_go(tmp_path):
    """No answer within the deadline is 503, never "wrong password"; afterwards all is well."""
    async with accounts_in(tmp_path, deadline=2.0) as accounts:
        sign_in = await signed_in(accounts)
        with closing(sqlite3.connect(tmp_path / "accounts-shop.sqlite3")) as rival:
            rival.execute("BEGIN IMMEDIATE")
            answers = await asyncio.gather(
                *(accounts.authenticate("ann", RIGHT) for _ in range(3)),
                accounts.add_session(sign_in, "1"),
                return_exceptions=True,
            )
            assert await accounts.account(sign_in.account.id) == sign_in.account
            rival.rollback()
        assert [type(answer) for answer in answers] == [AccountsUnavailable] * 4
        assert answers[0].retry_after == 1
        assert await accounts.authenticate("ann", RIGHT)


async def test_a_database_still_being_made_is_waited_for(tmp_path):
    """Whoever comes second waits for the first to have switched the file's mode, not for ever."""
    with closing(
        sqlite3.connect(tmp_path / "accounts-shop.sqlite3", isolation_level=None)
    ) as rival:
        rival.execute("CREATE TABLE other (x)")
        rival.execute("BEGIN")
        rival.execute("SELECT * FROM other")
        with pytest.raises(AccountsUnavailable, match="locked"):
            await Database.open(url_in(tmp_path), deadline=0.2)
        opening = asyncio.ensure_future(Database.open(url_in(tmp_path)))
        await asyncio.wait({opening}, timeout=0.2)
        rival.rollback()
        await (await opening).close()


async def test_a_database_that_never_answers_is_unavailable(tmp_path):
    """The deadline holds whatever hangs, and a hanging transaction leaves no lock behind."""
    database = await Database.open(url_in(tmp_path), deadline=1.0)

    def hang(_connection: object) -> None:
        await_(asyncio.Event().wait())

    for ask in (database.read, database.write, database.write):
        with pytest.raises(AccountsUnavailable):
            await ask(hang)
    await database.close()
    async with accounts_in(tmp_path) as accounts:
        await accounts.register(*ANN)


async def test_a_request_that_was_given_up_leaves_no_lock_behind(tmp_path):
    """Cancelling whoever waits for the database cancels the transaction, too."""
    database = await Database.open(url_in(tmp_path), deadline=PATIENCE)
    begun = asyncio.Event()

    def hang(_connection: object) -> None:
        begun.set()
        await_(asyncio.Event().wait())

    asking = asyncio.ensure_future(database.write(hang))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with accounts_in(tmp_path) as accounts:
        await accounts.register(*ANN)
    await database.close()


async def test_no_lock_is_left_behind_at_whichever_turn_it_was_given_up(tmp_path):
    """Also between a statement and its rows. What waits for a lock has all the time it needs."""

    def rows(connection):
        return len(connection.execute(select(accounts_table.c.id)).all())

    async with accounts_in(tmp_path, deadline=PATIENCE) as accounts:
        for number in range(3):
            await accounts.register(f"ann{number}", "ann@example.org", RIGHT)
        for turns in count(1):
            database = await Database.open(url_in(tmp_path), deadline=PATIENCE)
            await database.write(lambda _: None)
            writing = asyncio.ensure_future(database.write(rows))
            for _ in range(turns):
                await asyncio.sleep(0)
                time.sleep(0.001 * (turns % 2))  # noqa: ASYNC251 - the loop is busy elsewhere
            if writing.done():
                break
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            assert await accounts.authenticate("ann0", RIGHT)
            await database.close()
        assert writing.result() == 3
        await database.close()


@pytest.mark.parametrize(("losses", "won"), [(3, True), (99, False)])
async def test_a_transaction_that_lost_a_race_is_run_again(tmp_path, losses, won):
    """It will see what the winner did; but not for ever."""
    database = await Database.open(url_in(tmp_path))
    runs = []

    def lose_at_first(connection) -> int:
        runs.append(len(runs))
        names = ["same", "same"] if len(runs) <= losses else ["one", "other"]
        rows = [{"name_hash": name, "failures": 1, "last_at": 0.0} for name in names]
        connection.execute(sign_in_tries.insert(), rows)
        return len(runs)

    try:
        if won:
            assert await database.write(lose_at_first) == losses + 1
        else:
            with pytest.raises(AccountsUnavailable):
                await database.write(lose_at_first)
    finally:
        await database.close()
    assert len(runs) < 99


async def test_a_failing_database_is_unavailable_and_its_values_are_not_logged(tmp_path, caplog):
    """What the database says is for the log, without anybody's name, email or hash."""
    async with accounts_in(tmp_path) as accounts:
        with closing(sqlite3.connect(tmp_path / "accounts-shop.sqlite3")) as vandal:
            vandal.execute("DROP TABLE sign_in_tries")
            vandal.execute("ALTER TABLE accounts DROP COLUMN email")
        for failing in (accounts.register(*ANN), accounts.authenticate("ann", RIGHT)):
            with pytest.raises(AccountsUnavailable) as refusal:
                await failing
            assert str(refusal.value) == "The accounts database does not answer."
            assert "'ann'" not in str(refusal.value.__cause__)
    assert "the accounts database failed: no such" in caplog.text
    assert "ann@example.org" not in caplog.text
    assert "argon2id" not in caplog.text
