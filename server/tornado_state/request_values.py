"""What one request has in either tier: its kinds in cookies, and its session, if that was loaded.

Rule 1: a kind in a cookie that ends with sign-out is read and signed for whoever is signed in.
Rule 2: once the answer has begun, a change inside a value comes too late to be kept. Nobody can
refuse it, so it is found out by comparing: when what the request made is freed, as the handler is
done, and once more where somebody keeps the value beyond that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from tornado.log import app_log

from .composition import Composition, Requirements
from .cookies.client_state import Anew, ClientState
from .cookies.wire import Cookies
from .exceptions import InvalidValue, TooLarge
from .journal import Journal
from .kinds import Kind
from .predecessors.adopted import Adopted
from .predecessors.old_cookies import OldCookies
from .sessions.request_session import RequestSession
from .visit import Visit

T = TypeVar("T")

#: Seconds after which a value that somebody keeps beyond its request is looked at once more.
_LATER = 1.0


class RequestValues:
    """See the module's rules. ``is_use`` is whether the request pushes the idle clock."""

    #: No others: ``self.state.cart = …`` looks like state, and would be kept nowhere.
    __slots__ = (
        *("_adopting", "_anew", "_begun", "_closed", "_composition", "_cookie_state", "_due_then"),
        *("_is_use", "_kinds", "has_left", "_old", "_person", "_session", "_visit", "_was_read"),
    )

    def __init__(
        self, composition: Composition, required: Requirements, visit: Visit, is_use: bool = True
    ) -> None:
        # The kinds to which a value may have to be brought over are in `_adopting`.
        self._kinds, needs_session, self._adopting = required
        self._composition = composition
        self._visit = visit
        self._is_use = is_use
        #: Whether the answer has begun, and whether its head has left: no cookie does after it.
        self._closed = self.has_left = False
        self._was_read = False
        #: Whom this request has signed in, and what its cookies are still to go along with.
        self._person: str | None = None
        self._anew: Anew | None = None
        # Made when there is something in them: most requests have but one tier.
        self._cookie_state: ClientState | None = None
        self._old: OldCookies | None = None
        tier, rules = composition.sessions, composition.rules
        self._session = RequestSession(
            tier, rules, visit.cookies, needs_session, is_use, visit.address, tier is None
        )

    @property
    def composition(self) -> Composition:
        """How the application's state is put together."""
        return self._composition

    @property
    def session(self) -> RequestSession:
        """The session, as far as the request has one."""
        return self._session

    @property
    def was_read(self) -> bool:
        """Whether the answer may depend on what the request's cookies lead to."""
        return self._was_read

    def look(self) -> RequestSession:
        """Return the session, of which something is to be known: the answer may depend on it."""
        self._was_read = True
        return self._session

    @property
    def cookies(self) -> Cookies:
        """What the request presents."""
        return self._visit.cookies

    @property
    def old_cookies(self) -> OldCookies:
        """The cookies of predecessors."""
        if self._old is None:
            self._old = OldCookies(self._composition.predecessors, self._visit.cookies)
        return self._old

    # Values

    def _journal(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the kind's value."""
        self._was_read = True
        if kind in self._composition.cookie_kinds:
            return self._cookie_journal(kind)
        session = self._session
        known = session.known_or_none
        if known is None or not session.is_loaded:
            known = session.loaded
        if known.interrupted is not None:
            known.check_known(kind)
        return known.journal

    def _cookie_journal(self, kind: Kind[Any]) -> Journal:
        client = self._cookie_state
        if client is not None and kind in client.looked_at:
            journal = client.values
        else:
            journal = self._client.journal(kind, self._owner_of(kind))
        if kind.adopts:
            self._check_told(kind, journal)
        return journal

    def _check_told(self, kind: Kind[Any], journal: Journal) -> None:
        """Raise what kept a value that is elsewhere from being told: it is not to be replaced."""
        trouble = self._session.trouble
        if trouble is None or self._closed or journal.has(kind):
            return
        for adopted in kind.adopts:
            if not isinstance(adopted, Adopted) or adopted.predecessor.cookie in self.cookies:
                raise trouble

    def _journal_of(self, kind: Kind[Any]) -> Journal:
        """Return the journal in which the kind's value is, if it was looked at."""
        return self._client.values if self.is_in_cookie(kind) else self._session.known.journal

    @property
    def _client(self) -> ClientState:
        """The kinds in cookies, of which one was used."""
        if self._cookie_state is None:
            made = self._composition
            self._cookie_state = ClientState(
                made.signed_cookies, made.cookie_kinds, made.bound_kinds, self._visit.cookies
            )
            if self._closed:
                self._cookie_state.values.sealed = True
        return self._cookie_state

    def _assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``; of a kind whose default is None, that is to have none."""
        if kind.is_none(value):
            self._drop(kind)
            return
        self._was_read = True
        self._composition.placement.check(kind)
        if self.is_in_cookie(kind):
            if kind.adopts:
                self._journal(kind)
            self._client.assign(kind, self._owner_of(kind), value, by_update=by_update)
        else:
            self._session.loaded.journal.assign(kind, value)

    def _drop(self, kind: Kind[Any]) -> None:
        """Have no value."""
        self._was_read = True
        if self.is_in_cookie(kind):
            if kind.adopts:
                self._journal(kind)
            self._client.drop(kind, self._owner_of(kind))
        else:
            self._session.loaded.journal.drop(kind)

    def is_in_cookie(self, kind: Kind[Any]) -> bool:
        """Return whether the kind is kept in a signed cookie."""
        return kind in self._composition.cookie_kinds

    # Who is signed in

    @property
    def identity(self) -> Any:
        """The value of the identity kind, None for nobody; declared by this handler or not.

        Raises as reading it does, but for the handler's declaration: it is the application's.
        """
        identity = self._composition.identity
        if identity is None:
            return None
        journal = self._journal(identity)
        return journal.read(identity) if journal.has(identity) else None

    def owner(self) -> str:
        """Return who is signed in, "" for nobody."""
        kind, value = self._composition.identity, self.identity
        return kind.person(value) if kind is not None and value is not None else ""

    def _owner_of(self, kind: Kind[Any]) -> str:
        made = self._composition
        return self.owner() if made.identity is not None and kind in made.bound_kinds else ""

    def _owner_before(self) -> str:
        """Return whose cookies are handed over: nobody's where what is kept is no identity."""
        try:
            return self._owner()
        except (InvalidValue, TooLarge):
            return ""

    def _owner(self) -> str:
        """Return who is signed in, "" for nobody, as far as cookies have to be bound to it."""
        return self.owner() if self._composition.bound_kinds else ""

    # When it is too late

    def close(self) -> None:
        """The response begins: from now on a change raises, or comes too late."""
        if not self._closed:
            self._closed = True
            known, cookies = self._session.known_or_none, self._cookie_state
            if known is not None:
                known.journal.sealed = True
            if cookies is not None:
                cookies.values.sealed = True

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        session, cookies = self._session.known, self._client
        return session.journal.late_changes()[0] + cookies.values.late_changes()[0]

    def tell_late_changes(self, handler: str) -> None:
        """The request is freed: say in the log what ``handler`` changed inside too late.

        And once more, where somebody else has such a value.
        """
        known, cookies = self._session.known_or_none, self._cookie_state
        if known is not None:
            _tell(known.journal, handler)
        if cookies is not None:
            _tell(cookies.values, handler)


def _tell(journal: Journal, handler: str, *, is_last: bool = False) -> None:
    late, is_held = journal.late_changes()
    if is_held and not is_last:
        with suppress(RuntimeError):  # no loop runs any more
            again = partial(_tell, journal, handler, is_last=True)
            asyncio.get_running_loop().call_later(_LATER, again)
    for name in late:
        app_log.warning(
            "%s changed a value of %s from within after its response began: it is not kept",
            handler,
            name,
        )
