"""What a kind may adopt: a value that a predecessor kept, or its own from the other tier.

Rule 1: a predecessor is a cookie, and what that leads to. It is read and never written.
Rule 2: what does not verify, is too old or is gone is nothing, None. A predecessor that could not
tell raises `StoreUnavailable`: its visitors are not taken for strangers meanwhile.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from ..cookies.wire import SetCookie
from ..exceptions import StoreUnavailable

#: Makes a value of a kind out of what a predecessor had.
Convert = Callable[[Any], Any]

#: Returns what a predecessor's store has under a key, None for nothing.
Load = Callable[[str], Awaitable[str | bytes | None]]


class Asked(NamedTuple):
    """What a predecessor may need to know: the application's secrets, and seconds since 1970."""

    cookie_secret: Mapping[int, bytes]
    clock: Callable[[], float]


class Predecessor(ABC):
    """Where a visitor's state was kept before, behind the cookie named ``cookie``.

    ``domain`` and ``path`` are those it was set with, which it takes to clear it. ``remember`` is
    whether who is signed in by it is remembered (``sign_in(…, remember=True)``).
    """

    def __init__(
        self,
        cookie: str,
        *,
        domain: str | None = None,
        path: str = "/",
        remember: bool = False,
    ) -> None:
        self.cookie = cookie
        self.remember = remember
        where = f"; Domain={domain}" if domain else ""
        #: The header that has a browser forget it.
        self.cleared = SetCookie(cookie, "", 0, f"{where}; Path={path}")

    def field(self, name: str, convert: Convert = lambda value: value) -> Adopted:
        """Return the value called ``name``, for `Kind`'s ``adopts``.

        ``convert`` makes a value of the kind out of it; `ValueError`, or None, where that is none.
        """
        return Adopted(self, name, convert)

    @abstractmethod
    async def read(self, presented: str, asked: Asked) -> Mapping[str, Any] | None:
        """Return the values by name that a cookie leads to, None for nothing to be trusted.

        Raises `StoreUnavailable` when it could not tell.
        """


class Adopted(NamedTuple):
    """A value of a predecessor, and what makes a kind's value of it."""

    predecessor: Predecessor
    name: str
    convert: Convert


class Moved(Enum):
    """The tier that kept a kind in the release before."""

    FROM_COOKIE = "signed cookie"
    FROM_SESSION = "server session"


MOVED_FROM_COOKIE = Moved.FROM_COOKIE
MOVED_FROM_SESSION = Moved.FROM_SESSION


async def ask(load: Load, key: str, deadline: float) -> bytes | None:
    """Return what a predecessor's store has; `StoreUnavailable` after ``deadline`` seconds."""
    try:
        async with asyncio.timeout(deadline):
            found = await load(key)
    except Exception as error:  # of whatever client the application has
        raise StoreUnavailable(f"the predecessor's store: {type(error).__name__}") from error
    return found.encode() if isinstance(found, str) else found
