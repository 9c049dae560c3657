"""What one request has in either tier: its kinds in cookies, and its session, if that was loaded.

Rule: a kind in a cookie that ends with sign-out is read and signed for whoever is signed in.
"""

from __future__ import annotations

from typing import Any, TypeVar

from .composition import Composition, Requirements
from .cookies.client_state import ClientState
from .cookies.wire import Cookies
from .exceptions import InvalidValue, TooLarge
from .journal import Journal
from .kinds import Kind
from .late_changes import LateChanges
from .predecessors.adopted import Adopted
from .predecessors.old_cookies import OldCookies
from .sessions.request_session import RequestSession
from .visit import Visit

T = TypeVar("T")


class RequestValues(LateChanges):
    """See the module's rule. ``counts_as_use`` is whether the request pushes the idle clock."""

    __slots__ = (
        *("_begun", "_visit", "adopting", "client_or_none", "composition", "counts_as_use"),
        *("old_or_none", "session", "was_read"),
    )

    def __init__(
        self,
        composition: Composition,
        required: Requirements,
        visit: Visit,
        *,
        counts_as_use: bool = True,
    ) -> None:
        self.sealed = False
        self.composition = composition
        #: The kinds to which a value may have to be brought over, and the cookies it may be in.
        self.adopting = required.adopting
        self._visit = visit
        self.counts_as_use = counts_as_use
        # Made when there is something in them: most requests have but one tier.
        self.client_or_none: ClientState | None = None
        self.old_or_none: OldCookies | None = None
        tier = composition.sessions
        self.session = RequestSession(
            tier,
            composition.rules,
            visit.cookies,
            required.needs_session,
            counts_as_use,
            visit.address,
            tier is None,
        )
        #: Whether the answer may depend on what the request's cookies lead to.
        self.was_read = False

    def look(self) -> RequestSession:
        """Return the session, of which something is to be known: the answer may depend on it."""
        self.was_read = True
        return self.session

    @property
    def cookies(self) -> Cookies:
        """What the request presents."""
        return self._visit.cookies

    @property
    def old_cookies(self) -> OldCookies:
        """The cookies of predecessors."""
        if self.old_or_none is None:
            self.old_or_none = OldCookies(self.composition.predecessors, self._visit.cookies)
        return self.old_or_none

    # Values

    def journal(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the kind's value."""
        self.was_read = True
        if kind in self.composition.cookie_kinds:
            client = self.client_or_none
            if client is not None and kind in client.looked_at:
                journal = client.values
            else:
                journal = self._client.journal(kind, self._owner_of(kind))
            if kind.adopts:
                self._check_told(kind, journal)
            return journal
        known = self.session.known_or_none
        if known is None or not self.session.is_loaded:
            known = self.session.loaded
        if known.interrupted is not None:
            known.check_known(kind)
        return known.journal

    def _check_told(self, kind: Kind[Any], journal: Journal) -> None:
        """Raise what kept a value that is elsewhere from being told: it is not to be replaced."""
        trouble = self.session.trouble
        if trouble is None or self.sealed or journal.has(kind):
            return
        for adopted in kind.adopts:
            if not isinstance(adopted, Adopted) or adopted.predecessor.cookie in self.cookies:
                raise trouble

    def values(self, kind: Kind[Any]) -> Journal:
        """Return the journal in which the kind's value is, if it was looked at."""
        return self._client.values if self.is_in_cookie(kind) else self.session.known.journal

    @property
    def _client(self) -> ClientState:
        """The kinds in cookies, of which one was used."""
        if self.client_or_none is None:
            made = self.composition
            self.client_or_none = ClientState(
                made.signed_cookies, made.cookie_kinds, made.bound_kinds, self._visit.cookies
            )
            if self.sealed:
                self.client_or_none.values.sealed = True
        return self.client_or_none

    def assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``; of a kind whose default is None, that is to have none."""
        if kind.is_none(value):
            self.drop(kind)
            return
        self.was_read = True
        self.composition.placement.check(kind)
        if self.is_in_cookie(kind):
            if kind.adopts:
                self.journal(kind)
            self._client.assign(kind, self._owner_of(kind), value, by_update=by_update)
        else:
            self.session.loaded.journal.assign(kind, value)

    def drop(self, kind: Kind[Any]) -> None:
        """Have no value."""
        self.was_read = True
        if self.is_in_cookie(kind):
            if kind.adopts:
                self.journal(kind)
            self._client.drop(kind, self._owner_of(kind))
        else:
            self.session.loaded.journal.drop(kind)

    def is_in_cookie(self, kind: Kind[Any]) -> bool:
        """Return whether the kind is kept in a signed cookie."""
        return kind in self.composition.cookie_kinds

    # Who is signed in

    def identity(self) -> Any:
        """Return the value of the identity kind, None for nobody.

        Raises as reading it does, but for the handler's declaration: it is the application's.
        """
        identity = self.composition.placement.identity
        if identity is None:
            return None
        journal = self.journal(identity)
        return journal.read(identity) if journal.has(identity) else None

    def sign_in(self, *, remember: bool) -> None:
        """Begin anew for another person, who takes along what is inherited."""
        session = self.look().if_kept
        before = self._owner_before()
        self._client.hand_over(before)
        for kind in self.composition.cookie_kinds:
            owner = before if kind in self.composition.bound_kinds else ""
            if not kind.inherited and kind not in self._client.journal(kind, owner).changes():
                self._client.drop(kind, owner)
        if session is not None:
            session.sign_in(remember=remember)

    def destroy(self, *, everything: bool) -> None:
        """End the session, and drop every kind that does not outlive that, or ``everything``."""
        session = self.look().if_kept
        self._client.drop_ending(everything=everything)
        if session is not None:
            session.destroy()

    def owner(self) -> str:
        """Return who is signed in, "" for nobody."""
        kind, value = self.composition.placement.identity, self.identity()
        return kind.person(value) if kind is not None and value is not None else ""

    def _owner_of(self, kind: Kind[Any]) -> str:
        return self.owner() if kind in self.composition.bound_kinds else ""

    def _owner_before(self) -> str:
        """Return whose cookies are handed over: nobody's where what is kept is no identity."""
        try:
            return self._owner()
        except (InvalidValue, TooLarge):
            return ""

    def _owner(self) -> str:
        """Return who is signed in, "" for nobody, as far as cookies have to be bound to it."""
        return self.owner() if self.composition.bound_kinds else ""

    # When it is too late

    def journals(self) -> list[Journal]:
        """Return the journals there are by now."""
        session = self.session.known_or_none
        journals = [] if session is None else [session.journal]
        if self.client_or_none is not None:
            journals.append(self.client_or_none.values)
        return journals
