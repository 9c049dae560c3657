"""Which sessions a person has: a list of their store keys, kept beside them or by the application.

Rule 1: a session of somebody signed in is listed before anybody has its ID, or it does not begin.
So the list has every session that began since the list did; those that are over are left out when
it is looked at, and go when it is full.
Rule 2: it is changed under compare-and-swap, and has `MOST` sessions. The oldest ends for one more.
Rule 3: it lives as long as the sessions in it may, but a store may lose it before. The list that
begins anew then says since when it knows; what began before, it cannot tell and cannot end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

import msgspec

from ..exceptions import Conflict, NotKnownHere
from .clocks import LONGEST_IDLE
from .records import SessionRecords
from .sealing import Contents, is_newer
from .store_keys import living
from .turns import attempts

#: Seconds of trying to change a list that others change as well.
_PATIENCE = 0.5

#: Sessions that one person may have.
MOST = 100


class Listed(NamedTuple):
    """A session in a list; ``label`` is what `sign_in` was told, times are epoch seconds."""

    store_key: str
    created_at: int
    label: str = ""


class Listing(NamedTuple):
    """What a list has, oldest first, and since when it has had everything."""

    sessions: list[Listed]
    since: float = 0.0


class SessionList(ABC):
    """Where an application remembers which sessions a person has: in its database, say.

    ``person`` is the text of what the identity kind says. Whatever a method raises, the sign-in or
    the ending that needed it fails: a `.StoreUnavailable` with 503.
    """

    @abstractmethod
    async def add(self, person: str, session: Listed, renewed: str | None) -> None:
        """Remember a session; it goes on from the one under the key ``renewed``, if any.

        Then that one is over, and its label, which the new one comes without, is the new one's.
        """

    @abstractmethod
    async def of(self, person: str) -> Listing:
        """Return what is remembered, whether or not it is over."""

    @abstractmethod
    async def forget(self, person: str, store_keys: Collection[str]) -> None:
        """Forget sessions that were ended from the list.

        Of those that end by sign-out, renewal or time nobody tells it: what began longer ago than
        the longest timeout is over.
        """


class StoredList(SessionList):
    """The list that the library keeps, one record a person. ``end`` ends sessions by their keys."""

    def __init__(
        self, records: SessionRecords, end: Callable[[Collection[str]], Awaitable[None]]
    ) -> None:
        self._records = records
        self._end = end

    async def add(self, person: str, session: Listed, renewed: str | None) -> None:
        """See `SessionList.add`."""
        await self._change(person, lambda listed: self._with(listed, session, renewed))

    async def of(self, person: str) -> Listing:
        """See `SessionList.of`."""
        listing, _ = await self._load(person)
        return listing

    async def forget(self, person: str, store_keys: Collection[str]) -> None:
        """See `SessionList.forget`."""

        async def without(listed: list[Listed]) -> list[Listed]:
            return [each for each in listed if each.store_key not in store_keys]

        await self._change(person, without)

    # Within

    async def _with(
        self, listed: list[Listed], session: Listed, renewed: str | None
    ) -> list[Listed]:
        if len(listed) >= MOST:
            stand = await living(self._records.store, [each.store_key for each in listed])
            listed = [each for each in listed if each.store_key in stand]
        over = listed[: max(0, len(listed) + 1 - MOST)]
        await self._end([each.store_key for each in over])
        labels = {each.store_key: each.label for each in listed}
        label = session.label or labels.get(renewed or "", "")
        return [*listed[len(over) :], session._replace(label=label)]

    async def _change(
        self, person: str, change: Callable[[list[Listed]], Awaitable[list[Listed]]]
    ) -> None:
        for _ in attempts(_PATIENCE):
            listing, token = await self._load(person)
            if await self._write(
                person, listing._replace(sessions=await change(listing.sessions)), token
            ):
                return
        raise Conflict(("the list of sessions",))

    async def _load(self, person: str) -> tuple[Listing, bytes | None]:
        """Return the list, and the token of the record that it was read from."""
        list_id, sealer = self._id_of(person), self._records.sealer
        record = await self._records.load(list_id)
        if record is None:
            return Listing([], self._records.clock()), None
        if is_newer(record.sealed):
            raise NotKnownHere("a list of sessions was written by a newer release")
        contents = sealer.unseal(list_id, record.sealed)
        if contents is None:
            return Listing([], self._records.clock()), record.token
        sessions = msgspec.json.decode(contents.data, type=list[Listed])
        return Listing(sessions, contents.created_at), record.token

    async def _write(self, person: str, listing: Listing, token: bytes | None) -> bool:
        list_id, records = self._id_of(person), self._records
        data = msgspec.json.encode(listing.sessions)
        contents = Contents(int(listing.since), int(records.clock()), False, data)
        key, sealed = records.sealer.store_key(list_id), records.sealer.seal(list_id, contents)
        if token is None:
            return await records.store.add(key, sealed, LONGEST_IDLE)
        return bool(await records.store.cas(key, sealed, token, LONGEST_IDLE))

    def _id_of(self, person: str) -> str:
        return self._records.sealer.derived_id("sessions of", person.encode())
