"""The server tier: a session ID in a signed cookie, the values in a session store.

Rule 1: no cookie, no lookup; a forged or malformed ID costs none either. A well-formed ID that the
store does not know is not adopted and creates nothing (OWASP Session Management, "strict").
Rule 2: nothing is stored until something is assigned, and what did not change is not written again.
Rule 3: a cookie is sent when the ID changes, and again when the secret that signed it was replaced
and the session is written anyway. A cookie whose session is gone is left alone until a sign-out: a
late answer that deletes it could delete that of a sign-in meanwhile.
Rule 4: a sign-out ends every session that a readable cookie of the request names, and clears the
name; it is ambiguous which of two the browser means, and both are to end.

How a session changes is in :mod:`.changing`, how it goes on under a new ID in :mod:`.renewing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, TypeVar

from ..cookies.wire import SetCookie
from ..exceptions import Conflict, SessionEnded, StateError, StoreRefused, TooLarge
from ..kinds import Kind
from ..updates import applied
from .cancellations import no_answer
from .changing import Begun, Changing, stored_of
from .claims import Claims
from .endings import Endings
from .id_cookie import SessionIDCookie
from .kind_rules import KindRules
from .listing import SessionList, StoredList
from .loading import SessionLoading
from .plan import Plan, Status
from .records import SessionRecords
from .renewing import Confirm, Renewing, nobody_else
from .session import Session
from .store_keys import end, living
from .stored import StoredSession
from .watches import Watches

T = TypeVar("T")


class ServerSessionTier(SessionLoading):
    """Loads and commits sessions. ``rules`` say what the kinds in them are like.

    ``look_every`` is how many seconds pass between two looks at watched sessions.
    """

    def __init__(
        self,
        records: SessionRecords,
        cookie: SessionIDCookie,
        rules: KindRules,
        tell: Callable[[str], None] = lambda event: None,
        look_every: int = 3,
    ) -> None:
        super().__init__(records, cookie, rules)
        self._tell = tell
        self.watches = Watches(records, look_every)
        self.claims = Claims(records)
        self.endings = Endings(records, self.watches.ended)
        self._changing = Changing(records)
        self._renewing = Renewing(records, self.endings, cookie, self._changing, tell)
        #: Begins to `commit` what is one change, and returns it; None for anything else.
        self.commit_soon = self._changing.change_soon

    @property
    def session_list(self) -> SessionList | None:
        """Where a person's sessions are listed, None where they are not."""
        return self._renewing.session_list

    def list_sessions(self, where: SessionList | Literal[False] | None) -> None:
        """Have a person's sessions listed there; False is the store, None nowhere."""
        self._renewing.session_list = (
            StoredList(self.records, self.end) if where is False else where
        )

    def keep(self, stored: StoredSession) -> SetCookie:
        """Return the cookie that leads to a session."""
        return self._renewing.keep(stored)

    def must_wait(self, session: Session, *, failed: bool = False) -> bool:
        """Return whether `commit` may have anything to ask of the store.

        A request that ``failed`` asks what became of its own writes only to know under which ID its
        session goes on.
        """
        if session.turn.taken or session.asks_for_something():
            return True
        if session.interrupted is not None and (session.renewal_interrupted or not failed):
            return True
        stored = session.stored
        return stored is not None and session.counts_as_use and self.records.touch_due(stored)

    async def commit(self, session: Session, confirm: Confirm = nobody_else) -> None:
        """Make the store agree with what ``session`` asks for, as of now.

        Raises `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, or what
        ``confirm`` raises; the response must then not claim that anything more was kept.
        """
        async with session.turn:
            with self._told():
                await self._settle(session)
                await self._commit(session, confirm)

    def committed(self, session: Session, begun: Begun) -> bool:
        """Take what `commit_soon` brought; return whether nothing is left to `commit`.

        Raises as that does.
        """
        try:
            is_done = self._changing.changed(session, begun)
        except StateError as error:
            self._tell_of(error)
            raise
        self._renewing.sign_again(session)
        return is_done

    async def update(self, session: Session, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply a pure ``function`` to a value and store it at once, with all assigned before.

        Under conflict it is applied anew to what the other request stored, so each success counts
        exactly once. Where nothing is stored yet it is assigned. Returns what now stands.
        """
        async with session.turn:
            with self._told():
                await self._settle(session)
                await self._update(session, kind, function)
            value: T = session.journal.read(kind)
            return value

    async def reload(self, session: Session) -> None:
        """Take what the store has for what is confirmed."""
        async with session.turn:
            await self._renewing.settle(session)
            stored = session.stored
            session.take(await self.records.fetch(stored.session_id) if stored else None)

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands."""
        return await living(self.records.store, store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """Delete the records under ``store_keys``; returns once the store confirmed each."""
        keys = list(store_keys)
        await end(self.records.store, keys)
        for store_key in keys:
            self.watches.ended(store_key)

    # Within

    async def _settle(self, session: Session) -> None:
        """Find out what became of a write that was interrupted."""
        if session.interrupted is not None and session.stored is not None:
            await self._renewing.settle(session)
        if session.interrupted is not None and session.stored is not None:
            # That the session has ended meanwhile, whatever is done next finds out.
            with suppress(SessionEnded):
                await self._changing.settle(session, session.interrupted)
        session.interrupted = None

    async def _commit(self, session: Session, confirm: Confirm) -> None:
        """Do as planned, and what is asked for while that is done as soon as it is in the way."""
        done = False
        while not done:
            done = await self._do(session, session.plan(), confirm)

    async def _do(self, session: Session, plan: Plan, confirm: Confirm) -> bool:
        match plan.status:
            case Status.UNCHANGED if session.counts_as_use:
                await self.records.touch(stored_of(session), session.address)
            case Status.NEW | Status.RENEWED if plan.replaces:
                await self._end_named(session)
                await self._renewing.create(session, plan, confirm)
            case Status.NEW:
                await self._renewing.create(session, plan, confirm)
            case Status.CHANGED:
                return await self._change(session, plan)
            case Status.RENEWED:
                return await self._renewing.renew(session, confirm)
            case Status.DESTROYED:
                await self._destroy(session, plan)
        return True

    async def _change(self, session: Session, plan: Plan) -> bool:
        changed = await self._changing.change(session, plan)
        self._renewing.sign_again(session)
        return changed

    async def _update(self, session: Session, kind: Kind[T], function: Callable[[T], T]) -> None:
        updated = False
        while session.stored is not None and not updated:
            await self._commit(session, nobody_else)
            updated = session.stored is not None and await self._changing.update(
                session, kind, function
            )
        if updated:
            self._renewing.sign_again(session)
        else:
            made = applied(kind, session.journal.text(kind), function)
            session.journal.assign(kind, made, by_update=True)

    async def _destroy(self, session: Session, plan: Plan) -> None:
        await self._end_named(session)
        session.confirm(plan, None)
        session.cookie = self._cookie.clear()
        self._tell("signed_out")

    async def _end_named(self, session: Session) -> None:
        """End every session that the request's cookies name."""
        session.is_ending = True
        if ending := session.stored or session.old:
            await self.endings.end(ending)
        for session_id in session.presented.others:
            await self.endings.end_id(session_id)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell of what is not kept."""
        try:
            with no_answer():
                yield
        except StateError as error:
            self._tell_of(error)
            raise

    def _tell_of(self, error: StateError) -> None:
        if isinstance(error, Conflict):
            self._tell("conflict")
        elif isinstance(error, StoreRefused | TooLarge):
            self._tell("refused")
