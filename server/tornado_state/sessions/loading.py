"""Loading a session: what the cookies of a request name, and what the store has of it.

A store that has a future of its answer is asked for that (`look_up`), so that nobody has to wait in
a task of his own; whatever is not told by one record, `load` finds out.
"""

from __future__ import annotations

from ..stores.base import SessionRecord
from .id_cookie import Presented, SessionIDCookie
from .kind_rules import KindRules
from .record_contents import Opened
from .records import SessionRecords
from .session import Session


class SessionLoading:
    """The part of the server tier that loads."""

    def __init__(self, records: SessionRecords, cookie: SessionIDCookie, rules: KindRules) -> None:
        self.records = records
        self.rules = rules
        self._cookie = cookie
        #: Returns what a request's cookies say of a session; `NotKnownHere` for a newer secret's.
        self.presented = cookie.read

    @property
    def cookie_name(self) -> str:
        """The name of the cookie that carries the session ID."""
        return self._cookie.name

    def empty(self, presented: Presented) -> Session:
        """Return the session of a request that names none."""
        return Session(rules=self.rules, presented=presented)

    async def load(self, presented: Presented) -> Session:
        """Return the session the request names, an empty one when it names none.

        Raises `StoreUnavailable` when the store could not tell, `NotKnownHere` when this process
        cannot.
        """
        if presented.session_id is None:
            return self.empty(presented)
        found = await self.records.find(presented.session_id)
        ended = found.stored is None
        return Session(found.stored, self.rules, presented, ended, found.old, found.was)

    def looked_up(self, presented: Presented, record: SessionRecord | None) -> Session | None:
        """Return the session that a record is, None where only `load` can tell; `NotKnownHere`."""
        stored = self.records.found(presented.session_id or "", record)
        if isinstance(stored, Opened):
            return None
        return Session(stored, self.rules, presented, stored is None)
