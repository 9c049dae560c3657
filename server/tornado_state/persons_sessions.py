"""The sessions of whoever is signed in: listed, and ended from another one.

What the list is exact about, and what not, is in :mod:`.sessions.listing`.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from .exceptions import SessionEnded, Unsupported
from .kind_mapping import KindMapping
from .sessions.listing import Listed, SessionList
from .sessions.stored import StoredSession


class PersonsSession(NamedTuple):
    """A session of somebody; ``handle`` is what a page may say of it, and is worth nothing else."""

    handle: str
    created_at: datetime
    label: str
    current: bool


class PersonsSessions(KindMapping):
    """See the module."""

    __slots__ = ()

    async def sessions(self) -> list[PersonsSession]:
        """Return the sessions of the person signed in that stand, oldest first, this one included.

        Raises `Unsupported` without the setting ``session_list``, `SessionEnded` when nobody is
        signed in, `StoreUnavailable`.
        """
        listed = await self._listed()
        stand = await self.look().tier.living(each.store_key for each in listed)
        mine = self._mine().store_key
        return [
            PersonsSession(
                _handle(each), _time(each.created_at), each.label, each.store_key == mine
            )
            for each in listed
            if each.store_key in stand
        ]

    async def sessions_since(self) -> datetime:
        """Return since when every session that began is in `sessions`; raises as that does.

        Later than the first sign-in where the store has lost the list.
        """
        session_list, person = self._list()
        return _time((await session_list.of(person)).since)

    async def end_session(self, handle: str) -> bool:
        """End the session with this handle, which may be this one; False when there is none.

        Returns once the store has confirmed; raises as `sessions` does.
        """
        keys = [each.store_key for each in await self._listed() if _handle(each) == handle]
        ended = await self.look().tier.living(keys)
        await self._end(keys)
        return bool(ended)

    async def end_other_sessions(self) -> int:
        """End every session of the person but this one; return how many were listed.

        Returns once the store has confirmed each; raises as `sessions` does.
        """
        ended, mine = 0, self._mine().store_key
        while keys := [e.store_key for e in await self._listed() if e.store_key != mine]:
            await self._end(keys)
            ended += len(keys)
        return ended

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands, else `Unsupported`."""
        return await self.look().tier.living(store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """End the sessions under ``store_keys``; returns once the store confirmed each."""
        await self.look().tier.end(store_keys)

    # Within

    def _list(self) -> tuple[SessionList, str]:
        session_list = self.look().tier.session_list
        identity = self._composition.identity
        if session_list is None or identity is None or self.is_in_cookie(identity):
            raise Unsupported("this application lists no sessions of who is signed in")
        person = self.owner()
        if not person:
            raise SessionEnded
        return session_list, person

    def _mine(self) -> StoredSession:
        stored = self.look().loaded.stored
        if stored is None:
            raise SessionEnded
        return stored

    async def _listed(self) -> list[Listed]:
        """Return the person's sessions; this one also where the list was lost."""
        session_list, person = self._list()
        mine = self._mine()
        listed = (await session_list.of(person)).sessions
        if mine.store_key not in {each.store_key for each in listed}:
            return [Listed(mine.store_key, mine.created_at), *listed]
        return listed

    async def _end(self, store_keys: list[str]) -> None:
        """End sessions first, and forget them second: nothing is forgotten that still lives."""
        session_list, person = self._list()
        await self.end(store_keys)
        await session_list.forget(person, store_keys)


def _handle(listed: Listed) -> str:
    return urlsafe_b64encode(sha256(listed.store_key.encode()).digest()[:12]).decode()


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
