"""What becomes of what one request has in either tier: it is committed, sent, or forgotten.

Rule: everything in the store is confirmed before a cookie is sent, and a cookie is sent only for
what changed. What is confirmed is sent with whatever answer goes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from .cookies.client_state import Due
from .cookies.wire import SetCookie
from .kinds import Kind
from .request_values import RequestValues
from .sessions.changing import Begun
from .sessions.renewing import Confirm
from .updates import applied
from .visit import Visit

T = TypeVar("T")


class RequestTiers(RequestValues):
    """See the module's rule."""

    __slots__ = ()

    #: What the store was asked for, and the cookies that go out when it has confirmed that.
    _begun: tuple[Begun, Due | None]

    def must_wait(self, *, failed: bool) -> bool:
        """See `RequestState.must_wait`."""
        session = self.session
        known, tier = session.known_or_none, session.tier_or_none
        if known is None or tier is None or not session.is_loaded:
            return False
        return tier.must_wait(known, failed=failed)

    async def commit(self, confirm: Confirm) -> None:
        """Write what changed; see `RequestState.commit`."""
        due = self._due()
        tier = self.session.tier_to_ask
        if tier is not None:
            self._check_may_begin()
            await tier.commit(self.session.known, confirm)
        self._confirm(due)

    def commit_soon(self) -> asyncio.Future[Any] | None:
        """See `RequestState.commit_soon`."""
        due = self._due() if self.client_or_none is not None else None
        begun = self.session.tier.commit_soon(self.session.known)
        if begun is None:
            return None
        self._begun = (begun, due)
        return begun.answer

    def committed(self) -> bool:
        """See `RequestState.committed`."""
        begun, due = self._begun
        is_done = self.session.tier.committed(self.session.known, begun)
        if is_done and (due is not None or self.old_or_none is not None):
            self._confirm(due)
        return is_done

    async def update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply ``function`` to a value; see `RequestState.update`."""
        if not self.is_in_cookie(kind):
            session = self.look().loaded
            self._check_may_begin()
            return await self.session.tier.update(session, kind, function)
        journal = self.journal(kind)
        self.assign(kind, applied(kind, journal.text(kind), function), by_update=True)
        now: T = journal.read(kind)
        return now

    def commit_cookies(self) -> None:
        """Do what `commit` does, where there is nothing to ask of the store."""
        self._confirm(self._due())

    def _confirm(self, due: Due | None) -> None:
        if due is not None:
            self._client.confirm(due)
        if self.old_or_none is not None:
            self.old_or_none.confirm()

    def _check_may_begin(self) -> None:
        """Refuse a session whose cookie could not be sent, before anything of it is stored."""
        if self.session.begins:
            self._check_transport([self.session.tier.cookie_name])

    def _due(self) -> Due | None:
        """Return the cookies to be sent, None where no kind in a cookie was used or changed."""
        if self.client_or_none is None:
            return None
        due = self.client_or_none.due(self._owner)
        if due is None:
            return None
        if names := [cookie.name for cookie in due.cookies.values() if cookie.keeps]:
            self._check_transport(names)
        return due

    def _check_transport(self, names: list[str]) -> None:
        composition = self.composition
        self._visit.check_may_keep(names, secure=composition.secure, samesite=composition.samesite)

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed, as far as they may be sent.

        One that is only signed anew can wait for a request that came over https.
        """
        known = self.session.known_or_none
        cookie = known.cookie if known is not None else None
        cookies = self.client_or_none.set_cookies() if self.client_or_none else []
        if cookie and self._visit.lets_through(cookie, secure=self.composition.secure):
            cookies.append(cookie)
        return cookies + self.old_or_none.set_cookies() if self.old_or_none else cookies

    async def reload(self, *, closed: bool) -> None:
        """Take what the store has; what is not confirmed is forgotten, unless it is too late."""
        session = self.look().if_needed
        if not closed:
            self._forget_unsaved()
        if session is not None:
            await self.session.tier.reload(session)

    def _forget_unsaved(self) -> None:
        if self.client_or_none is not None:
            self.client_or_none.forget_unsaved()
        self.session.forget_unsaved()

    def visit_after(self) -> Visit:
        """Return the visit as it is once the answer has arrived."""
        return self._visit.after(self.set_cookies())

    def discard(self) -> None:
        """Forget every change not confirmed."""
        if self.old_or_none is not None:
            self.old_or_none.forget()
        self.session.discard()
        if self.client_or_none is not None:
            self.client_or_none.discard()
