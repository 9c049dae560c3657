"""The state of one request: its kinds, and what can be done with a session besides.

Reading and changing kinds is in :mod:`.kind_mapping`, what the request has in either tier in
:mod:`.request_values`, who is signed in in :mod:`.identity`, what whoever serves the request does
in :mod:`.served_state`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from .exceptions import InvalidValue
from .kinds import Kind
from .persons_sessions import PersonsSessions
from .placement import PlacementTable
from .sessions.renewing import Confirm, nobody_else

T = TypeVar("T")

#: Of a hundred that are listed none keeps the others from it.
_LONGEST_LABEL = 200


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
        ``label`` is what `sessions` says of it, the first 200 characters. Raises `InvalidValue` for
        a value that names nobody.
        """
        self._check_open()
        said = _label(label)
        if not isinstance(remember, bool):
            raise InvalidValue("remember", f"it is True or False, not {remember!r}")
        self._identity.sign_in(value, remember=remember)
        self._tiers.session.known.label = said
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

    def destroy(self, *, everything: bool = False) -> None:
        """Sign out: end the session, and drop every kind that does not outlive sign-out.

        With ``everything`` those that do, too.
        """
        self._check_open()
        self._tiers.destroy(everything=everything)
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
        self, callback: Callable[[], object], *, keeps_alive: bool = False
    ) -> AbstractContextManager[None]:
        """Return a block; if the session ends before that does, ``callback`` is called, once.

        For a stream: at once where this process ends the session, else within
        ``session_look_every`` seconds. With ``keeps_alive`` it does not end for lack of use. What
        is called may be a coroutine's. Raises what kept the session from being loaded.
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


def _label(given: object) -> str:
    """Return what fits a list of sessions; a header that is not there is None."""
    if given is not None and not isinstance(given, str):
        raise InvalidValue("label", f"it is text, not {given!r}")
    return (given or "")[:_LONGEST_LABEL].encode(errors="replace").decode()


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
