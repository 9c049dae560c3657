"""The server tier: a session ID in a signed cookie, the values in a session store.

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
Rule 6: a sign-out ends every session that a readable cookie of the request names, and clears the
name; it is ambiguous which of two the browser means, and both are to end.
Rule 7: a write that was interrupted is looked up before anything else is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

from ..cookies.wire import Cookies, SetCookie
from ..exceptions import (
    Conflict,
    InvalidValue,
    OutcomeUnknown,
    SessionEnded,
    StateError,
    StoreRefused,
    StoreUnavailable,
)
from ..journal import NOTHING, Texts
from ..kinds import Kind, KindRules
from .id_cookie import Presented, SessionIDCookie
from .records import CAPACITY, SessionRecords
from .session import Asked, Interrupted, Plan, Session, Status, StoredSession
from .store_keys import end, living
from .turns import Turns, attempts

T = TypeVar("T")

#: Told the store key of a new record before the old one is retired and before anybody has the ID.
#: What it raises undoes that. It is told anew if another request makes a second try necessary.
Confirm = Callable[[str], Awaitable[None]]


async def nobody_else(store_key: str) -> None:
    """Confirm a new record that nobody else has to know of."""


class ServerSessionTier:
    """Loads and commits sessions. ``rules`` say what the kinds in them are like."""

    def __init__(
        self,
        records: SessionRecords,
        cookie: SessionIDCookie,
        rules: KindRules,
        tell: Callable[[str], None] = lambda event: None,
    ) -> None:
        self.records = records
        self.rules = rules
        self._cookie = cookie
        self._tell = tell
        self._turns = Turns()

    def presented(self, cookies: Cookies) -> Presented:
        """Return what a request's cookies say of a session; `NotKnownHere` for a newer secret's."""
        return self._cookie.read(cookies)

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
        return Session(
            found.stored,
            rules=self.rules,
            presented=presented,
            ended=found.stored is None,
            old=found.old,
            was=found.was,
        )

    async def load_id(self, session_id: str) -> Session:
        """Return the session of an ID that is known to be one's own; `SessionEnded` without one."""
        stored = await self.records.fetch(session_id)
        if stored is None:
            raise SessionEnded
        return Session(stored, rules=self.rules)

    def must_wait(self, session: Session) -> bool:
        """Return whether `commit` has anything to ask of the store."""
        if session.lock.locked() or session.renewal_interrupted:
            return True
        status = session.status
        if status is Status.UNCHANGED:
            return self.records.touch_due(_stored(session))
        return status is not Status.ABSENT

    async def commit(self, session: Session, confirm: Confirm = nobody_else) -> None:
        """Make the store agree with what ``session`` asks for, as of now.

        Raises `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, or what
        ``confirm`` raises; the response must then not claim that anything more was kept.
        """
        async with session.lock:
            await self._resolve(session)
            await self._commit(session, confirm)

    async def update(self, session: Session, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply a pure ``function`` to a value and store it at once, with all assigned before.

        Under conflict it is applied anew to what the other request stored, so each success counts
        exactly once. Where nothing is stored yet it is assigned. Returns what now stands.
        """
        async with session.lock:
            await self._resolve(session)
            if session.stored is not None:
                await self._commit(session, nobody_else)
            if session.stored is None:
                made = _applied(session, kind, function)
                session.journal.assign(kind, made, by_update=True)
            else:
                await self._update(session, kind, function)
                self._sign_again(session)
            value: T = session.journal.read(kind)
            return value

    async def reload(self, session: Session) -> None:
        """Take what the store has for what is confirmed."""
        async with session.lock:
            await self._settle_renewal(session)
            stored = session.stored
            session.take(await self.records.fetch(stored.session_id) if stored else None)

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands."""
        return await living(self.records.store, store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """Delete the records under ``store_keys``; returns once the store confirmed each."""
        await end(self.records.store, store_keys)

    # As planned

    async def _commit(self, session: Session, confirm: Confirm) -> None:
        plan = session.plan()
        match plan.status:
            case Status.UNCHANGED:
                await self.records.touch(_stored(session))
            case Status.NEW:
                await self._create(session, plan, confirm)
            case Status.CHANGED:
                await self._change(session)
                self._sign_again(session)
            case Status.RENEWED if plan.replaces:
                await self.records.end(_stored(session))
                await self._create(session, plan, confirm)
            case Status.RENEWED:
                await self._renew(session, confirm)
            case Status.DESTROYED:
                await self._destroy(session, plan)

    async def _create(self, session: Session, plan: Plan, confirm: Confirm) -> None:
        if session.renewed and not plan.restart_clock:
            raise SessionEnded
        new = await self.records.add(plan.values, None, plan.remembered, self._fits(session, plan))
        async with self._dropped_on_error(new):
            await confirm(new.store_key)
        self._confirm_new(session, plan, new)

    async def _change(self, session: Session) -> None:
        names = [kind.name for kind in session.plan().changes]
        async with self._turns.take(_stored(session).store_key, *names):
            for _ in attempts():
                plan = session.plan()
                new = self.records.next_version(_stored(session), plan.values)
                with _interruptible(session, Interrupted(new.sealed, plan.values, plan=plan)):
                    swapped = await self.records.swap(_stored(session), new)
                if swapped:
                    session.confirm(plan, new)
                    return
                session.rebase(await self._reload(session))
        raise self._conflict(names)

    async def _update(self, session: Session, kind: Kind[T], function: Callable[[T], T]) -> None:
        async with self._turns.take(_stored(session).store_key, kind.name) as waited:
            if waited:
                session.rebase(await self._reload(session))
            for _ in attempts():
                if await self._try_update(session, kind, function):
                    return
                session.rebase(await self._reload(session))
        raise self._conflict([kind.name])

    async def _try_update(
        self, session: Session, kind: Kind[T], function: Callable[[T], T]
    ) -> bool:
        """Apply ``function`` to the version at hand; False when another one stands by now."""
        before = session.journal.text(kind)
        text = kind.encode(_applied(session, kind, function))
        if before is not None and kind.is_same(text, before):
            return True
        values = session.journal.with_changes({kind: text})
        new = self.records.next_version(_stored(session), values)
        with _interruptible(session, Interrupted(new.sealed, values, kind, before)):
            swapped = await self.records.swap(_stored(session), new)
        if swapped:
            session.confirm_value(kind, before, text, new)
        return swapped

    async def _renew(self, session: Session, confirm: Confirm) -> None:
        try:
            await self._continue(session, confirm)
        except SessionEnded:
            # A sign-in stands on its own; anything else must not bring an ended session back.
            plan = session.plan()
            if not plan.restart_clock:
                raise
            await self._create(session, plan, confirm)

    async def _continue(self, session: Session, confirm: Confirm) -> None:
        for _ in attempts():
            plan, old = session.plan(), _stored(session)
            like = None if plan.restart_clock else old
            fits = self._fits(session, plan)
            new = await self.records.add(plan.values, like, plan.remembered, fits)
            async with self._dropped_on_error(new):
                await confirm(new.store_key)
            if await self._retire(session, plan, old, new):
                self._confirm_new(session, plan, new)
                return
            await self.records.delete(new)
            session.rebase(await self._reload(session))
        raise self._conflict([kind.name for kind in session.plan().changes])

    async def _retire(
        self, session: Session, plan: Plan, old: StoredSession, new: StoredSession
    ) -> bool:
        """Retire ``old`` for ``new``; False when another version of it stands by now."""
        with _interruptible(session, Interrupted(successor=new, plan=plan)):
            try:
                return await self.records.retire(old, new, self._still_seen(plan, old))
            except (SessionEnded, StoreRefused):
                await self.records.delete(new)
                raise

    async def _destroy(self, session: Session, plan: Plan) -> None:
        if ending := session.stored or session.old:
            await self.records.end(ending)
        for session_id in session.presented.others:
            await self.records.end_id(session_id)
        session.confirm(plan, None)
        session.cookie = self._cookie.clear()
        self._tell("signed_out")

    def _confirm_new(self, session: Session, plan: Plan, new: StoredSession) -> None:
        session.confirm(plan, new)
        session.cookie = self._keep(new)
        if plan.restart_clock:
            self._tell("signed_in")
        elif plan.asked is Asked.RENEW:
            self._tell("renewed")

    # Within

    async def _resolve(self, session: Session) -> None:
        """Find out what became of a write that was interrupted."""
        await self._settle_renewal(session)
        interrupted = session.interrupted
        if interrupted is None or session.stored is None:
            session.interrupted = None
            return
        theirs = await self._reload(session)
        if theirs.sealed != interrupted.sealed:
            self._carry_over(session, theirs)
        elif interrupted.kind is not None:
            text = interrupted.values[interrupted.kind.record_name]
            session.confirm_value(interrupted.kind, interrupted.before, text, theirs)
        elif interrupted.plan is not None:
            session.confirm(interrupted.plan, theirs)

    async def _settle_renewal(self, session: Session) -> None:
        """Go on under the new ID if an interrupted renewal has happened after all."""
        interrupted = session.interrupted
        if interrupted is None or interrupted.successor is None or interrupted.plan is None:
            return
        old, successor = _stored(session), interrupted.successor
        if await self._was_continued(old, successor):
            self._confirm_new(session, interrupted.plan, successor)
        else:
            await self.records.delete(successor)

    async def _was_continued(self, old: StoredSession, successor: StoredSession) -> bool:
        """Return whether ``old`` was retired for ``successor``. If not, it will not be any more.

        The interrupted compare-and-swap may be about to happen: after a write it comes too late.
        """
        if await self.records.continued_in(old, successor):
            return True
        with suppress(SessionEnded):
            if await self.records.swap(old, self.records.next_version(old, old.values)):
                return False
        return await self.records.continued_in(old, successor)

    def _carry_over(self, session: Session, theirs: StoredSession) -> None:
        """Carry changes over a write of which nobody can tell whether it was in between."""
        try:
            session.rebase(theirs)
        except Conflict as error:
            raise OutcomeUnknown(
                f"{', '.join(error.kinds)}: a write was interrupted, and others have written since"
            ) from error

    async def _reload(self, session: Session) -> StoredSession:
        stored = await self.records.fetch(_stored(session).session_id)
        if stored is None:
            raise SessionEnded
        return stored

    @asynccontextmanager
    async def _dropped_on_error(self, new: StoredSession) -> AsyncIterator[None]:
        """Delete the new record if this fails. If that fails too: nobody has its ID."""
        try:
            yield
        except Exception:
            with suppress(StoreUnavailable):
                await self.records.delete(new)
            raise

    def _fits(self, session: Session, plan: Plan) -> int:
        """Return how many bytes are taken: a full session keeps nobody from signing in."""
        if plan.restart_clock:
            return CAPACITY + self.rules.identity_size
        return session.stored.size if session.stored else 0

    def _still_seen(self, plan: Plan, old: StoredSession) -> Texts:
        """Return what a request under way with the old ID may see: nothing of who signs in."""
        return old.values if plan.grace and plan.asked is Asked.RENEW else NOTHING

    def _sign_again(self, session: Session) -> None:
        """Have the cookie sent anew after a write, if an older secret signed the one presented."""
        if session.cookie is None and session.stored and session.presented.outdated:
            session.cookie = self._keep(session.stored)

    def _keep(self, stored: StoredSession) -> SetCookie:
        max_age = self.records.remaining(stored)
        return self._cookie.keep(stored.session_id, max_age, stored.remembered)

    def _conflict(self, kinds: Iterable[str]) -> Conflict:
        return Conflict(tuple(sorted(kinds)))


@contextmanager
def _interruptible(session: Session, what: Interrupted) -> Iterator[None]:
    """Note ``what`` as interrupted if this ends without a definite answer."""
    try:
        yield
    except StoreUnavailable:
        session.interrupted = what
        raise
    except StateError:
        raise
    except BaseException:  # a cancellation, above all
        session.interrupted = what
        raise


def _applied(session: Session, kind: Kind[T], function: Callable[[T], T]) -> T:
    """Return what ``function`` makes of a copy of the value; the one in hand stays as it is."""
    text = session.journal.text(kind)
    made = function(kind.initial() if text is None else kind.decode(text))
    if isinstance(made, Awaitable):
        raise InvalidValue(kind.name, "the function of an update is a plain one, not a coroutine")
    return made


def _stored(session: Session) -> StoredSession:
    if session.stored is None:
        raise SessionEnded
    return session.stored
