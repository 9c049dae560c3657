"""Sessions under a new ID: one that begins, one that goes on, one of somebody who signs in.

Rule 1: renewing the ID adds the new record first, then retires the old one by the same
compare-and-swap. So a write that another request had acknowledged is either in the new record, or
there is no new record.
Rule 2: what else must know of the new record (a database, say) is told in between: if it refuses,
the old session stands as it was, nobody has the new ID, and it is not asked for any more.
Rule 3: a sign-in stands on its own, whatever became of the session it began in; anything else must
not bring an ended session back.
Rule 4: a request that names an ID which was renewed begins no other session: its cookie could take
the place of the one that the renewal has sent. Only a sign-in does, and what follows a sign-out.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from ..confirmed import NOTHING, Texts
from ..cookies.wire import SetCookie
from ..exceptions import SessionEnded, StoreRefused, StoreUnavailable
from .changing import Changing, conflict, interruptible, stored_of
from .endings import Endings
from .id_cookie import SessionIDCookie
from .listing import Listed, SessionList
from .plan import Asked, Interrupted, Plan, Status
from .records import SessionRecords
from .session import Session
from .stored import CAPACITY, StoredSession
from .turns import attempts

#: Told the store key of a new record before the old one is retired and before anybody has the ID.
#: What it raises undoes that. It is told anew if another request makes a second try necessary.
Confirm = Callable[[str], Awaitable[None]]

Errors = type[BaseException] | tuple[type[BaseException], ...]


async def nobody_else(store_key: str) -> None:
    """Confirm a new record that nobody else has to know of."""


class Renewing:
    """See the module's rules."""

    def __init__(
        self,
        records: SessionRecords,
        endings: Endings,
        cookie: SessionIDCookie,
        changing: Changing,
        tell: Callable[[str], None],
    ) -> None:
        self._records = records
        self._endings = endings
        self._cookie = cookie
        self._changing = changing
        self._tell = tell
        #: Where a person's sessions are listed, if they are.
        self.session_list: SessionList | None = None

    async def create(self, session: Session, plan: Plan, confirm: Confirm) -> None:
        """Begin a session under an ID of its own."""
        if session.renewed and not (plan.restart_clock or plan.replaces):
            raise SessionEnded
        fits = _fits(session, plan)
        new = await self._records.add(plan.values, None, plan.remembered, fits, session.address)
        await self._have_told(session, plan, new, confirm)
        self._confirm_new(session, plan, new)

    async def renew(self, session: Session, confirm: Confirm) -> bool:
        """Go on under a new ID; False when something else is asked for by now."""
        try:
            return await self._continue(session, confirm)
        except SessionEnded:
            plan = session.plan()
            if not plan.restart_clock:
                raise
            await self.create(session, plan, confirm)
            return True

    async def _continue(self, session: Session, confirm: Confirm) -> bool:
        for _ in attempts():
            plan, old = session.plan(), stored_of(session)
            if plan.status is not Status.RENEWED or plan.replaces:
                return False
            like = None if plan.restart_clock else old
            fits = _fits(session, plan)
            new = await self._records.add(plan.values, like, plan.remembered, fits, session.address)
            await self._have_told(session, plan, new, confirm, old.store_key)
            if await self._retire(session, plan, old, new):
                self._confirm_new(session, plan, new)
                return True
            await self._records.delete(new)
            session.rebase(await self._changing.newest(session))
        raise conflict(kind.name for kind in session.plan().changes)

    async def _have_told(
        self,
        session: Session,
        plan: Plan,
        new: StoredSession,
        confirm: Confirm,
        renewed: str | None = None,
    ) -> None:
        """Have it known of the new record wherever it must be, or undo it."""
        async with self._undone_on(Exception, session, new):
            await self._list(session, plan, new, renewed)
        async with self._undone_on((Exception, CancelledError), session, new):
            await confirm(new.store_key)

    async def _list(
        self, session: Session, plan: Plan, new: StoredSession, renewed: str | None
    ) -> None:
        """Have the session listed, if somebody is signed in."""
        if self.session_list is None:
            return
        person = session.rules.person(plan.values)
        if person is not None:
            listed = Listed(new.store_key, new.created_at, session.label)
            await self.session_list.add(person, listed, renewed)

    async def _retire(
        self, session: Session, plan: Plan, old: StoredSession, new: StoredSession
    ) -> bool:
        """Retire ``old`` for ``new``; False when another version of it stands by now."""
        with interruptible(session, Interrupted(successor=new, plan=plan)):
            try:
                return await self._endings.retire(old, new, _still_seen(plan, old))
            except (SessionEnded, StoreRefused):
                await self._records.delete(new)
                raise

    async def settle(self, session: Session) -> None:
        """Find out whether a renewal that was interrupted had got as far as it had to.

        Where nobody can tell, and the request was given up, nobody will ever have the new ID.
        """
        successor, plan = None, None
        if session.interrupted is not None:
            successor, plan = session.interrupted.successor, session.interrupted.plan
        if successor is None or plan is None:
            return
        try:
            was_continued = await self._was_continued(stored_of(session), successor)
        except StoreUnavailable:
            if session.given_up:
                with suppress(StoreUnavailable):
                    await self._records.delete(successor)
                    session.interrupted = None  # nobody goes on in it, whatever is found out later
            raise
        if was_continued:
            self._confirm_new(session, plan, successor)
        else:
            await self._records.delete(successor)

    async def _was_continued(self, old: StoredSession, successor: StoredSession) -> bool:
        """Return whether ``old`` was retired for ``successor``. If not, it will not be any more.

        The interrupted compare-and-swap may be about to happen: after a write it comes too late.
        """
        if await self._endings.continued_in(old, successor):
            return True
        with suppress(SessionEnded):
            if await self._records.swap(old, self._records.next_version(old, old.values)):
                return False
        return await self._endings.continued_in(old, successor)

    def sign_again(self, session: Session) -> None:
        """Have the cookie sent anew after a write, if an older secret signed the one presented."""
        if session.cookie is None and session.stored and session.presented.outdated:
            session.cookie = self.keep(session.stored)

    def _confirm_new(self, session: Session, plan: Plan, new: StoredSession) -> None:
        session.confirm(plan, new)
        session.cookie = self.keep(new)
        begun, session.when_begun = session.when_begun, ()
        for tell in begun:
            tell(new)
        if plan.restart_clock:
            self._tell("signed_in")
        elif plan.asked is Asked.RENEW:
            self._tell("renewed")

    def keep(self, stored: StoredSession) -> SetCookie:
        """Return the cookie that leads to a session."""
        max_age = self._records.remaining(stored)
        return self._cookie.keep(stored.session_id, max_age, stored.remembered)

    @asynccontextmanager
    async def _undone_on(
        self, errors: Errors, session: Session, new: StoredSession
    ) -> AsyncIterator[None]:
        """Delete the new record if this fails. If that fails too: nobody has its ID.

        It is not asked for any more either, or it would be made after all with the answer.
        """
        try:
            yield
        except errors:
            session.discard()
            session.refused = True
            with suppress(StoreUnavailable):
                await self._records.delete(new)
            raise


def _fits(session: Session, plan: Plan) -> int:
    """Return how many bytes are taken: a full session keeps nobody from signing in."""
    if plan.restart_clock:
        return CAPACITY + session.rules.identity_size
    return session.stored.size if session.stored else 0


def _still_seen(plan: Plan, old: StoredSession) -> Texts:
    """Return what a request under way with the old ID may see: nothing of who signs in."""
    return old.values if plan.grace and plan.asked is Asked.RENEW else NOTHING
