"""Sessions as records in a store: sealed, versioned, with an end to their time.

Rule 1: two clocks, both the server's (ASVS 5.0 7.3.1, 7.3.2). The idle timeout is the record's
expiry in the store, by the store's own clock; the absolute one counts from the record's creation,
and no activity extends it.
Rule 2: a record that does not open under its session ID, or holds no JSON, is no session. It is
logged and counted, and left where it is.
Rule 3: what ended leaves, for a moment, a record that says so, and what it continued as if its ID
was renewed. So whoever still holds an older version finds out, and sign-out reaches a session that
was renewed under its hands.
Rule 4: what is larger than the tier's capacity is refused before it is sent, and the old version
stands. Only a sign-in may go beyond; what it made so large may shrink in any number of steps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..exceptions import SessionEnded, StoreRefused, StoreUnavailable, TooLarge
from ..kinds import JSON
from ..placement import SERVER_SESSION
from ..stores.base import SessionStore
from .layouts import Layouts, Migration
from .record_contents import last_word, open_record
from .sealing import Contents, new_session_id, seal, store_key
from .session import StoredSession
from .touches import Touches
from .turns import attempts

log = logging.getLogger(__name__)

assert SERVER_SESSION.capacity is not None
#: Bytes of data.
CAPACITY: int = SERVER_SESSION.capacity

#: memcached reads a longer expiry as a date, and the record is gone at once.
MAX_IDLE_TIMEOUT = 30 * 86400

#: Of the idle timeout, before its clock is pushed.
_TOUCH_AFTER = 0.1

#: How many IDs are drawn for a new session, and for how many seconds. With one of two nodes away
#: all of them miss in 15 cases of a million; a node that only times out is not waited for twice.
_DRAWS = 16
_DRAWN_FOR = 0.25


class Found(NamedTuple):
    """What a session ID leads to. ``renewed`` says that its session goes on under another one.

    ``value`` is the stored data, where reading it was needed to know that it is data.
    """

    stored: StoredSession | None
    renewed: bool = False
    value: dict[str, JSON] | None = None


NOTHING = Found(None)


class SessionRecords:
    """Reads and writes sessions in ``store``; the options are those of `.ServerSessionTier`."""

    def __init__(
        self,
        store: SessionStore,
        *,
        idle_timeout: int,
        absolute_timeout: int,
        clock: Callable[[], float],
        layout: int,
        migrations: Mapping[int, Migration],
    ) -> None:
        if not 1 <= idle_timeout <= MAX_IDLE_TIMEOUT:
            raise ValueError(f"the idle timeout is 1 to {MAX_IDLE_TIMEOUT} s, not {idle_timeout}")
        if absolute_timeout < idle_timeout:
            raise ValueError("the absolute timeout must not be shorter than the idle timeout")
        self.store = store
        self.unreadable = 0
        self._idle_timeout = idle_timeout
        self._absolute_timeout = absolute_timeout
        self._clock = clock
        self._layouts = Layouts(layout, migrations)
        self._touches = Touches(idle_timeout * _TOUCH_AFTER, clock)

    async def find(self, session_id: str) -> Found:
        """Return the session, or that there is definitely none that may be used."""
        key = store_key(session_id)
        record = await self.store.load(key)
        if record is None:
            return NOTHING
        opened = open_record(session_id, record.sealed)
        if opened is None:
            self.unreadable += 1
            log.warning("a session record cannot be read under its session ID and was refused")
            return NOTHING
        if opened.over:
            return Found(None, renewed=opened.was_renewed(self._clock()))
        contents = opened.contents
        data = self._layouts.brought_up(contents)
        if data is None or contents.created_at + self._absolute_timeout <= self._clock():
            return NOTHING
        stored = StoredSession(session_id, key, contents.created_at, data, record.token)
        return Found(stored, value=opened.value if data is contents.data else None)

    async def fetch(self, session_id: str) -> StoredSession | None:
        """Return the session alone, None when there is none."""
        return (await self.find(session_id)).stored

    async def add(
        self, data: bytes, created_at: int | None = None, fits: int = CAPACITY
    ) -> StoredSession:
        """Create a record under a new session ID; ``created_at`` is now unless given.

        Nobody has the ID yet: where the node that it leads to is away, another one is drawn.
        ``fits`` is how many bytes are taken, if that is more than the capacity.
        """
        _check_size(data, fits)
        began = self._clock()
        contents = Contents(
            self._layouts.today, int(began) if created_at is None else created_at, data
        )
        draws = 0
        while True:
            draws += 1
            try:
                return await self._add(new_session_id(), contents)
            except StoreUnavailable:
                if draws == _DRAWS or self._clock() - began > _DRAWN_FOR:
                    raise

    async def _add(self, session_id: str, contents: Contents) -> StoredSession:
        key = store_key(session_id)
        sealed = seal(session_id, contents)
        if not await self.store.add(key, sealed, self._expiry(contents.created_at)):
            raise StoreUnavailable("the store says that a session ID just made is taken")
        self._touches.done(key)
        return StoredSession(session_id, key, contents.created_at, contents.data, None)

    async def swap(self, stored: StoredSession, data: bytes) -> bool:
        """Replace exactly the version ``stored``; False when another stands there now.

        Raises `SessionEnded` when there is nothing left to replace.
        """
        _check_size(data, len(stored.data))
        contents = Contents(self._layouts.today, stored.created_at, data)
        sealed = seal(stored.session_id, contents)
        swapped = await self._cas(stored, sealed, self._expiry(stored.created_at))
        if swapped:
            self._touches.done(stored.store_key)
        return swapped

    async def retire(self, stored: StoredSession, successor: StoredSession | None = None) -> bool:
        """End exactly the version ``stored``: like `swap`, for a record that says it is over."""
        continued_as = successor.session_id if successor else None
        word = last_word(stored.session_id, self._clock(), continued_as)
        return await self._cas(stored, word.sealed, word.counts_for)

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

    async def _latest(self, stored: StoredSession) -> StoredSession | None:
        """Return the version that stands now, of the session or of what it continued as."""
        record = await self.store.load(stored.store_key)
        opened = open_record(stored.session_id, record.sealed) if record else None
        if record is None or opened is None:
            return None
        if not opened.over:
            return stored._replace(cas=record.token)
        successor = opened.value
        if successor is None:
            return None
        # Not loaded yet, and perhaps renewed as well: the next try finds out.
        return StoredSession(successor, store_key(successor), stored.created_at, b"", None)

    async def delete(self, stored: StoredSession) -> None:
        """Delete the record, whatever version it is."""
        await self.store.delete(stored.store_key)

    async def _cas(self, stored: StoredSession, sealed: bytes, expiry: int) -> bool:
        if stored.cas is None:
            return False
        swapped = await self.store.cas(stored.store_key, sealed, stored.cas, expiry)
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
            await self.store.touch(stored.store_key, self._expiry(stored.created_at))
        except StoreUnavailable:
            # What the response says was read before; at worst the session ends a little early.
            log.warning("the idle clock of a session could not be pushed")
            return
        self._touches.done(stored.store_key)

    def remaining(self, stored: StoredSession) -> int:
        """Return the seconds until the absolute timeout, at least 1."""
        return self._remaining(stored.created_at)

    def _remaining(self, created_at: int) -> int:
        return max(1, created_at + self._absolute_timeout - int(self._clock()))

    def _expiry(self, created_at: int) -> int:
        return min(self._idle_timeout, self._remaining(created_at))


def _check_size(data: bytes, fits: int) -> None:
    limit = max(CAPACITY, fits)
    if len(data) > limit:
        raise TooLarge("the session", len(data), limit)
