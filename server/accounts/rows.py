"""What is asked of the accounts' tables. Each function is for one transaction (:mod:`.database`).

The connection comes last, and whatever a function does may be done again from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from .errors import SignInRefused, UnknownAccount, UsernameTaken, WrongPassword
from .fields import compared_username, username_problem
from .tables import account_sessions, accounts


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    username: str
    email: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """A password that was right: whose, and which of the account's passwords it was."""

    account: Account
    password_version: int


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A session an account has. ``created_at`` is in seconds since the epoch."""

    handle: str
    store_key: str
    created_at: int
    device: str


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """A line of the list of accounts; ``sessions`` is how many are remembered."""

    account: Account
    disabled: bool
    sessions: int


def account(row: Row[Any]) -> Account:
    """Return what a row of the accounts says."""
    return Account(row.id, row.username, row.email)


def by_id(account_id: str, connection: Connection) -> Row[Any] | None:
    """Return the account's row."""
    query = select(accounts).where(accounts.c.id == account_id)
    return connection.execute(query).one_or_none()


def _locked(account_id: str, connection: Connection) -> Row[Any] | None:
    """Return the account's row, which nobody else changes or locks until the transaction ends."""
    query = select(accounts).where(accounts.c.id == account_id).with_for_update()
    return connection.execute(query).one_or_none()


def is_enabled(account_id: str, connection: Connection) -> bool:
    """Return whether there is such an account that nobody has disabled, nor will just now."""
    row = _locked(account_id, connection)
    return row is not None and not row.disabled


def by_username(username: str, connection: Connection) -> Row[Any] | None:
    """Return the row of the account with this name, however it is spelled."""
    if username_problem(username):
        return None  # nobody's, and with a NUL or a lone surrogate no text for the database
    query = select(accounts).where(accounts.c.compared == compared_username(username))
    return connection.execute(query).one_or_none()


def add_account(new: Account, password_hash: str, connection: Connection) -> None:
    """Add the account, with its first password; `UsernameTaken` when it has a rival."""
    if by_username(new.username, connection):
        raise UsernameTaken
    connection.execute(
        insert(accounts).values(
            id=new.id,
            username=new.username,
            compared=compared_username(new.username),
            email=new.email,
            password_hash=password_hash,
            password_version=1,
            disabled=False,
        )
    )


def replace_password(sign_in: SignIn, password_hash: str, connection: Connection) -> None:
    """Replace the password that was signed in with, if it is still the account's."""
    now = _locked(sign_in.account.id, connection)
    if now is None or now.disabled:
        raise SignInRefused
    if now.password_version != sign_in.password_version:
        raise WrongPassword
    replacement = update(accounts).where(accounts.c.id == now.id)
    connection.execute(
        replacement.values(password_hash=password_hash, password_version=now.password_version + 1)
    )


def add_session(
    sign_in: SignIn, session: AccountSession, oldest: int, connection: Connection
) -> None:
    """Add the session if what the sign-in rests on still stands; `SignInRefused` otherwise."""
    row = _locked(sign_in.account.id, connection)
    if row is None or row.disabled or row.password_version != sign_in.password_version:
        raise SignInRefused
    _forget_expired(oldest, connection)
    # A record is one account's at a time: the last sign-in's.
    same = account_sessions.c.store_key == session.store_key
    connection.execute(delete(account_sessions).where(same))
    connection.execute(
        insert(account_sessions).values(
            handle=session.handle,
            account_id=row.id,
            store_key=session.store_key,
            created_at=session.created_at,
            device=session.device,
        )
    )


def sessions(account_id: str, oldest: int, connection: Connection) -> list[AccountSession]:
    """Return the account's sessions, newest first, without those created by ``oldest``."""
    query = (
        select(account_sessions)
        .where(account_sessions.c.account_id == account_id)
        .where(account_sessions.c.created_at > oldest)
        .order_by(account_sessions.c.created_at.desc(), account_sessions.c.handle)
    )
    return [
        AccountSession(row.handle, row.store_key, row.created_at, row.device)
        for row in connection.execute(query)
    ]


def _forget_expired(oldest: int, connection: Connection) -> None:
    expired = account_sessions.c.created_at <= oldest
    connection.execute(delete(account_sessions).where(expired))


def set_disabled(username: str, disabled: bool, connection: Connection) -> list[str]:
    """Disable or enable the account; return the store keys of its sessions."""
    row = by_username(username, connection)
    if row is None:
        raise UnknownAccount(username)
    # This waits for whoever is adding a session, so that the query below finds it.
    change = update(accounts).where(accounts.c.id == row.id).values(disabled=disabled)
    connection.execute(change)
    query = select(account_sessions.c.store_key).where(account_sessions.c.account_id == row.id)
    return list(connection.execute(query).scalars())


def move_session(
    account_id: str, old_store_key: str, new_store_key: str, connection: Connection
) -> bool:
    """Put the new store key in place of the old; False when there is no such session to go on.

    There is none of an account that was disabled: its sessions are being ended by their old keys.
    """
    if not is_enabled(account_id, connection):
        return False
    move = (
        update(account_sessions)
        .where(account_sessions.c.account_id == account_id)
        .where(account_sessions.c.store_key == old_store_key)
        .values(store_key=new_store_key)
    )
    return bool(connection.execute(move).rowcount)


def keep_handle(
    account_id: str, old_store_key: str, new_store_key: str, connection: Connection
) -> bool:
    """Drop the row of the new store key, and put that key in place of the old one."""
    if not is_enabled(account_id, connection):
        return False
    forget_sessions([new_store_key], connection)
    return move_session(account_id, old_store_key, new_store_key, connection)


def forget_sessions(store_keys: list[str], connection: Connection) -> None:
    """Delete the sessions' rows."""
    ended = account_sessions.c.store_key.in_(store_keys)
    connection.execute(delete(account_sessions).where(ended))


def entries(connection: Connection) -> list[AccountEntry]:
    """Return all accounts by name."""
    query = (
        select(accounts, func.count(account_sessions.c.handle).label("sessions"))
        .outerjoin(account_sessions)
        .group_by(accounts.c.id)
        .order_by(accounts.c.compared)
    )
    return [
        AccountEntry(account(row), row.disabled, row.sessions) for row in connection.execute(query)
    ]
