"""Ending the sessions of an account that has many, and having no more than a hundred."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from opened_store import new_key
from shop_here import ANN, NEW_PASSWORD, ShopHere, shop_here
from tornado_state import StoreUnavailable
from watched_store import Clock, WatchedStore

from server.handlers.sign_in import MOST_SESSIONS


class TiredStore(WatchedStore):
    """A store that ends so many sessions, and then is away."""

    lasts = 1_000_000

    async def delete(self, key: str) -> bool:
        self.lasts -= 1
        if self.lasts < 0:
            raise StoreUnavailable("away")
        return await super().delete(key)


async def remember(shop: ShopHere, number: int) -> list[str]:
    """Give Ann rows in the database for ``number`` sessions; return their store keys."""
    sign_in = await shop.accounts.authenticate(ANN["username"], ANN["password"])
    assert sign_in is not None
    store_keys = [new_key() for _ in range(number)]
    for store_key in store_keys:
        await shop.accounts.add_session(sign_in, store_key)
    return store_keys


async def test_what_has_ended_is_forgotten_though_the_store_goes_away(tmp_path: Path) -> None:
    """Of many sessions, those ended before the outage need not be ended again after it."""
    store = TiredStore(Clock())
    async with shop_here(tmp_path, store) as shop:
        await shop.sign_in()
        await remember(shop, 150)
        store.lasts = 100
        assert (await shop.send("POST", "/sessions/end", {"handle": "others"})).code == 503
        assert len(await shop.rows()) == 1 + 150 - 64
        store.lasts = 1_000
        assert (await shop.send("POST", "/sessions/end", {"handle": "others"})).code == 204
        assert len(await shop.rows()) == 1


async def test_the_oldest_sessions_end_when_there_are_too_many(tmp_path: Path) -> None:
    """A sign-in leaves an account with so many sessions at most, its own among them."""
    async with shop_here(tmp_path) as shop:
        shop.accounts._clock = clock = Clock()
        (oldest,) = await remember(shop, 1)
        await shop.store.add(oldest, b"record", 60)
        clock.pass_(1)
        await remember(shop, MOST_SESSIONS - 1)
        clock.pass_(1)
        assert await shop.sign_in() == 200
        rows = await shop.rows()
        assert len(rows) == MOST_SESSIONS
        assert oldest not in rows
        assert await shop.store.load(oldest) is None
        assert await shop.status("/account") == 200


async def test_a_sign_in_that_seems_the_oldest_stays_and_another_ends(tmp_path: Path) -> None:
    """As after a clock was set back, or among those of one second."""
    async with shop_here(tmp_path) as shop:
        shop.accounts._clock = clock = Clock()
        await remember(shop, MOST_SESSIONS)
        clock.pass_(-1)
        assert await shop.sign_in() == 200
        assert len(await shop.rows()) == MOST_SESSIONS
        assert await shop.status("/account") == 200


async def test_a_session_out_of_reach_keeps_nobody_from_signing_in(tmp_path: Path) -> None:
    """Where one of too many cannot be ended, it stays known, and is ended another time."""
    store = TiredStore(Clock())
    async with shop_here(tmp_path, store) as shop:
        await remember(shop, MOST_SESSIONS)
        store.lasts = 0
        assert await shop.sign_in() == 200
        assert len(await shop.rows()) == MOST_SESSIONS + 1
        store.lasts = 1_000
        shop.jar.clear()
        assert await shop.sign_in() == 200
        assert len(await shop.rows()) == MOST_SESSIONS


async def test_a_sign_out_is_done_though_the_database_is_away(tmp_path: Path) -> None:
    """The store has confirmed, so it is 204; the row that is left is shown to nobody."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        before = dict(shop.jar)
        shop.accounts.away = frozenset({"forget_sessions"})
        assert (await shop.send("POST", "/logout", {})).code == 204
        shop.accounts.away = frozenset()
        shop.jar = before
        assert await shop.status("/account") == 401
        await shop.sign_in()
        assert len(await shop.rows()) == 2
        assert len(await shop.handles()) == 1


async def test_a_look_at_the_sessions_writes_nothing(tmp_path: Path) -> None:
    """Neither into the database nor into the store, also where some of them live no more."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        await remember(shop, 3)
        with closing(sqlite3.connect(tmp_path / "accounts-shop.sqlite3")) as other:
            version = other.execute("PRAGMA data_version").fetchone()
            shop.store.forget()
            assert len(await shop.handles()) == 1
            assert set(shop.store.operations) == {"load"}
            assert other.execute("PRAGMA data_version").fetchone() == version


async def put_back(shop: ShopHere) -> None:
    """Sign out, as whoever has a copy of the cookie and can write to the store will not have it."""
    jar, kept = dict(shop.jar), dict(shop.store._kept)
    assert (await shop.send("POST", "/logout", {})).code == 204
    shop.jar.update(jar)
    shop.store._kept.update(kept)
    assert await shop.status("/account") == 200


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        ("GET", "/sessions", None),
        ("POST", "/sessions/end", {"handle": "others"}),
        ("POST", "/sessions/end", {"handle": "one"}),
        ("POST", "/password", {"current": ANN["password"], "new": NEW_PASSWORD}),
    ],
)
async def test_a_record_put_back_is_no_session_of_the_account(
    method: str, path: str, value: object, tmp_path: Path
) -> None:
    """The database knows that it has ended: it acts on the account in nothing, and ends again."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        await put_back(shop)
        (other,) = await remember(shop, 1)
        assert (await shop.send(method, path, value)).code == 401
        assert await shop.status("/account") == 401
        assert await shop.rows() == [other]
