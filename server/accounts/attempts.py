"""Tries to sign in and to register: who may, what a right one leaves. Like :mod:`.rows`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, update

from .errors import TooManyTries
from .fields import compared_username
from .rows import by_username
from .tables import accounts
from .throttle import (
    Count,
    counts_of_device,
    counts_of_oneself,
    counts_of_registration,
    counts_of_stranger,
    forget_tries,
    reserve_try,
)


class Attempt(NamedTuple):
    """A try to sign in: the account's row, if there is one, and what the try is counted under."""

    row: Row[Any] | None
    counts: list[Count]


def try_sign_in(
    username: str,
    devices: Collection[str],
    remote: str | None,
    clock: Callable[[], float],
    connection: Connection,
) -> Attempt:
    """Reserve a try for the name; `TooManyTries` while one has to wait.

    ``devices`` are the marks of the accounts that have signed in where this comes from. A device
    that has used up its tries is a stranger.
    """
    row, name, now = by_username(username, connection), compared_username(username), clock()
    if row is not None and device_mark(row.id) in devices:
        with suppress(TooManyTries):
            return _reserved(row, counts_of_device(name), now, connection)
    return _reserved(row, counts_of_stranger(name, remote), now, connection)


def try_again(username: str, clock: Callable[[], float], connection: Connection) -> Attempt:
    """Reserve a try of whoever is signed in; `TooManyTries` while one has to wait."""
    counts = counts_of_oneself(compared_username(username))
    return _reserved(by_username(username, connection), counts, clock(), connection)


def try_registration(
    remote: str | None, clock: Callable[[], float], connection: Connection
) -> None:
    """Count a registration; `TooManyTries` while one has to wait."""
    reserve_try(connection, counts_of_registration(remote), clock())


def _reserved(
    row: Row[Any] | None, counts: list[Count], now: float, connection: Connection
) -> Attempt:
    reserve_try(connection, counts, now)
    return Attempt(row, counts)


def device_mark(account_id: str) -> str:
    """Return what a device that has signed in to the account carries; it tells nobody which."""
    return sha256(f"device of {account_id}".encode()).hexdigest()[:32]


def succeed(row: Row[Any], counts: list[Count], renewed_hash: str, connection: Connection) -> None:
    """Note that a password was right: the tries are forgotten, the hash may be a newer one."""
    forget_tries(connection, counts)
    if renewed_hash != row.password_hash:
        # Unless the password was changed meanwhile: then there is nothing to renew.
        unchanged = accounts.c.password_hash == row.password_hash
        renewal = update(accounts).where(accounts.c.id == row.id, unchanged)
        connection.execute(renewal.values(password_hash=renewed_hash))
