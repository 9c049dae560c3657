"""Passwords: which ones are allowed, and how they are hashed.

Rule 1 (ASVS 5.0 6.2.1, 6.2.9, 6.2.5, 6.2.8): 8 to 128 characters, any of them, taken exactly as
they were typed. Nothing is cut off, trimmed or normalized away.
Rule 2 (ASVS 5.0 6.2.4, 6.2.11): common passwords and the person's own name and email are refused.
Rule 3 (ASVS 5.0 11.4.2; OWASP password storage cheat sheet): Argon2id with 19 MiB, two passes, one
lane.
Rule 4: hashing takes tens of milliseconds and 19 MiB, so it happens in a few threads, off the event
loop (:mod:`.fair_threads`): a flood of guesses must not become a queue of minutes, and must leave
turns to whoever is not part of it.
Rule 5: no hash to compare with costs the same as a wrong password, so time does not tell which
names exist.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from .errors import Busy
from .fair_threads import FairThreads

SHORTEST, LONGEST = 8, 128

_NO_MEMORY = error_to_str(-22)  # ARGON2_MEMORY_ALLOCATION_ERROR in argon2.h

_logger = logging.getLogger(__name__)

T = TypeVar("T")


async def prepare_password_problem() -> None:
    """Read the common passwords off the event loop, so that `password_problem` need not."""
    await asyncio.to_thread(_common_passwords)


@cache
def _common_passwords() -> frozenset[str]:
    """Return them; the list takes a tenth of the start, and most processes never need it."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(
        word.casefold() for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST
    )


def password_problem(password: object, *own: object) -> str | None:
    """Return what is wrong with a new password in one sentence, None when it will do.

    ``own`` are the person's username and email.
    """
    if not isinstance(password, str):
        return "The password must be text."
    if not SHORTEST <= len(password) <= LONGEST:
        return f"The password must have {SHORTEST} to {LONGEST} characters."
    folded = password.casefold()
    if folded in _common_passwords():
        return "This password is among the most common ones. Choose another."
    if any(isinstance(text, str) and folded == text.casefold() for text in own):
        return "The password must not be your username or email."
    return None


def owasp_argon2id() -> PasswordHasher:
    """Return rule 3. ``memory_cost`` is in KiB."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class PasswordHashes:
    """Makes and verifies password hashes; ``threads`` and the rest are as in `FairThreads`.

    `hash`, `verify` and `renew` are called within `turn`, and like it for a ``remote`` address.
    """

    def __init__(
        self,
        argon2: PasswordHasher | None = None,
        *,
        threads: int = 2,
        waiting: int = 32,
        per_remote: int = 16,
    ) -> None:
        self._argon2 = argon2 or owasp_argon2id()
        self._threads = FairThreads(threads, waiting, per_remote)
        self._nobody = _nobodys_hash(self._argon2)

    def turn(self, remote: str | None = None) -> AbstractContextManager[None]:
        """Hold a place in the queue; `Busy` or `TooManyTries` at once when there is none left."""
        return self._threads.place(remote)

    async def hash(self, password: str, remote: str | None = None) -> str:
        """Return a new hash of the password."""
        return await self._in_thread(remote, partial(self._argon2.hash, _encode(password)))

    async def verify(
        self, password_hash: str | None, password: str, remote: str | None = None
    ) -> bool:
        """Return whether the hash is of this password; never for None, which takes as long."""
        return await self._in_thread(
            remote, partial(self._verify, password_hash or self._nobody, _encode(password))
        )

    async def renew(self, password_hash: str, password: str, remote: str | None = None) -> str:
        """Return the hash, made anew if it was made with other parameters than today's."""
        if self._argon2.check_needs_rehash(password_hash):
            return await self.hash(password, remote)
        return password_hash

    async def in_turn(self, remote: str | None, work: Callable[[], Awaitable[T]]) -> T:
        """Return what ``work`` returns; it comes before a verification, and waits as one does."""
        return await self._threads.in_turn(remote, work)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    async def _in_thread(self, remote: str | None, work: Callable[[], T]) -> T:
        try:
            return await self._threads.run(remote, work)
        except (HashingError, VerificationError) as error:
            # As a rule Argon2 could not get its memory; a moment later it may.
            _logger.error("a password could not be hashed: %s", error)
            raise Busy from error

    def _verify(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            if str(error) == _NO_MEMORY:
                raise
            _logger.error("an account's password hash is unreadable; its owner cannot sign in")
            return False


def _encode(password: str) -> bytes:
    # A lone surrogate has no UTF-8, but JSON can carry one: it must be wrong, not a crash.
    return password.encode("utf-8", "surrogatepass")


def _nobodys_hash(argon2: PasswordHasher) -> str:
    """Return a well-formed hash with the same parameters that no password is known to have."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (argon2.salt_len, argon2.hash_len)
    )
    costs = f"m={argon2.memory_cost},t={argon2.time_cost},p={argon2.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"
