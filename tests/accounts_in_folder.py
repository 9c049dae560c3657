"""What the tests of the accounts share: a database in a folder, cheap hashes, a clock."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from argon2 import PasswordHasher, extract_parameters

from compare.waiting import PATIENCE
from server.accounts import Accounts, SignIn
from server.accounts.errors import (
    TooManyTries,
)
from server.accounts.passwords import PasswordHashes

RIGHT, WRONG, NEW = "korrekt pferd", "falsch pferd", "batterie klammer"
ANN = ("Ann", "ann@example.org", RIGHT)


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class CountingArgon2(PasswordHasher):
    """Argon2id as cheap as it gets, that remembers the parameters of each verification."""

    def __init__(self, passes: int = 1) -> None:
        super().__init__(time_cost=passes, memory_cost=8, parallelism=1)
        self.verified: list[object] = []

    def verify(self, hash, password):
        self.verified.append(extract_parameters(hash))
        return super().verify(hash, password)


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder}/accounts-shop.sqlite3"


@asynccontextmanager
async def accounts_in(
    folder: Path, argon2: PasswordHasher | None = None, **options: object
) -> AsyncIterator[Accounts]:
    hashes = PasswordHashes(argon2 or CountingArgon2())
    options = {"hashes": hashes, "deadline": PATIENCE, **options}
    accounts = await Accounts.open(url_in(folder), **options)
    try:
        yield accounts
    finally:
        await accounts.close()


def row_of_ann(folder: Path) -> tuple[str, int]:
    with closing(sqlite3.connect(folder / "accounts-shop.sqlite3")) as connection:
        query = "SELECT password_hash, password_version FROM accounts WHERE compared = 'ann'"
        return connection.execute(query).fetchone()


def sessions_kept(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "accounts-shop.sqlite3")) as connection:
        return connection.execute("SELECT count(*) FROM account_sessions").fetchone()[0]


async def outcome(accounts: Accounts, username: object, password: object = WRONG) -> object:
    """Return what a try to sign in shows to whoever makes it."""
    try:
        return await accounts.authenticate(username, password, "203.0.113.7")
    except TooManyTries as refusal:
        return refusal.status, refusal.retry_after


async def signed_in(accounts: Accounts) -> SignIn:
    """Register Ann and sign her in."""
    await accounts.register(*ANN)
    sign_in = await accounts.authenticate("ann", RIGHT)
    assert sign_in is not None
    return sign_in
