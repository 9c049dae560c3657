"""The state of one request: its kinds, and what can be done with a session besides.

Reading and changing kinds is in :mod:`.kind_mapping`, what the request has in either tier in
:mod:`.request_tiers`, who is signed in in :mod:`.identity`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from .adoption import adopt, may_adopt
from .cookies.wire import SetCookie
from .kinds import Kind
from .persons_sessions import PersonsSessions
from .placement import PlacementTable
from .sessions.renewing import Confirm, nobody_else
from .sessions.request_session import RequestSession

T = TypeVar("T")


class RequestState(PersonsSessions):
    """A mapping over the kinds of a handler that have a value, with what a session can do besides.

    See `KindMapping` for what reading and changing raises.
    """

    __slots__ = ()

    # Beyond a mapping

    async def update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply a pure ``function`` to a copy of the value, or of the kind's default.

        It returns the value to keep; None, of a kind without a default, is to have none.

        In a stored session it is written at once, with everything assigned before, and applied anew
        to what others wrote meanwhile: each success counts exactly once. Returns what now stands.
        Raises `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`.
        """
        self._check_change(kind)
        self.placement.check(kind)
        self._identity.check()
        return await self._tiers.update(kind, self._identity.same_person(kind, function))

    def sign_in(self, value: Any, remember: bool = False, label: str = "") -> None:
        """Sign in the person that ``value``, of the identity kind, names.

        New ID, new clocks; only inherited kinds are kept of what was there, and what this request
        assigned. With ``remember`` the session lives for ``session_remember_timeout``;
        ``label`` is what `sessions` says of it. Raises `InvalidValue` for a value that names
        nobody.
        """
        self._check_open()
        self._identity.sign_in(value, remember=remember)
        self._tiers.session.known.label = label
        self._tiers.old_cookies.let_go()

    def renew_id(self, *, grace: bool = True) -> None:
        """Continue the session under a new ID; nothing to do where no session is kept.

        For ten seconds the old ID still reads what stood there, for requests under way; without
        ``grace`` it is dead at once.
        """
        self._check_open()
        session = self._tiers.look().if_kept
        if session is not None:
            session.renew_id(grace=grace)

    def destroy(self) -> None:
        """Sign out: end the session, and drop every kind that does not outlive sign-out."""
        self._check_open()
        self._tiers.destroy()
        self._tiers.old_cookies.let_go()
        self._identity.forget()

    async def commit(self, confirm: Confirm = nobody_else) -> None:
        """Write what changed now, instead of just before the first byte.

        What is confirmed reaches the visitor whatever becomes of the request. ``confirm`` is
        awaited with the store key of a record under a new ID before the old one goes, perhaps more
        than once; what it raises leaves the old session as it was. Raises `StoreUnavailable`,
        `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, `InvalidValue`, `CrossSite`,
        `InsecureTransport`.
        """
        self._identity.check()
        await self._tiers.commit(confirm)

    async def reload(self) -> None:
        """Take what the store has for the state of this request.

        Changes that are not committed are forgotten as this is called, what comes while the store
        is asked is not.
        """
        if not self._closed:
            self._identity.forget()
        await self._tiers.reload(closed=self._closed)

    def when_ended(
        self, callback: Callable[[], None], *, keeps_alive: bool = False
    ) -> AbstractContextManager[None]:
        """Return a block; if the session ends before that does, ``callback`` is called, once.

        For a stream: at once where this process ends the session, else within
        ``session_look_every`` seconds. With ``keeps_alive`` it does not end for lack of use.
        Raises what kept the session from being loaded.
        """
        tiers = self._tiers.look()
        session = tiers.if_needed
        if session is None or session.stored is None:
            return nullcontext()
        return tiers.tier.watches.watching(session.stored, callback, keeps_alive=keeps_alive)

    @property
    def ended(self) -> bool:
        """Whether the request named a session that the store definitely no longer has."""
        return self._tiers.look().known.ended

    @property
    def created_at(self) -> datetime | None:
        """When the session began, None without one."""
        stored = self._tiers.look().known.stored
        return _time(stored.created_at) if stored else None

    @property
    def last_used_at(self) -> datetime | None:
        """When the session was last used before, as far as this process knows."""
        session = self._tiers.look()
        stored = session.known.stored
        return _time(session.tier.records.last_used_at(stored)) if stored else None

    @property
    def expires_at(self) -> datetime | None:
        """When the session ends if it is not used again, None without one."""
        session = self._tiers.look()
        stored = session.known.stored
        return _time(session.tier.records.expires_at(stored)) if stored else None

    @property
    def store_key(self) -> str | None:
        """Where the session's record lives; None without one."""
        stored = self._tiers.look().known.stored
        return stored.store_key if stored else None

    @property
    def placement(self) -> PlacementTable:
        """Where each kind of the application is kept."""
        return self._tiers.composition.placement

    def supports(self, kind: Kind[Any], capability: str) -> bool:
        """Return whether the tier that keeps ``kind`` has a `Capabilities` field set."""
        return bool(getattr(self.placement[kind], capability))

    @property
    def identity(self) -> Any:
        """The value of the identity kind, None for nobody; declared by this handler or not."""
        return self._tiers.identity()

    # The lifecycle's side

    @property
    def was_read(self) -> bool:
        """Whether the answer may depend on what the request's cookies lead to."""
        return self._tiers.was_read

    @property
    def timing(self) -> str | None:
        """What ``Server-Timing`` says of it, None where nobody asks for that."""
        return None

    @property
    def session(self) -> RequestSession:
        """The session, for whoever explains what becomes of it."""
        return self._tiers.session

    def needs_loading(self) -> bool:
        """Return whether `load` has anything to ask of the store; without, it is done."""
        in_session = self._tiers.session.needs_loading()
        return in_session or (bool(self._tiers.adopting) and may_adopt(self._tiers))

    def look_up(self) -> asyncio.Future[Any] | None:
        """Begin to load what `needs_loading`; None where `load` has more to do than look it up."""
        return None if self._tiers.adopting else self._tiers.session.look_up()

    def looked_up(self, answer: asyncio.Future[Any]) -> bool:
        """Take what `look_up` brought; return whether nothing is left to `load`."""
        return self._tiers.session.looked_up(answer)

    async def load(self) -> None:
        """Load what `needs_loading`; a failure is kept for whoever uses the kind."""
        await self._tiers.session.load()
        if self._tiers.adopting:
            await adopt(self._tiers, self._identity)

    def must_wait(self, *, failed: bool = False) -> bool:
        """Return whether `commit` has to ask the store for anything, if the request ``failed``."""
        return self._tiers.must_wait(failed=failed)

    @property
    def renewal_interrupted(self) -> bool:
        """Whether nobody knows yet under which ID the session goes on."""
        return self._tiers.session.known.renewal_interrupted

    @property
    def changed(self) -> bool:
        """Whether the session has anything to write."""
        return self._tiers.session.changed

    def commit_cookies(self) -> None:
        """Do what `commit` does, where there is nothing to ask of the store."""
        self._identity.check()
        self._tiers.commit_cookies()

    def close(self) -> None:
        """The response begins: from now on a change raises."""
        self._closed = True
        self._tiers.seal()

    def can_change_late(self) -> bool:
        """Return whether a value that can change inside was handed out."""
        return self._tiers.can_change_late()

    def is_kept_by_others(self) -> bool:
        """Return whether somebody else holds a value that can change inside."""
        return self._tiers.is_kept_by_others()

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return self._tiers.late_changes()

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed."""
        return self._tiers.set_cookies()

    def discard(self) -> None:
        """Forget every change not confirmed: the request failed."""
        self._tiers.discard()
        self._identity.forget()


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
