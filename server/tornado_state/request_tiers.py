"""The state of one request as whoever serves it sees it: loaded, committed, sent, or forgotten.

Rule 1: everything in the store is confirmed before a cookie is sent, and a cookie is sent only for
what changed. What is confirmed is sent with whatever answer goes out.
Rule 2: whatever may be asked of the store once, is asked for without a task (`look_up` and
`commit_soon`, which give a future); where there is more to do, `load` and `commit` do it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
from tornado.httputil import HTTPHeaders

from .cookies.client_state import Anew, Due
from .cookies.wire import SetCookie
from .exceptions import OutcomeUnknown, ReservedCookie, ResponseStarted, StateError
from .identity import RequestIdentity
from .kinds import Kind
from .sessions.changing import Begun
from .sessions.renewing import Confirm
from .updates import applied
from .visit import Visit

T = TypeVar("T")


class RequestTiers(RequestIdentity):
    """See the module's rules."""

    __slots__ = ()

    #: What the store was asked for, and the cookies that go out when it has confirmed that.
    _begun: Begun
    _due_then: Due | None

    #: What ``Server-Timing`` says of it, None where nobody asks for that.
    timing: str | None = None

    # Committing

    def must_wait(self, *, failed: bool = False) -> bool:
        """Return whether `commit` may have anything to ask of the store; see the tier's."""
        session = self._session
        known, tier = session.known_or_none, session.tier_or_none
        if known is None or tier is None or not session.is_loaded:
            return False
        return tier.must_wait(known, failed=failed)

    def may_commit_soon(self) -> bool:
        """Return whether `commit_soon` is worth a try: a session stands, and stays what it is."""
        return not self._session.known.may_begin

    def commit_soon(self) -> asyncio.Future[Any] | None:
        """Begin to `commit`, once; None where that has more to do than one change, or to refuse."""
        try:
            if self._composition.identity is not None:
                self._check_identity()
            due = self._due() if self._cookie_state is not None else None
            session = self._session
            begun = session.tier.commit_soon(session.known)
        except Exception:  # noqa: BLE001 - whatever it is: `commit` raises it, and nothing was done
            return None
        if begun is None:
            return None
        self._begun, self._due_then = begun, due
        return begun.answer

    def committed(self) -> bool:
        """Take what `commit_soon` brought; return whether nothing is left to `commit`.

        Raises as that does.
        """
        due = self._due_then
        is_done = self._session.tier.committed(self._session.known, self._begun)
        if is_done and (due is not None or self._old is not None or self._anew is not None):
            self._confirm(due, self._anew)
        return is_done

    def commit_cookies(self) -> None:
        """Do what `commit` does, where there is nothing to ask of the store."""
        if self._composition.identity is not None:
            self._check_identity()
        due = self._due() if self._cookie_state is not None else None
        if due is not None or self._old is not None or self._anew is not None:
            self._confirm(due, self._anew)

    async def _commit_all(self, confirm: Confirm) -> None:
        """Write what changed, whoever it says is signed in; see `RequestState.commit`."""
        due, anew = self._due(), self._anew
        is_in_hand = anew is not None and not anew.is_forgotten
        owner = self._owner_in_hand() if is_in_hand else ""
        tier = self._session.tier_to_ask
        if tier is not None:
            self._check_may_begin()
            with self._refusable():
                await tier.commit(self._session.known, confirm)
        if is_in_hand and self._was_forgotten_for(owner):
            due, anew, is_in_hand = None, self._anew, False  # before the store was asked for it
        self._confirm(due, anew)
        if is_in_hand and self._anew is not None:
            # Somebody else signs in or out meanwhile: after whoever these cookies are for.
            self._anew = msgspec.structs.replace(self._anew, owner=owner)

    async def _update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        if not self.is_in_cookie(kind):
            session = self.look().loaded
            self._check_may_begin()
            with self._refusable():
                return await self._session.tier.update(session, kind, function)
        journal = self._journal(kind)
        self._assign(kind, applied(kind, journal.text(kind), function), by_update=True)
        now: T = journal.read(kind)
        return now

    @contextmanager
    def _refusable(self) -> Iterator[None]:
        """Where a new ID was refused, forget what was to go along with a sign-in in cookies."""
        try:
            yield
        finally:
            known, anew = self._session.known, self._anew
            if known.refused and anew is not None and not anew.is_forgotten:
                self.discard()
            known.refused = False

    def _confirm(self, due: Due | None, anew: Anew | None) -> None:
        """Have ``due`` sent, which goes along with ``anew`` unless that was forgotten before it."""
        if due is not None:
            self._client.confirm(due)
        if self._old is not None:
            self._old.confirm()
        if anew is None or anew.is_forgotten:
            self._go_along()
        if anew is not None and self._anew is not None and self._anew.asked == anew.asked:
            self._anew = None

    def _check_may_begin(self) -> None:
        """Refuse a session whose cookie could not be sent, before anything of it is stored."""
        if self._session.begins:
            self._check_transport([self._session.tier.cookie_name])

    def _due(self) -> Due | None:
        """Return the cookies to be sent, None where no kind in a cookie was used or changed."""
        if self._cookie_state is None:
            return None
        due = self._cookie_state.due(self._owner)
        if due is None:
            return None
        if names := [cookie.name for cookie in due.cookies.values() if cookie.keeps]:
            self._check_transport(names)
        return due

    def _check_transport(self, names: list[str]) -> None:
        if self.has_left:
            raise ResponseStarted
        composition = self._composition
        self._visit.check_may_keep(names, secure=composition.secure, samesite=composition.samesite)

    # What is confirmed, and what is not

    @property
    def renewal_interrupted(self) -> bool:
        """Whether nobody knows yet under which ID the session goes on."""
        return self._session.known.renewal_interrupted

    @property
    def changed(self) -> bool:
        """Whether the session has anything to write."""
        return self._session.changed

    def check_may_switch(self) -> None:
        """Raise what keeps the connection from being handed over, with which no answer comes.

        `ResponseStarted` for a change that only an answer would keep, `OutcomeUnknown` while nobody
        knows under which ID the session goes on: only an answer can say it.
        """
        if self.renewal_interrupted:
            raise OutcomeUnknown("a new session ID was interrupted, and may have come about")
        if self.changed:
            raise ResponseStarted

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed, as far as they may be sent.

        One that is only signed anew can wait for a request that came over https.
        """
        known, client, old = self._session.known_or_none, self._cookie_state, self._old
        cookies = [] if client is None else client.set_cookies()
        cookie = None if known is None else known.cookie
        if cookie and self._visit.lets_through(cookie, secure=self._composition.secure):
            cookies.append(cookie)
        return cookies if old is None else cookies + old.set_cookies()

    def last_cookies(self) -> list[SetCookie]:
        """Return the cookies to send now: what needs one is refused from here on."""
        self.has_left = True
        return self.set_cookies()

    def check_cookies(self, headers: HTTPHeaders) -> None:
        """Raise `ReservedCookie` where a handler's headers set a cookie of the state's."""
        for header in headers.get_list("Set-Cookie"):
            name = header.partition("=")[0].strip()
            if name in self._composition.cookie_names:
                raise ReservedCookie(name)

    async def _reload_all(self) -> None:
        """Take what the store has; what is not confirmed is forgotten, unless it is too late."""
        session = self.look().if_needed
        if not self._closed:
            self._person = None
            if self._cookie_state is not None:
                self._cookie_state.forget_unsaved()
            if self._old is not None:
                self._old.discard()
            self._session.forget_unsaved()
            self._forget_anew()
        if session is not None:
            await self._session.tier.reload(session)
            # What came meanwhile is for a commit to confirm, which goes along as well.
            if self._anew is not None and not self._client.values.may_have_changed():
                self._go_along()
            now, anew = self._owner_before(), self._anew
            if self._cookie_state is not None and (anew is None or now in ("", anew.owner)):
                self._cookie_state.read_as(now)

    def visit_after(self) -> Visit:
        """Return the visit as it is once the answer has arrived."""
        return self._visit.after(self.set_cookies())

    def give_up(self) -> None:
        """Forget every change not confirmed, and that anything is asked for: the request failed."""
        self.discard()
        if self._session.known_or_none is not None:
            self._session.known_or_none.given_up = True

    def discard(self) -> None:
        """Forget every change not confirmed."""
        self._person = None
        self._session.discard()
        for cookies in (self._cookie_state, self._old):
            if cookies is not None:
                cookies.discard()
        with suppress(StateError):  # nothing is known of the session
            self._forget_anew()
