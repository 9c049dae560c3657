"""Sessions as records in a store: sealed, with an end to their time.

Rule 1: how long a record counts is for the clocks to say (:mod:`.clocks`).
Rule 2: a record that does not open under its session ID, or holds no values, is no session. It is
told and counted, and left where it is. One that a later release wrote is not known here: nothing
is put in its place, and whoever needs it has to ask elsewhere.

How a session ends is in :mod:`.endings`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from ..confirmed import NOTHING, Texts
from ..events import Events
from ..exceptions import NotKnownHere, SessionEnded, StoreRefused, StoreUnavailable
from ..stores.base import SessionRecord, SessionStore
from .clocks import Clocks
from .record_contents import Opened, open_record, write_texts
from .room import NO_LIMIT, Rooms
from .sealing import Contents, Sealer, is_newer, new_session_id
from .stored import CAPACITY, Found, RecentVersions, StoredSession, check_size
from .times import SessionTimes

log = logging.getLogger(__name__)

#: How many IDs are drawn for a new session, and for how many seconds. With one of two nodes away
#: all of them miss in 15 cases of a million; a node that only times out is not waited for twice.
_DRAWS = 16
_DRAWN_FOR = 0.25


class SessionRecords(SessionTimes):
    """Reads and writes sessions in ``store``."""

    def __init__(
        self,
        store: SessionStore,
        sealer: Sealer,
        clocks: Clocks,
        clock: Callable[[], float],
        events: Events,
        *,
        rooms: Rooms = NO_LIMIT,
    ) -> None:
        super().__init__(clocks, clock)
        self.store = store
        self.sealer = sealer
        self._recent = RecentVersions()
        self._events = events
        self._rooms = rooms

    async def find(self, session_id: str) -> Found:
        """Return the session, or that there is definitely none that may be used."""
        record = await self.load(session_id)
        if record is None:
            return Found()
        opened = self.found(session_id, record)
        if not isinstance(opened, Opened):
            return Found(opened)
        was = opened.was(self.clock())
        was = was if was and await self._goes_on(opened) else NOTHING
        # Without the token: the word that leads on is not to be replaced.
        old = self._version(session_id, opened.contents, opened.values, record.sealed, None)
        return Found(old=old, was=was)

    def found(self, session_id: str, record: SessionRecord | None) -> StoredSession | Opened | None:
        """Return the session, None for none that may be used; or what leads on to another one."""
        if record is None:
            return None
        sealed, token = record
        stored = self._recent[session_id]
        if stored is None or stored.sealed != sealed:
            opened = self.open(session_id, sealed)
            if opened is None:
                return None
            if opened.last_word is not None:
                return opened if opened.was_renewed(self.clock()) else None
            stored = self._version(session_id, opened.contents, opened.values, sealed, token)
            self._recent.remember(stored)
        elif stored.token != token:
            stored = self._recent.remember(msgspec.structs.replace(stored, token=token))
        return stored if self._counts(stored.created_at, stored.remembered) else None

    async def load(self, session_id: str) -> SessionRecord | None:
        """Return the record of a session ID as the store has it."""
        return await self.store.load(self.sealer.store_key(session_id))

    def unloaded(self, session_id: str) -> StoredSession:
        """Return the session of an ID of which nothing else is known."""
        return self._version(session_id, Contents(0, 0, False, b""), NOTHING, b"", None)

    def _version(
        self, session_id: str, contents: Contents, values: Texts, sealed: bytes, token: bytes | None
    ) -> StoredSession:
        key = self.sealer.store_key(session_id)
        return StoredSession(session_id, key, *contents[:3], values, sealed, token)

    async def _goes_on(self, opened: Opened) -> bool:
        """Return whether what a session was renewed to has not ended by now."""
        while (word := opened.last_word) is not None:
            record = await self.load(word.to) if word.to else None
            following = self.open(word.to, record.sealed) if word.to and record else None
            if following is None:
                return False
            opened = following
        return self._counts(opened.contents.created_at, opened.contents.remembered)

    async def fetch(self, session_id: str) -> StoredSession | None:
        """Return the session alone, None when there is none."""
        return (await self.find(session_id)).stored

    def open(self, session_id: str, sealed: bytes) -> Opened | None:
        """Return what a record says, None for what is none of ours; or `NotKnownHere`."""
        opened = open_record(self.sealer, session_id, sealed)
        if opened is None and is_newer(sealed):
            raise NotKnownHere("a session record was written by a newer release")
        if opened is None:
            self._events.tell("unreadable", "a session record cannot be read under its session ID")
        return opened

    def _counts(self, created_at: int, remembered: bool) -> bool:
        now = self.clock()
        if created_at > now and self.clocks.is_ahead(created_at, now):
            self._events.tell("unreadable", "a session record says that it is from the future")
            return False
        return created_at + self.clocks.absolute(remembered=remembered) > now

    async def add(
        self,
        values: Texts,
        like: StoredSession | None,
        remembered: bool,
        fits: int = CAPACITY,
        address: str = "",
    ) -> StoredSession:
        """Create a record under a new session ID, as old as the one it is ``like``, or as of now.

        Nobody has the ID yet: where the node that it leads to is away, and there are others,
        another one is drawn. ``fits`` is how many bytes are taken, if that is more than the
        capacity; ``address`` is whose room it takes (:mod:`.room`).
        """
        check_size(values, fits)
        began, draws = self.clock(), 0
        while True:
            draws += 1
            new = self.drawn(values, like, remembered)
            try:
                await self.insert(new, address)
            except StoreUnavailable:
                is_last = draws == _DRAWS or self.clock() - began > _DRAWN_FOR
                if is_last or not self.store.may_answer_elsewhere:
                    raise
            else:
                return new

    def drawn(self, values: Texts, like: StoredSession | None, remembered: bool) -> StoredSession:
        """Return what `insert` is to create, under a session ID that is drawn here."""
        session_id, now = new_session_id(self.sealer.key_version), int(self.clock())
        created_at = like.created_at if like else now
        contents = Contents(created_at, now, remembered, write_texts(values))
        sealed = self.sealer.seal(session_id, contents)
        return self._version(session_id, contents, values, sealed, None)

    async def insert(self, new: StoredSession, address: str = "") -> None:
        """Create the record."""
        self._take_room(new, new, address)
        try:
            if not await self.store.add(new.store_key, new.sealed, self.expiry(new)):
                raise StoreUnavailable("the store says that a session ID just made is taken")
        except (StoreUnavailable, StoreRefused):
            self.gone(new)
            raise
        self.used(new)

    def next_version(self, stored: StoredSession, values: Texts) -> StoredSession:
        """Return the version that ``values`` make of ``stored``, to be put in its place."""
        data, now = write_texts(values), int(self.clock())
        if len(data) > CAPACITY:
            check_size(values, stored.size)
        contents = Contents(stored.created_at, now, stored.remembered, data)
        sealed = self.sealer.seal(stored.session_id, contents)
        return self._recent.remember(
            StoredSession(stored.session_id, stored.store_key, *contents[:3], values, sealed, None)
        )

    async def swap(self, stored: StoredSession, new: StoredSession, address: str = "") -> bool:
        """Replace exactly the version ``stored``; False when another stands there now.

        Raises `SessionEnded` when there is nothing left to replace.
        """
        self._take_room(stored, new, address)
        if swapped := await self.cas(stored, new.sealed, self.expiry(stored)):
            self.used(stored)
        return swapped

    def swap_soon(
        self, stored: StoredSession, new: StoredSession, token: bytes, address: str
    ) -> asyncio.Future[bool | None]:
        """Begin to `swap` the version of ``token``; None is for nothing left to replace."""
        self._take_room(stored, new, address)
        return self.store.cas_soon(stored.store_key, new.sealed, token, self.expiry(stored))

    async def delete(self, stored: StoredSession) -> None:
        """Delete the record, whatever version it is."""
        await self.store.delete(stored.store_key)
        self.gone(stored)

    def gone(self, stored: StoredSession) -> None:
        """Note that the record takes no room any more."""
        self._rooms.give_back(stored.store_key)

    async def cas(self, stored: StoredSession, sealed: bytes, expiry: int) -> bool:
        """Replace exactly the version ``stored``, for ``expiry`` seconds; else as `swap`."""
        if stored.token is None:
            return False
        swapped = await self.store.cas(stored.store_key, sealed, stored.token, expiry)
        if swapped is None:
            raise SessionEnded
        return swapped

    async def touch(self, stored: StoredSession, address: str = "") -> None:
        """Push the idle clock, if that is due."""
        if not self.touch_due(stored):
            return
        if room := self._rooms.of(anonymous=self.is_anonymous(stored)):
            room.keep(address, stored.store_key, len(stored.sealed), *self._until(stored))
        try:
            await self.store.touch(stored.store_key, self.expiry(stored))
        except StoreUnavailable:
            # What the response says was read before; at worst the session ends a little early.
            log.warning("the idle clock of a session could not be pushed")
            return
        self.used(stored)

    def _take_room(self, stored: StoredSession, new: StoredSession, address: str) -> None:
        """Take what ``new`` needs in the place of ``stored``."""
        rooms = self._rooms
        if rooms.have_limit and (room := rooms.of(anonymous=self.is_anonymous(new))):
            room.take(address, new.store_key, len(new.sealed), *self._until(stored))

    def _until(self, stored: StoredSession) -> tuple[float, float]:
        now = self.clock()
        return now, now + self.expiry(stored)
