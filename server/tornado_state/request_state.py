"""The state of one request: its kinds, and what can be done with a session besides.

One object, told in parts: what the request has in either tier is in :mod:`.request_values`, who is
signed in in :mod:`.identity`, what becomes of all that in :mod:`.request_tiers`, reading and
changing kinds in :mod:`.kind_mapping`, other sessions of the same person in
:mod:`.persons_sessions`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from .adoption import adopt, may_adopt
from .confirmed import Changes
from .exceptions import InvalidValue, StateError
from .kinds import Kind
from .persons_sessions import PersonsSessions
from .placement import PlacementTable
from .sessions.renewing import Confirm, nobody_else

T = TypeVar("T")

#: Of a hundred that are listed none keeps the others from it.
_LONGEST_LABEL = 200


class Pending(NamedTuple):
    """What a request asks for: changes of either tier, and what is to become of its session.

    ``changes`` are None where they cannot be told.
    """

    changes: Changes | None
    asks: object


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
        self._check_identity()
        return await self._update(kind, self._same_person(kind, function))

    def sign_in(self, value: Any, remember: bool = False, label: str = "") -> None:
        """Sign in the person that ``value``, of the identity kind, names.

        New ID, new clocks; only inherited kinds are kept of what was there, and what this request
        assigned. With ``remember`` the session lives for ``session_remember_timeout``, an identity
        in a signed cookie for the absolute timeout as ever; ``label`` is what `sessions` says of
        it, the first 200 characters. Raises `InvalidValue` for a value that names nobody.
        """
        self._check_open()
        said = _label(label)
        if not isinstance(remember, bool):
            raise InvalidValue("remember", f"it is True or False, not {remember!r}")
        self._sign_in_person(value, remember=remember)
        self._session.known.label = said
        self.old_cookies.let_go()

    def renew_id(self, *, grace: bool = True) -> None:
        """Continue the session under a new ID; nothing to do where no session is kept.

        For ten seconds the old ID still reads what stood there, for requests under way; without
        ``grace`` it is dead at once.
        """
        self._check_open()
        session = self.look().if_kept
        if session is not None:
            session.renew_id(grace=grace)

    def destroy(self, *, everything: bool = False) -> None:
        """Sign out: end the session, and drop every kind that does not outlive sign-out.

        With ``everything`` those that do, too.
        """
        self._check_open()
        self._sign_out(everything=everything)
        self.old_cookies.let_go()

    async def commit(self, confirm: Confirm = nobody_else) -> None:
        """Write what changed now, instead of just before the first byte.

        What is confirmed reaches the visitor whatever becomes of the request. ``confirm`` is
        awaited with the store key of a record under a new ID before the old one goes, perhaps more
        than once; what it raises, or an interruption of it, leaves the old session as it was, and
        whoever was signed in; it does not `commit`, `update` or `reload` itself. Raises
        `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, `InvalidValue`,
        `CrossSite`, `InsecureTransport`.
        """
        self._check_identity()
        await self._commit_all(confirm)

    async def reload(self) -> None:
        """Take what the store has for the state of this request.

        Changes that are not committed are forgotten as this is called, what comes while the store
        is asked is not.
        """
        await self._reload_all()

    def when_ended(
        self, callback: Callable[[], object], *, keeps_alive: bool = False
    ) -> AbstractContextManager[None]:
        """Return a block; if the session ends before that does, ``callback`` is called, once.

        For a stream: at once where this process ends the session, else within
        ``session_look_every`` seconds. With ``keeps_alive`` it does not end for lack of use. What
        is called may be a coroutine's. Raises what kept the session from being loaded.
        """
        looked_at = self.look()
        session = looked_at.if_needed
        if session is None:
            return nullcontext()
        watching, begins = looked_at.tier.watches.watching, looked_at.begins
        return watching(session, callback, keeps_alive=keeps_alive, begins=begins)

    @property
    def ended(self) -> bool:
        """Whether the request named a session that the store definitely no longer has."""
        return self.look().known.ended

    @property
    def created_at(self) -> datetime | None:
        """When the session began, None without one."""
        stored = self.look().known.stored
        return _time(stored.created_at) if stored else None

    @property
    def last_used_at(self) -> datetime | None:
        """When the session was last used before, as far as this process knows."""
        session = self.look()
        stored = session.known.stored
        return _time(session.tier.records.last_used_at(stored)) if stored else None

    @property
    def expires_at(self) -> datetime | None:
        """When the session ends if it is not used again, None without one."""
        session = self.look()
        stored = session.known.stored
        return _time(session.tier.records.expires_at(stored)) if stored else None

    @property
    def store_key(self) -> str | None:
        """Where the session's record lives; None without one.

        A sign-in and a renewal make another; `commit` tells it to ``confirm``.
        """
        stored = self.look().known.stored
        return stored.store_key if stored else None

    @property
    def placement(self) -> PlacementTable:
        """Where each kind of the application is kept."""
        return self._composition.placement

    def supports(self, kind: Kind[Any], capability: str) -> bool:
        """Return whether the tier that keeps ``kind`` has a `Capabilities` field set."""
        return bool(getattr(self.placement[kind], capability))

    # Failing

    def pending(self) -> Pending:
        """Return what is asked for, and not confirmed."""
        session, cookies = self._session.known_or_none, self._cookie_state
        asks = (session.moment if session else 0, self._anew.asked if self._anew else 0)
        try:
            in_session = session.journal.changes() if session else {}
            return Pending(in_session | (cookies.values.changes() if cookies else {}), asks)
        except StateError:
            return Pending(None, asks)

    def take_back(self, failed: Pending) -> None:
        """Forget what was asked for by then, and keep what has been changed since.

        Where somebody was signed in or out since, all that is in hand counts.
        """
        changes, asks = self.pending()
        if asks != failed.asks:
            return
        self.discard()
        if changes is None or failed.changes is None:
            return
        for kind, text in changes.items():
            if kind not in failed.changes or failed.changes[kind] != text:
                self._have(kind, text)

    def _have(self, kind: Kind[Any], text: bytes | None) -> None:
        if text is None:
            self._drop(kind)
        else:
            self._assign(kind, kind.decode(text))

    # Loading

    def needs_loading(self) -> bool:
        """Return whether `load` has anything to ask of the store; without, it is done."""
        in_session = self._session.needs_loading()
        return in_session or (bool(self._adopting) and may_adopt(self))

    def look_up(self) -> asyncio.Future[Any] | None:
        """Begin to load what `needs_loading`; None where `load` has more to do than look it up.

        What it brings is for `RequestSession.looked_up`.
        """
        return None if self._adopting else self._session.look_up()

    async def load(self) -> None:
        """Load what `needs_loading`; a failure is kept for whoever uses the kind."""
        await self._session.load()
        if self._adopting:
            await adopt(self)


def _label(given: object) -> str:
    """Return what fits a list of sessions; a header that is not there is None."""
    if given is not None and not isinstance(given, str):
        raise InvalidValue("label", f"it is text, not {given!r}")
    return (given or "")[:_LONGEST_LABEL].encode(errors="replace").decode()


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
