"""The state of one request as whoever serves the request sees it: loaded, committed, closed.

Rule: whatever may be asked of the store once, is asked for without a task (`look_up` and
`commit_soon`, which give a future); where there is more to do, `load` and `commit` do it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.httputil import HTTPHeaders

from .adoption import adopt, may_adopt
from .cookies.wire import SetCookie
from .exceptions import ReservedCookie
from .kind_mapping import KindMapping
from .sessions.request_session import RequestSession


class ServedState(KindMapping):
    """See the module's rule."""

    __slots__ = ()

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

    def may_commit_soon(self) -> bool:
        """Return whether `commit_soon` is worth a try: a session stands, and stays what it is."""
        return not self._tiers.session.known.may_begin

    def commit_soon(self) -> asyncio.Future[Any] | None:
        """Begin to `commit`, once; None where that has more to do than one change, or to refuse."""
        try:
            if self._tiers.composition.placement.identity is not None:
                self._identity.check()
            return self._tiers.commit_soon()
        except Exception:  # noqa: BLE001 - whatever it is: `commit` raises it, and nothing was done
            return None

    def committed(self) -> bool:
        """Take what `commit_soon` brought; return whether nothing is left to `commit`.

        Raises as that does.
        """
        return self._tiers.committed()

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
        tiers = self._tiers
        if tiers.composition.placement.identity is not None:
            self._identity.check()
        if tiers.client_or_none is not None or tiers.old_or_none is not None:
            tiers.commit_cookies()

    def close(self) -> None:
        """The response begins: from now on a change raises."""
        if not self._closed:
            self._closed = True
            self._tiers.seal()

    def tell_late_changes(self, handler: str) -> None:
        """The request is freed: say in the log what ``handler`` changed inside too late."""
        self._tiers.tell_last(handler)

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return self._tiers.late_changes()

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed."""
        return self._tiers.set_cookies()

    def check_cookies(self, headers: HTTPHeaders) -> None:
        """Raise `ReservedCookie` where a handler's headers set a cookie of the state's."""
        for header in headers.get_list("Set-Cookie"):
            name = header.partition("=")[0].strip()
            if name in self._tiers.composition.cookie_names:
                raise ReservedCookie(name)

    def discard(self) -> None:
        """Forget every change not confirmed: the request failed."""
        self._tiers.discard()
        self._identity.forget()
