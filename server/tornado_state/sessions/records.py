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

from ..confirmed import NOTHING, Texts
from ..events import Events
from ..exceptions import NotKnownHere, SessionEnded, StoreRefused, StoreUnavailable
from ..stores.base import SessionRecord, SessionStore
from .clocks import Clocks
from .record_contents import Opened, RecordReader, write_texts
from .room import NO_LIMIT, Rooms
from .sealing import Contents, Sealer, is_newer, new_session_id
from .stored import CAPACITY, Found, StoredSession, check_size
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
        self._reader = RecordReader(sealer)
        self._events = events
        self._rooms = rooms

    async def find(self, session_id: str) -> Found:
        """Return the session, or that there is definitely none that may be used."""
        record = await self.load(session_id)
        found = self.found(session_id, record)
        if isinstance(found, Found):
            return found
        assert record is not None, "what leads on is a record"
        return await self._renewed(session_id, record.sealed, found)

    def found(self, session_id: str, record: SessionRecord | None) -> Found | Opened:
        """Return what a record says, itself where that depends on another, which it leads on to."""
        opened = self.open(session_id, record.sealed) if record is not None else None
        if record is None or opened is None:
            return Found()
        now = self.clock()
        if opened.last_word is not None:
            return opened if opened.was_renewed(now) else Found()
        if not self._counts(opened.contents, now):
            return Found()
        return Found(self._version(session_id, opened.contents, opened.values, *record))

    async def _renewed(self, session_id: str, sealed: bytes, opened: Opened) -> Found:
        was = opened.was(self.clock())
        was = was if was and await self._goes_on(opened) else NOTHING
        # Without the token: the word that leads on is not to be replaced.
        old = self._version(session_id, opened.contents, opened.values, sealed, None)
        return Found(old=old, was=was)

    def load_soon(self, session_id: str) -> asyncio.Future[SessionRecord | None]:
        """Begin to `load`; see `SessionStore.load_soon`."""
        return self.store.load_soon(self.sealer.store_key(session_id))

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
        while opened.last_word is not None:
            session_id = opened.last_word.to
            record = await self.load(session_id) if session_id else None
            following = self.open(session_id, record.sealed) if session_id and record else None
            if following is None:
                return False
            opened = following
        return self._counts(opened.contents, self.clock())

    async def fetch(self, session_id: str) -> StoredSession | None:
        """Return the session alone, None when there is none."""
        return (await self.find(session_id)).stored

    def open(self, session_id: str, sealed: bytes) -> Opened | None:
        """Return what a record says, None for what is none of ours; or `NotKnownHere`."""
        opened = self._reader.open(session_id, sealed)
        if opened is None and is_newer(sealed):
            raise NotKnownHere("a session record was written by a newer release")
        if opened is None:
            self._events.tell("unreadable", "a session record cannot be read under its session ID")
        return opened

    def _counts(self, contents: Contents, now: float) -> bool:
        if self.clocks.is_ahead(contents.created_at, now):
            self._events.tell("unreadable", "a session record says that it is from the future")
            return False
        return contents.created_at + self.clocks.absolute(remembered=contents.remembered) > now

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
        self._touches.done(new.store_key)

    def next_version(self, stored: StoredSession, values: Texts) -> StoredSession:
        """Return the version that ``values`` make of ``stored``, to be put in its place."""
        data, now = write_texts(values), int(self.clock())
        if len(data) > CAPACITY:
            check_size(values, stored.size)
        contents = Contents(stored.created_at, now, stored.remembered, data)
        sealed = self.sealer.seal(stored.session_id, contents)
        self._reader.remember(stored.session_id, sealed, Opened(contents, values, None))
        return self._version(stored.session_id, contents, values, sealed, None)

    async def swap(self, stored: StoredSession, new: StoredSession, address: str = "") -> bool:
        """Replace exactly the version ``stored``; False when another stands there now.

        Raises `SessionEnded` when there is nothing left to replace.
        """
        self._take_room(stored, new, address)
        if swapped := await self.cas(stored, new.sealed, self.expiry(stored)):
            self.swapped(stored)
        return swapped

    def swap_soon(
        self, stored: StoredSession, new: StoredSession, token: bytes, address: str
    ) -> asyncio.Future[bool | None]:
        """Begin to `swap` the version of ``token``; None is for nothing left to replace."""
        self._take_room(stored, new, address)
        return self.store.cas_soon(stored.store_key, new.sealed, token, self.expiry(stored))

    def swapped(self, stored: StoredSession) -> None:
        """Note that the record was replaced."""
        self._touches.done(stored.store_key)

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
        self._touches.done(stored.store_key)

    def _take_room(self, stored: StoredSession, new: StoredSession, address: str) -> None:
        """Take what ``new`` needs in the place of ``stored``."""
        if room := self._rooms.of(anonymous=self.is_anonymous(new)):
            room.take(address, new.store_key, len(new.sealed), *self._until(stored))

    def _until(self, stored: StoredSession) -> tuple[float, float]:
        now = self.clock()
        return now, now + self.expiry(stored)
