"""How a session ends: with a last word, and never without an answer of the store.

Rule 1: what ended leaves, for a moment, a record that says so, and what it continued as if its ID
was renewed. So whoever still holds an older version finds out, and sign-out reaches a session that
was renewed under its hands.
Rule 2: ending wins over whatever others make of the session meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..confirmed import NOTHING, Texts
from ..exceptions import SessionEnded, StoreRefused
from .record_contents import last_word
from .records import SessionRecords
from .stored import StoredSession
from .turns import attempts


class Endings:
    """Ends the sessions in ``records``; ``tell`` is called with the store key of each."""

    def __init__(
        self, records: SessionRecords, tell: Callable[[str], None] = lambda store_key: None
    ) -> None:
        self._records = records
        self._tell = tell

    async def retire(
        self, stored: StoredSession, successor: StoredSession | None = None, was: Texts = NOTHING
    ) -> bool:
        """End exactly the version ``stored``: like `swap`, for a record that says it is over."""
        to = successor.session_id if successor else None
        now, sealer = self._records.clock(), self._records.sealer
        word = last_word(sealer, stored.session_id, now, to, was)
        ended = await self._records.cas(stored, word.sealed, word.keep_for)
        if ended:
            self._records.gone(stored)
            self._tell(stored.store_key)
        return ended

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
        await self._records.delete(last or stored)
        self._tell(stored.store_key)

    async def end_id(self, session_id: str) -> None:
        """End the session of an ID of which nothing else is known."""
        await self.end(self._records.unloaded(session_id))

    async def continued_in(self, stored: StoredSession, successor: StoredSession) -> bool:
        """Return whether the session was retired in favour of ``successor``."""
        record = await self._records.store.load(stored.store_key)
        opened = self._records.open(stored.session_id, record.sealed) if record else None
        word = opened.last_word if opened else None
        return word is not None and word.to == successor.session_id

    async def _latest(self, stored: StoredSession) -> StoredSession | None:
        """Return the version that stands now, of the session or of what it continued as."""
        record = await self._records.store.load(stored.store_key)
        opened = self._records.open(stored.session_id, record.sealed) if record else None
        if record is None or opened is None:
            return None
        if opened.last_word is None:
            return msgspec.structs.replace(stored, token=record.token)
        # Not loaded yet, and perhaps renewed as well: the next try finds out.
        following = opened.last_word.to
        return self._records.unloaded(following) if following else None
