"""The accounts: who may sign in, and which sessions each account has.

Rule 1: a sign-in says no in one way. An unknown name, a wrong password and a disabled account are
the same answer after the same work (ASVS 5.0 6.3.8), and count alike (:mod:`.throttle`).
Rule 2: a password is verified outside of any transaction, because that takes long. So a session is
added only if the account is still what it was then: not disabled, its password unchanged.
Rule 3: sessions are known by their store keys, so that ending an account's sessions is exact, also
after the store has lost or evicted some. A store key opens nothing without the session ID.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from . import attempts, rows
from .attempts import Attempt
from .database import Database, Work
from .errors import PasswordRefused, SignInRefused, WrongPassword
from .fields import clean_username, email_problem, texts, username_problem
from .look_alikes import look_alike_problem
from .passwords import PasswordHashes, password_problem, prepare_password_problem
from .places import Place, remember, remembered
from .rows import Account, AccountEntry, AccountSession, SignIn
from .throttle import Count

LONGEST_DEVICE = 200


class Accounts:
    """The accounts database. Made by `open`; any number of processes may share one.

    Each method may raise `AccountsUnavailable`, and those that take a password `Busy`.
    """

    def __init__(
        self,
        database: Database,
        hashes: PasswordHashes,
        clock: Callable[[], float],
        absolute_timeout: int,
        place: Place | None = None,
    ) -> None:
        self._database = database
        self._hashes = hashes
        self._clock = clock
        self._absolute_timeout = absolute_timeout
        self._place = place

    @classmethod
    async def open(
        cls,
        url: str | Path,
        *,
        absolute_timeout: int = 43_200,
        deadline: float = 3.0,
        clock: Callable[[], float] = time.time,
        hashes: PasswordHashes | None = None,
        place: Place | None = None,
    ) -> Accounts:
        """Open the database, making what is missing of it.

        ``url``               the path of a SQLite file, or SQLAlchemy's URL; for ``sqlite:///…``
                              and ``postgresql://…`` the driver is chosen here
        ``absolute_timeout``  seconds after which no session lives and its row is dropped
        ``deadline``          seconds for each answer of the database
        ``clock``             returns seconds since the epoch
        ``place``             where the sessions of whoever signs in here are kept
        """
        note = partial(remember, place, clock(), int(clock()) - absolute_timeout) if place else None
        database = await Database.open(url, deadline=deadline, first=note)
        return cls(database, hashes or PasswordHashes(), clock, absolute_timeout, place)

    async def close(self) -> None:
        """Let go of the database and the threads."""
        self._hashes.close()
        await self._database.close()

    # ``remote`` is the address that somebody asks from, for `FairThreads`.

    async def register(
        self, username: object, email: object, password: object, remote: str | None = None
    ) -> Account:
        """Add an account.

        Raises `FieldRefused` with everything that is wrong, `UsernameTaken`, or `TooManyTries`.
        """
        cleaned = clean_username(username) if isinstance(username, str) else ""
        problem = username_problem(username) or await look_alike_problem(cleaned)
        await prepare_password_problem()
        fields = texts(
            username=(username, problem),
            email=(email, email_problem(email)),
            password=(password, password_problem(password, username, email)),
        )
        account = Account(secrets.token_urlsafe(16), cleaned, fields["email"])
        with self._hashes.turn(remote):
            reserve = partial(attempts.try_registration, remote, self._clock)
            await self._hashes.in_turn(remote, lambda: self._database.write(reserve))
            password_hash = await self._hashes.hash(fields["password"], remote)
        await self._database.write(partial(rows.add_account, account, password_hash))
        return account

    async def authenticate(
        self,
        username: object,
        password: object,
        remote: str | None = None,
        devices: Collection[str] = (),
    ) -> SignIn | None:
        """Return whose password this is; None for an unknown name, a wrong one, or disabled.

        ``devices`` are the marks (`device_mark`) that the device has of sign-ins before. Raises
        `TooManyTries`, and `FieldRefused` for what is not text.
        """
        fields = texts(username=(username, None), password=(password, None))
        attempt = partial(attempts.try_sign_in, fields["username"], devices, remote, self._clock)
        return await self._try(attempt, fields["password"], remote)

    async def check_new_password(
        self, account_id: str, current: object, new: object, remote: str | None = None
    ) -> SignIn:
        """Return a sign-in with ``current``, if ``new`` may take its place.

        Raises `FieldRefused` and `PasswordRefused` (field ``new``), `WrongPassword` (field
        ``current``), `TooManyTries`, or `SignInRefused` when the account is gone or disabled.
        """
        fields = texts(current=(current, None), new=(new, None))
        row = await self._database.read(partial(rows.by_id, account_id))
        if row is None or row.disabled:
            raise SignInRefused
        await prepare_password_problem()
        problem = password_problem(new, row.username, row.email)
        if not problem and new == current:
            problem = "The new password must be another one than the current."
        if problem:
            raise PasswordRefused({"new": problem})
        attempt = partial(attempts.try_again, row.username, self._clock)
        sign_in = await self._try(attempt, fields["current"], remote)
        if sign_in is None:
            raise WrongPassword
        return sign_in

    async def change_password(
        self, account_id: str, current: object, new: object, remote: str | None = None
    ) -> SignIn:
        """Put ``new`` in place of ``current``, and return a sign-in with the new one.

        Raises what `check_new_password` raises.
        """
        sign_in = await self.check_new_password(account_id, current, new, remote)
        password_hash = await self._hash(str(new), remote)
        await self._database.write(partial(rows.replace_password, sign_in, password_hash))
        return SignIn(sign_in.account, sign_in.password_version + 1)

    async def _try(
        self, attempt: Work[Attempt], password: str, remote: str | None
    ) -> SignIn | None:
        with self._hashes.turn(remote):
            # A flood must not queue before the database either.
            row, counts = await self._hashes.in_turn(remote, lambda: self._database.write(attempt))
            password_hash = row.password_hash if row and not row.disabled else None
            right = await self._hashes.verify(password_hash, password, remote)
            if row is None or not right:
                return None
            renewed = await self._hashes.renew(row.password_hash, password, remote)
        await self._database.write(partial(self._succeed, row, counts, renewed))
        return SignIn(rows.account(row), row.password_version)

    async def _hash(self, password: str, remote: str | None) -> str:
        with self._hashes.turn(remote):
            return await self._hashes.hash(password, remote)

    async def account(self, account_id: str) -> Account | None:
        """Return the account, disabled or not; None when there is none."""
        row = await self._database.read(partial(rows.by_id, account_id))
        return rows.account(row) if row else None

    async def add_session(self, sign_in: SignIn, store_key: str, device: str = "") -> str:
        """Remember a session of the account, and return its handle: what to name it by in public.

        ``device`` is a description for the account's owner. Raises `SignInRefused` when meanwhile
        the account was disabled or its password changed; the session must then be ended.
        """
        session = AccountSession(
            secrets.token_urlsafe(16), store_key, int(self._clock()), _printable(device)
        )
        await self._database.write(partial(rows.add_session, sign_in, session, self._oldest()))
        return session.handle

    async def move_session(self, account_id: str, old_store_key: str, new_store_key: str) -> bool:
        """Follow a session whose ID was renewed; False when there is no such session to go on."""
        move = partial(rows.move_session, account_id, old_store_key, new_store_key)
        return await self._database.write(move)

    async def sessions(self, account_id: str) -> list[AccountSession]:
        """Return the account's sessions, newest first; some may have ended in the store."""
        return await self._database.read(partial(rows.sessions, account_id, self._oldest()))

    async def forget_sessions(self, store_keys: Iterable[str]) -> None:
        """Forget sessions that have ended."""
        await self._database.write(partial(rows.forget_sessions, list(store_keys)))

    async def disable(self, username: str) -> list[str]:
        """Let nobody sign in to the account, and return the store keys of the sessions it has.

        Those are for the caller to end, and then to `forget_sessions`. Raises `UnknownAccount`.
        """
        return await self._database.write(partial(rows.set_disabled, username, True))

    async def enable(self, username: str) -> None:
        """Undo `disable`. Raises `UnknownAccount`."""
        await self._database.write(partial(rows.set_disabled, username, False))

    async def places(self) -> list[Place]:
        """Return where sessions of the accounts may be kept."""
        return await self._database.read(remembered)

    async def entries(self) -> list[AccountEntry]:
        """Return all accounts by name."""
        return await self._database.read(rows.entries)

    async def keep_handle(self, account_id: str, old_store_key: str, new_store_key: str) -> bool:
        """Have the session added last go on as the one it continues; False when that must end."""
        keep = partial(rows.keep_handle, account_id, old_store_key, new_store_key)
        return await self._database.write(keep)

    def _succeed(
        self, row: Row[Any], counts: list[Count], renewed_hash: str, connection: Connection
    ) -> None:
        attempts.succeed(row, counts, renewed_hash, connection)
        self._remember_place(connection)

    def _remember_place(self, connection: Connection) -> None:
        if self._place is not None:
            remember(self._place, self._clock(), self._oldest(), connection)

    def _oldest(self) -> int:
        return int(self._clock()) - self._absolute_timeout


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:LONGEST_DEVICE]
