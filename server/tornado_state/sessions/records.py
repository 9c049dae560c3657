"""Sessions as records in a store: sealed, with an end to their time.

Rule 1: how long a record counts is for the clocks to say (:mod:`.clocks`).
Rule 2: a record that does not open under its session ID, or holds no values, is no session. It is
told and counted, and left where it is. One that a later release wrote is not known here: nothing
is put in its place, and whoever needs it has to ask elsewhere.
Rule 3: what ended leaves, for a moment, a record that says so, and what it continued as if its ID
was renewed. So whoever still holds an older version finds out, and sign-out reaches a session that
was renewed under its hands.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from ..confirmed import NOTHING, Texts
from ..events import Events
from ..exceptions import NotKnownHere, SessionEnded, StoreRefused, StoreUnavailable
from ..stores.base import SessionStore
from .clocks import Clocks
from .record_contents import Opened, last_word, open_record, write_texts
from .sealing import Contents, is_newer, new_session_id, seal, store_key
from .stored import CAPACITY, StoredSession, check_size
from .touches import Touches
from .turns import attempts

log = logging.getLogger(__name__)

#: Of the idle timeout, before its clock is pushed.
_TOUCH_AFTER = 0.1

#: How many IDs are drawn for a new session, and for how many seconds. With one of two nodes away
#: all of them miss in 15 cases of a million; a node that only times out is not waited for twice.
_DRAWS = 16
_DRAWN_FOR = 0.25


class Found(NamedTuple):
    """What a session ID leads to.

    ``old`` is a session that goes on under another ID, ``was`` what may still be seen of it.
    """

    stored: StoredSession | None = None
    old: StoredSession | None = None
    was: Texts = NOTHING


class SessionRecords:
    """Reads and writes sessions in ``store``."""

    def __init__(
        self, store: SessionStore, clocks: Clocks, clock: Callable[[], float], events: Events
    ) -> None:
        self.store = store
        self.clocks = clocks
        self._clock = clock
        self._events = events
        self._touches = Touches(clocks.idle_timeout * _TOUCH_AFTER, clock)

    async def find(self, session_id: str) -> Found:
        """Return the session, or that there is definitely none that may be used."""
        key = store_key(session_id)
        record = await self.store.load(key)
        if record is None:
            return Found()
        opened = self._open(session_id, record.sealed)
        if opened is None:
            return Found()
        now = self._clock()
        found = _stored(session_id, key, opened, record.sealed, record.token)
        if opened.last_word is not None:
            # Without the token of its last word, which is not to be written over.
            old = found._replace(token=None)
            return Found(old=old, was=opened.was(now)) if opened.was_renewed(now) else Found()
        return Found(found) if self._counts(opened.contents, now) else Found()

    async def fetch(self, session_id: str) -> StoredSession | None:
        """Return the session alone, None when there is none."""
        return (await self.find(session_id)).stored

    def _open(self, session_id: str, sealed: bytes) -> Opened | None:
        opened = open_record(session_id, sealed)
        if opened is None and is_newer(sealed):
            raise NotKnownHere("a session record was written by a newer release")
        if opened is None:
            self._events.tell("unreadable", "a session record cannot be read under its session ID")
        return opened

    def _counts(self, contents: Contents, now: float) -> bool:
        if self.clocks.is_ahead(contents.created_at, now):
            self._events.tell("unreadable", "a session record says that it is from the future")
            return False
        remembered = contents.remembered
        return not self.clocks.is_over(contents.created_at, now, remembered=remembered)

    async def add(
        self, values: Texts, like: StoredSession | None, remembered: bool, fits: int = CAPACITY
    ) -> StoredSession:
        """Create a record under a new session ID, as old as the one it is ``like``, or as of now.

        Nobody has the ID yet: where the node that it leads to is away, another one is drawn.
        ``fits`` is how many bytes are taken, if that is more than the capacity.
        """
        check_size(values, fits)
        began = self._clock()
        created_at = like.created_at if like else int(began)
        contents = Contents(created_at, int(began), remembered, write_texts(values))
        draws = 0
        while True:
            draws += 1
            try:
                return await self._add(new_session_id(), contents, values)
            except StoreUnavailable:
                if draws == _DRAWS or self._clock() - began > _DRAWN_FOR:
                    raise

    async def _add(self, session_id: str, contents: Contents, values: Texts) -> StoredSession:
        key = store_key(session_id)
        sealed = seal(session_id, contents)
        if not await self.store.add(key, sealed, self._expiry(contents)):
            raise StoreUnavailable("the store says that a session ID just made is taken")
        self._touches.done(key)
        return StoredSession(session_id, key, *contents[:3], values, sealed, None)

    def next_version(self, stored: StoredSession, values: Texts) -> StoredSession:
        """Return the version that ``values`` make of ``stored``, to be put in its place."""
        check_size(values, stored.size)
        now = int(self._clock())
        contents = Contents(stored.created_at, now, stored.remembered, write_texts(values))
        sealed = seal(stored.session_id, contents)
        return stored._replace(values=values, written_at=now, sealed=sealed, token=None)

    async def swap(self, stored: StoredSession, new: StoredSession) -> bool:
        """Replace exactly the version ``stored``; False when another stands there now.

        Raises `SessionEnded` when there is nothing left to replace.
        """
        swapped = await self._cas(stored, new.sealed, self.expiry(stored))
        if swapped:
            self._touches.done(stored.store_key)
        return swapped

    async def retire(
        self, stored: StoredSession, successor: StoredSession | None = None, was: Texts = NOTHING
    ) -> bool:
        """End exactly the version ``stored``: like `swap`, for a record that says it is over."""
        to = successor.session_id if successor else None
        word = last_word(stored.session_id, self._clock(), to, was)
        return await self._cas(stored, word.sealed, word.keep_for)

    async def end(self, stored: StoredSession) -> None:
        """End the session, whatever others made of it; returns once the store confirmed."""
        last: StoredSession | None = stored
        for _ in attempts():
            if last is None:
                return
            try:
                if await self.retire(last):
                    return
            except SessionEnded:
                return
            except StoreRefused:
                break
            last = await self._latest(last)
        # No room for a word of farewell, or no end of writers: without condition, then.
        await self.delete(last or stored)

    async def end_id(self, session_id: str) -> None:
        """End the session of an ID of which nothing else is known."""
        await self.end(_unloaded(session_id))

    async def continued_in(self, stored: StoredSession, successor: StoredSession) -> bool:
        """Return whether the session was retired in favour of ``successor``."""
        record = await self.store.load(stored.store_key)
        opened = self._open(stored.session_id, record.sealed) if record else None
        word = opened.last_word if opened else None
        return word is not None and word.to == successor.session_id

    async def _latest(self, stored: StoredSession) -> StoredSession | None:
        """Return the version that stands now, of the session or of what it continued as."""
        record = await self.store.load(stored.store_key)
        opened = self._open(stored.session_id, record.sealed) if record else None
        if record is None or opened is None:
            return None
        if opened.last_word is None:
            return stored._replace(token=record.token)
        # Not loaded yet, and perhaps renewed as well: the next try finds out.
        return _unloaded(opened.last_word.to) if opened.last_word.to else None

    async def delete(self, stored: StoredSession) -> None:
        """Delete the record, whatever version it is."""
        await self.store.delete(stored.store_key)

    async def _cas(self, stored: StoredSession, sealed: bytes, expiry: int) -> bool:
        if stored.token is None:
            return False
        swapped = await self.store.cas(stored.store_key, sealed, stored.token, expiry)
        if swapped is None:
            raise SessionEnded
        return swapped

    def touch_due(self, stored: StoredSession) -> bool:
        """Return whether a tenth of the idle timeout is used up, as far as this process knows."""
        return self._touches.due(stored.store_key)

    async def touch(self, stored: StoredSession) -> None:
        """Push the idle clock, if that is due."""
        if not self.touch_due(stored):
            return
        try:
            await self.store.touch(stored.store_key, self.expiry(stored))
        except StoreUnavailable:
            # What the response says was read before; at worst the session ends a little early.
            log.warning("the idle clock of a session could not be pushed")
            return
        self._touches.done(stored.store_key)

    def last_used_at(self, stored: StoredSession) -> float:
        """Return when the session was last used, in epoch seconds, as far as this process knows."""
        return max(stored.written_at, self._touches.last(stored.store_key) or 0)

    def expires_at(self, stored: StoredSession) -> float:
        """Return when the session ends if it is not used again, in epoch seconds."""
        idle = self.clocks.idle(remembered=stored.remembered)
        absolute = self.clocks.absolute(remembered=stored.remembered)
        return min(self.last_used_at(stored) + idle, stored.created_at + absolute)

    def remaining(self, stored: StoredSession) -> int:
        """Return the seconds until the absolute timeout, at least 1."""
        now = self._clock()
        return self.clocks.remaining(stored.created_at, now, remembered=stored.remembered)

    def expiry(self, stored: StoredSession) -> int:
        """Return the seconds for which the store is to keep the record from now."""
        now = self._clock()
        return self.clocks.expiry(stored.created_at, now, remembered=stored.remembered)

    def _expiry(self, contents: Contents) -> int:
        now = self._clock()
        return self.clocks.expiry(contents.created_at, now, remembered=contents.remembered)


def _stored(
    session_id: str, key: str, opened: Opened, sealed: bytes, token: bytes
) -> StoredSession:
    return StoredSession(session_id, key, *opened.contents[:3], opened.values, sealed, token)


def _unloaded(session_id: str) -> StoredSession:
    return StoredSession(session_id, store_key(session_id), 0, 0, False, NOTHING, b"", None)
