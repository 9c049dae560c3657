"""What one request has in either tier: its kinds in cookies, and its session, if that was loaded.

Rule 1: everything in the store is confirmed before a cookie is sent, and a cookie is sent only for
what changed. What is confirmed is sent with whatever answer goes out.
Rule 2: a kind in a cookie that ends with sign-out is read and signed for whoever is signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .composition import Composition, Plan
from .cookies.client_state import ClientState, Due
from .cookies.wire import Cookies, SetCookie
from .journal import Journal
from .kinds import Kind
from .late_changes import LateChanges
from .predecessors.old_cookies import OldCookies
from .sessions.renewing import Confirm
from .sessions.request_session import RequestSession
from .visit import Visit

T = TypeVar("T")


class RequestTiers(LateChanges):
    """See the module's rules. ``counts_as_use`` is whether the request pushes the idle clock."""

    def __init__(
        self, composition: Composition, plan: Plan, visit: Visit, *, counts_as_use: bool = True
    ) -> None:
        self.composition = composition
        #: The kinds to which a value may have to be brought over, and the cookies it may be in.
        self.adopting = plan.adopting
        self._visit = visit
        self.counts_as_use = counts_as_use
        # Made when there is something in them: most requests have but one tier.
        self._client_or_none: ClientState | None = None
        self._old_or_none: OldCookies | None = None
        self.session = RequestSession(
            composition.sessions,
            composition.rules,
            visit.cookies,
            needed=plan.needs_session,
            counts_as_use=counts_as_use,
            address=visit.address,
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
        if self._old_or_none is None:
            self._old_or_none = OldCookies(self.composition.predecessors, self._visit.cookies)
        return self._old_or_none

    # Values

    def journal(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the kind's value."""
        self.was_read = True
        if self.is_in_cookie(kind):
            return self._client.journal(kind, self._owner_of(kind))
        session = self.look().loaded
        session.check_known(kind)
        return session.journal

    def values(self, kind: Kind[Any]) -> Journal:
        """Return the journal in which the kind's value is, if it was looked at."""
        return self._client.values if self.is_in_cookie(kind) else self.session.known.journal

    @property
    def _client(self) -> ClientState:
        """The kinds in cookies, of which one was used."""
        if self._client_or_none is None:
            made = self.composition
            self._client_or_none = ClientState(
                made.signed_cookies, made.cookie_kinds, made.bound_kinds, self._visit.cookies
            )
            if self.sealed:
                self._client_or_none.values.seal()
        return self._client_or_none

    def assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``; of a kind whose default is None, that is to have none."""
        if value is None and kind.default is None:
            self.drop(kind)
            return
        self.was_read = True
        self.composition.placement.check(kind)
        if self.is_in_cookie(kind):
            self._client.assign(kind, self._owner_of(kind), value, by_update=by_update)
        else:
            self.session.loaded.journal.assign(kind, value)

    def drop(self, kind: Kind[Any]) -> None:
        """Have no value."""
        self.was_read = True
        if self.is_in_cookie(kind):
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
        self._client.hand_over(self._owner())
        for kind in self.composition.cookie_kinds:
            if not kind.inherited and kind not in self.journal(kind).changes():
                self.drop(kind)
        if session is not None:
            session.sign_in(remember=remember)

    def destroy(self) -> None:
        """End the session, and drop every kind that does not outlive sign-out."""
        session = self.look().if_kept
        self._client.drop_bound()
        if session is not None:
            session.destroy()

    def owner(self) -> str:
        """Return who is signed in, "" for nobody."""
        kind, value = self.composition.placement.identity, self.identity()
        return kind.person(value) if kind is not None and value is not None else ""

    def _owner_of(self, kind: Kind[Any]) -> str:
        return self.owner() if kind in self.composition.bound_kinds else ""

    def _owner(self) -> str:
        """Return who is signed in, "" for nobody, as far as cookies have to be bound to it."""
        return self.owner() if self.composition.bound_kinds else ""

    # Committing

    def must_wait(self, *, failed: bool) -> bool:
        """Return whether `commit` has to ask the store for anything, if the request ``failed``."""
        tier = self.session.tier_to_ask
        return tier is not None and tier.must_wait(self.session.known, failed=failed)

    async def commit(self, confirm: Confirm) -> None:
        """Write what changed; see `RequestState.commit`."""
        due = self._due()
        tier = self.session.tier_to_ask
        if tier is not None:
            self._check_may_begin()
            await tier.commit(self.session.known, confirm)
        self._confirm(due)

    async def update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply ``function`` to a value; see `RequestState.update`."""
        if not self.is_in_cookie(kind):
            session = self.look().loaded
            self._check_may_begin()
            return await self.session.tier.update(session, kind, function)
        journal = self.journal(kind)
        text = journal.text(kind)
        old = kind.initial() if text is None else kind.decode(text)
        self.assign(kind, function(old), by_update=True)
        now: T = journal.read(kind)
        return now

    def commit_cookies(self) -> None:
        """Do what `commit` does, where there is nothing to ask of the store."""
        self._confirm(self._due())

    def _confirm(self, due: Due | None) -> None:
        if due is not None:
            self._client.confirm(due)
        if self._old_or_none is not None:
            self._old_or_none.confirm()

    def _check_may_begin(self) -> None:
        """Refuse a session whose cookie could not be sent, before anything of it is stored."""
        if self.session.begins:
            self._check_transport([self.session.tier.cookie_name])

    def _due(self) -> Due | None:
        """Return the cookies to be sent, None where no kind in a cookie was used or changed."""
        if self._client_or_none is None:
            return None
        due = self._client_or_none.due(self._owner)
        if due is None:
            return None
        self._check_transport([cookie.name for cookie in due.cookies.values() if cookie.keeps])
        return due

    def _check_transport(self, names: list[str]) -> None:
        composition = self.composition
        self._visit.check_may_keep(names, secure=composition.secure, samesite=composition.samesite)

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed, as far as they may be sent.

        One that is only signed anew can wait for a request that came over https.
        """
        cookie = self.session.cookie
        cookies = self._client_or_none.set_cookies() if self._client_or_none else []
        if cookie and self._visit.lets_through(cookie, secure=self.composition.secure):
            cookies.append(cookie)
        return cookies + self._old_or_none.set_cookies() if self._old_or_none else cookies

    async def reload(self, *, closed: bool) -> None:
        """Take what the store has; what is not confirmed is forgotten, unless it is too late."""
        session = self.look().if_needed
        if not closed:
            self._forget_unsaved()
        if session is not None:
            await self.session.tier.reload(session)

    def _forget_unsaved(self) -> None:
        if self._client_or_none is not None:
            self._client_or_none.forget_unsaved()
        self.session.forget_unsaved()

    def visit_after(self) -> Visit:
        """Return the visit as it is once the answer has arrived."""
        return self._visit.after(self.set_cookies())

    def discard(self) -> None:
        """Forget every change not confirmed."""
        if self._old_or_none is not None:
            self._old_or_none.forget()
        self.session.discard()
        if self._client_or_none is not None:
            self._client_or_none.discard()

    def journals(self) -> list[Journal]:
        """Return the journals there are by now."""
        journals = [] if self._client_or_none is None else [self._client_or_none.values]
        return journals if self.session.is_unknown else [*journals, self.session.known.journal]
