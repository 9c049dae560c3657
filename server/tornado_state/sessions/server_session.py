"""The server tier: a session ID in a signed cookie, the data in a session store.

Rule 1: no cookie, no lookup; a forged or malformed ID costs none either. A well-formed ID that the
store does not know is not adopted and creates nothing (OWASP Session Management, "strict").
Rule 2: nothing is stored until something is assigned, and what did not change is not written again.
Rule 3: a change replaces exactly the version it was made from. If another request was faster, the
change is carried over to its version and tried again, a bounded number of times. If the record is
gone, the session has ended and stays ended.
Rule 4: renewing the ID adds the new record first, then retires the old one by the same
compare-and-swap. So a write that another request had acknowledged is either in the new record, or
there is no new record. What else must know of the new one (a database, say) is told in between:
if it refuses, the old session stands as it was, and nobody has the new ID.
Rule 5: a cookie is sent when the ID changes, and again when the secret that signed it was replaced
and the session is written anyway. A cookie whose session is gone is left alone until a sign-out: a
late answer that deletes it could delete that of a sign-in meanwhile. For the same reason a
request that names an ID which was renewed begins no other session; only a sign-in does.
"""

from __future__ import annotations

import copy
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from ..cookies.signed_cookie import Signer
from ..cookies.wire import CookieNames, SetCookie
from ..exceptions import Conflict, SessionEnded, StoreUnavailable
from ..kinds import JSON, Kind, KindRules
from ..stores.base import SessionStore
from .layouts import Migration
from .session import Session, Status, StoredSession
from .session_id_cookie import SessionIDCookie
from .session_records import CAPACITY, SessionRecords
from .store_keys import end, living
from .turns import Turns, attempts

#: Told the store key of a new record before the old one is retired and before anybody has the ID.
#: What it raises undoes that. It is told anew if another request makes a second try necessary.
Confirm = Callable[[str], Awaitable[None]]


async def nobody_else(store_key: str) -> None:
    """Confirm a new record that nobody else has to know of."""


class ServerSessionTier:
    """Loads and commits sessions.

    ``idle_timeout`` and ``absolute_timeout`` are in seconds; `ValueError` when the first is not
    within 1 and 2,592,000 or the second is shorter. ``kinds`` say what to do when two requests
    changed the same one, and what a sign-in takes along; `StateTiers` tells of those placed here.
    ``layout`` numbers the shape of the application's data; ``migrations`` map a layout to the
    function that makes the next one of it.
    """

    def __init__(
        self,
        store: SessionStore,
        signer: Signer,
        names: CookieNames,
        *,
        kinds: Iterable[Kind] = (),
        idle_timeout: int = 1800,
        absolute_timeout: int = 43_200,
        clock: Callable[[], float] = time.time,
        layout: int = 1,
        migrations: Mapping[int, Migration] | None = None,
    ) -> None:
        self.store = store
        self.records = SessionRecords(
            store,
            idle_timeout=idle_timeout,
            absolute_timeout=absolute_timeout,
            clock=clock,
            layout=layout,
            migrations=migrations or {},
        )
        self._cookie = SessionIDCookie(signer, names)
        self._turns = Turns()
        self.rules = KindRules(kinds)

    @property
    def cookie_name(self) -> str:
        """The name of the cookie that carries the session ID."""
        return self._cookie.name

    async def load(self, cookies: Mapping[str, str]) -> Session:
        """Return the session the request names, an empty one when it names none.

        Raises `StoreUnavailable` when the store could not tell.
        """
        presented = self._cookie.read(cookies)
        if presented is None:
            return Session()
        found = await self.records.find(presented.session_id)
        ended = found.stored is None
        return Session(found.stored, value=found.value, ended=ended, renewed=found.renewed)

    def must_wait(self, session: Session) -> bool:
        """Return whether `commit` has anything to ask of the store."""
        status = session.status
        if status is Status.UNCHANGED:
            return self.records.touch_due(_stored(session))
        return status is not Status.ABSENT

    async def commit(
        self, session: Session, cookies: Mapping[str, str], confirm: Confirm = nobody_else
    ) -> SetCookie | None:
        """Make the store agree with ``session``; return the cookie to send, None when none is due.

        Raises `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, or what
        ``confirm`` raises; the response must then not claim that anything was kept.
        """
        cookie = None
        match session.status:
            case Status.UNCHANGED:
                await self.records.touch(_stored(session))
            case Status.NEW:
                cookie = await self._create(session, confirm)
            case Status.CHANGED:
                await self._change(session)
                cookie = self.signed_again(session, cookies)
            case Status.RENEWED if session.replaces:
                await self.records.end(_stored(session))
                cookie = await self._create(session, confirm)
            case Status.RENEWED:
                cookie = await self._renew(session, confirm)
            case Status.DESTROYED:
                if session.stored is not None:
                    await self.records.end(session.stored)
                session.settle(None)
                cookie = self._cookie.clear()
        return cookie

    async def update(
        self, session: Session, key: str, function: Callable[[JSON], JSON], initial: JSON
    ) -> JSON:
        """Apply a pure ``function`` to one value of a stored, unchanged session, and store it at
        once.

        Under conflict it is applied anew to what the other request stored, so each success counts
        exactly once. Returns what was stored.
        """
        async with self._turns.take(_stored(session).store_key, key) as waited:
            if waited:
                session.settle(await self._reload(session))
            for _ in attempts():
                session[key] = function(copy.deepcopy(session.get(key, initial)))
                if session.status is Status.UNCHANGED or await self._swap(session):
                    return session[key]
                session.settle(await self._reload(session))
        raise Conflict((key,))

    def signed_again(self, session: Session, cookies: Mapping[str, str]) -> SetCookie | None:
        """Return the cookie due after a write, if an older secret signed the one presented."""
        presented = self._cookie.read(cookies)
        return self._send(session) if presented and presented.outdated else None

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands."""
        return await living(self.store, store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """Delete the records under ``store_keys``; returns once the store confirmed each."""
        await end(self.store, store_keys)

    async def _create(self, session: Session, confirm: Confirm) -> SetCookie:
        if session.renewed and not session.restart_clock:
            raise SessionEnded
        new = await self.records.add(session.encoded(), None, self._fits(session))
        async with self._dropped_on_error(new):
            await confirm(new.store_key)
        session.settle(new)
        return self._send(session)

    async def _change(self, session: Session) -> None:
        async with self._turns.take(_stored(session).store_key, *session):
            for _ in attempts():
                if await self._swap(session):
                    return
                session.rebase(await self._reload(session), self.rules)
        raise Conflict(tuple(session))

    async def _swap(self, session: Session) -> bool:
        """Replace the version loaded by the one made of it; False when another stands there now."""
        stored, data = _stored(session), session.encoded()
        if not await self.records.swap(stored, data):
            return False
        session.settle(stored._replace(data=data, cas=None))
        return True

    async def _reload(self, session: Session) -> StoredSession:
        stored = await self.records.fetch(_stored(session).session_id)
        if stored is None:
            raise SessionEnded
        return stored

    async def _renew(self, session: Session, confirm: Confirm) -> SetCookie:
        try:
            return await self._continue(session, confirm)
        except SessionEnded:
            # A sign-in stands on its own; anything else must not bring an ended session back.
            if not session.restart_clock:
                raise
            return await self._create(session, confirm)

    async def _continue(self, session: Session, confirm: Confirm) -> SetCookie:
        for _ in attempts():
            old = _stored(session)
            created_at = None if session.restart_clock else old.created_at
            new = await self.records.add(session.encoded(), created_at, self._fits(session))
            async with self._dropped_on_error(new):
                await confirm(new.store_key)
                retired = await self.records.retire(old, new)
            if retired:
                session.settle(new)
                return self._send(session)
            await self.records.delete(new)
            session.rebase(await self._reload(session), self.rules)
        raise Conflict(tuple(session))

    @asynccontextmanager
    async def _dropped_on_error(self, new: StoredSession) -> AsyncIterator[None]:
        """Delete the new record if this fails. If that fails too: nobody has its ID."""
        try:
            yield
        except Exception:
            with suppress(StoreUnavailable):
                await self.records.delete(new)
            raise

    def _fits(self, session: Session) -> int:
        """Return how many bytes are taken: a full session keeps nobody from signing in."""
        if session.restart_clock:
            return CAPACITY + self.rules.identity_size
        return len(session.stored.data) if session.stored else 0

    def _send(self, session: Session) -> SetCookie:
        stored = _stored(session)
        return self._cookie.keep(stored.session_id, self.records.remaining(stored))


def _stored(session: Session) -> StoredSession:
    if session.stored is None:
        raise SessionEnded
    return session.stored
