"""Changing what a session holds: as planned, or by a function that is applied anew under conflict.

Rule 1: a change replaces exactly the version it was made from. If another request was faster, the
change is carried over to its version and tried again, a bounded number of times. If the record is
gone, the session has ended and stays ended.
Rule 2: what else is asked for meanwhile, a sign-out above all, is not written over: the change then
gives way to what is asked for by now.
Rule 3: a write that was interrupted is looked up before anything else is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from ..confirmed import Confirmed
from ..exceptions import (
    Conflict,
    OutcomeUnknown,
    SessionEnded,
    StateError,
    StoreUnavailable,
)
from ..kinds import Kind
from ..updates import applied
from .plan import CHANGED, Interrupted, Plan
from .records import SessionRecords
from .session import Session
from .stored import StoredSession
from .turns import Turns, attempts

T = TypeVar("T")


class Begun(msgspec.Struct, frozen=True):
    """A change that the store was asked for."""

    answer: asyncio.Future[bool | None]
    plan: Plan
    new: StoredSession


class Changing:
    """See the module's rules."""

    def __init__(self, records: SessionRecords) -> None:
        self._records = records
        self._turns = Turns()

    async def change(self, session: Session, plan: Plan) -> bool:
        """Store what changed, as planned; False when that is not all that is asked for by now."""
        names = [kind.name for kind in plan.changes]
        async with self._turns.take(stored_of(session).store_key, *names) as waited:
            for attempt in attempts():
                if waited or attempt:
                    plan = session.plan()
                if plan.status is not CHANGED:
                    return False
                new = self._records.next_version(stored_of(session), plan.values)
                with interruptible(session, Interrupted(new.sealed, plan.values, plan=plan)):
                    swapped = await self._records.swap(stored_of(session), new, session.address)
                if swapped:
                    session.confirm(plan, new)
                    return True
                session.rebase(await self.newest(session))
        raise conflict(names)

    def change_soon(self, session: Session) -> Begun | None:
        """Begin to `change`, in turn; None where nothing changed, or it has to wait, or to look.

        What it raises was not begun.
        """
        if session.interrupted is not None:
            return None
        plan, stored = session.plan(), session.stored
        if plan.status is not CHANGED or stored is None or stored.token is None:
            return None
        if session.turn.taken or self._turns.is_taken(stored.store_key):
            return None
        new = self._records.next_version(stored, plan.values)
        session.turn.take_now()
        self._turns.take_now(stored.store_key)
        try:
            answer = self._records.swap_soon(stored, new, stored.token, session.address)
        except Exception as error:  # noqa: BLE001 - it is the answer, and may have been asked for
            answer = asyncio.get_running_loop().create_future()
            answer.set_exception(error)
        return Begun(answer, plan, new)

    def changed(self, session: Session, begun: Begun) -> bool:
        """Take the answer; False when another version stands, or none: `change` sees to that."""
        answer, plan, new = begun.answer, begun.plan, begun.new
        stored = stored_of(session)
        try:
            if answer.cancelled():
                raise StoreUnavailable("the store has cancelled the call")
            swapped = answer.result()
            if swapped:
                self._records.used(new)
                session.confirm(plan, new)
            else:
                # Not to be tried once more.
                session.stored = msgspec.structs.replace(stored, token=None)
        except BaseException as error:
            note_interrupted(session, error, Interrupted(new.sealed, plan.values, plan=plan))
            raise
        finally:
            self._turns.leave(stored.store_key)
            session.turn.leave()
        return bool(swapped)

    async def update(self, session: Session, kind: Kind[T], function: Callable[[T], T]) -> bool:
        """Apply ``function`` to the value and store it; False when that has to wait for more."""
        async with self._turns.take(stored_of(session).store_key, kind.name) as waited:
            if waited:
                session.rebase(await self.newest(session))
            for _ in attempts():
                if session.may_begin:
                    return False
                if await self._try_update(session, kind, function):
                    return True
                session.rebase(await self.newest(session))
        raise conflict([kind.name])

    async def _try_update(
        self, session: Session, kind: Kind[T], function: Callable[[T], T]
    ) -> bool:
        """Apply ``function`` to the version at hand; False when another one stands by now."""
        before = session.journal.text(kind)
        made = applied(kind, before, function)
        text = None if kind.is_none(made) else kind.encode(made)
        if text == before or (text and before and kind.is_same(text, before)):
            return True
        stored = stored_of(session)
        values = Confirmed(stored.values).with_changes({kind: text})
        new = self._records.next_version(stored, values)
        with interruptible(session, Interrupted(new.sealed, values, kind, before)):
            swapped = await self._records.swap(stored, new, session.address)
        if swapped:
            session.confirm_value(kind, before, text, new)
        return swapped

    async def settle(self, session: Session, interrupted: Interrupted) -> None:
        """Find out whether the version that was to be written stands."""
        theirs = await self.newest(session)
        if theirs.sealed != interrupted.sealed:
            carry_over(session, theirs)
        elif interrupted.kind is not None:
            text = interrupted.values.get(interrupted.kind.record_name)
            session.confirm_value(interrupted.kind, interrupted.before, text, theirs)
        else:
            assert interrupted.plan is not None, "of a value, of a plan, or of a successor"
            session.confirm(interrupted.plan, theirs)

    async def newest(self, session: Session) -> StoredSession:
        """Return the version that stands now; `SessionEnded` when there is none."""
        stored = await self._records.fetch(stored_of(session).session_id)
        if stored is None:
            raise SessionEnded
        return stored


def carry_over(session: Session, theirs: StoredSession) -> None:
    """Carry changes over a write of which nobody can tell whether it was in between."""
    try:
        session.rebase(theirs)
    except Conflict as error:
        raise OutcomeUnknown(
            f"{', '.join(error.kinds)}: a write was interrupted, and others have written since"
        ) from error


@contextmanager
def interruptible(session: Session, what: Interrupted) -> Iterator[None]:
    """Note ``what`` as interrupted if this ends without a definite answer."""
    try:
        yield
    except BaseException as error:  # a cancellation, above all
        note_interrupted(session, error, what)
        raise


def note_interrupted(session: Session, error: BaseException, what: Interrupted) -> None:
    """Note ``what`` as interrupted if ``error`` is no definite answer."""
    if isinstance(error, StoreUnavailable) or not isinstance(error, StateError):
        session.interrupted = what


def stored_of(session: Session) -> StoredSession:
    """Return what is stored of the session, where something is."""
    assert session.stored is not None, "asked only by what a stored session is planned for"
    return session.stored


def conflict(kinds: Iterable[str]) -> Conflict:
    """Return what tells that changes of these kinds were not stored."""
    return Conflict(tuple(sorted(kinds)))
