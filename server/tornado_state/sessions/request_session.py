"""The session of one request: loaded, not asked for, or out of reach.

Rule: what kept a session from being loaded is raised when it is used, not before. So a page that
can do without it still answers, and nobody is taken for signed in or out while the store is away.
"""

from __future__ import annotations

import asyncio

import msgspec
from tornado.log import app_log

from ..cookies.wire import Cookies
from ..exceptions import StateError, UndeclaredKind, Unsupported
from ..stores.base import SessionRecord
from .cancellations import no_answer
from .id_cookie import NOBODY, Presented
from .kind_rules import KindRules
from .plan import Status
from .session import Session
from .tier import ServerSessionTier


class RequestSession(msgspec.Struct, eq=False):
    """See the module's rule. ``needed`` is whether the handler uses a kind that is in it.

    ``counts_as_use`` is whether the request pushes the idle clock, ``address`` whence it comes.
    """

    #: The application's server tier, None without one.
    tier_or_none: ServerSessionTier | None
    _rules: KindRules
    _cookies: Cookies
    needed: bool
    _counts_as_use: bool
    _address: str
    #: Whether what is known of the session is so.
    is_loaded: bool
    _presented: Presented = NOBODY
    #: The session, None where nobody has looked at it.
    known_or_none: Session | None = None
    #: What kept it from being loaded.
    trouble: StateError | None = None

    @property
    def tier(self) -> ServerSessionTier:
        """The server tier; `Unsupported` without one."""
        if self.tier_or_none is None:
            raise Unsupported("this application keeps no sessions on the server")
        return self.tier_or_none

    @property
    def known(self) -> Session:
        """The session as far as it is known: an empty one where it was not loaded."""
        if self.known_or_none is None:
            self.known_or_none = Session(rules=self._rules)
        return self.known_or_none

    def needs_loading(self) -> bool:
        """Return whether `load` has anything to ask of the store; without, it is done."""
        if self.tier_or_none is None or not self.needed:
            return False
        try:
            self._presented = self.tier_or_none.presented(self._cookies)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            self._note(error)
            return False
        if self._presented.session_id is not None:
            return True
        self.take_over(self.tier_or_none.empty(self._presented))
        self.is_loaded = True
        return False

    def look_up(self) -> asyncio.Future[SessionRecord | None]:
        """Begin to load what `needs_loading`; what fails at once is in the future as well."""
        assert self.tier_or_none is not None, "only what is in a tier needs loading"
        assert self._presented.session_id is not None, "only what has an ID needs loading"
        try:
            records = self.tier_or_none.records
            return records.store.load_soon(records.sealer.store_key(self._presented.session_id))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            failed: asyncio.Future[SessionRecord | None] = asyncio.Future()
            failed.set_exception(error)
            return failed

    def looked_up(self, answer: asyncio.Future[SessionRecord | None]) -> bool:
        """Take what `look_up` brought; return whether that was all, and nothing is left to `load`.

        A failure is kept for whoever uses the session.
        """
        assert self.tier_or_none is not None, "only what is in a tier is looked up"
        try:
            session = self.tier_or_none.looked_up(self._presented, answer.result())
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            self._note(error)
            return True
        if session is None:
            return False
        self.take_over(session)
        self.is_loaded = True
        return True

    async def load(self) -> None:
        """Load the session; a failure is kept for whoever uses it."""
        if self._presented.session_id is None:
            return
        try:
            with no_answer():
                self.take_over(await self.tier.load(self._presented))
            self.is_loaded = True
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            self._note(error)

    def take_over(self, session: Session) -> None:
        """Have the request go on in ``session``."""
        session.counts_as_use = self._counts_as_use
        session.address = self._address
        self.known_or_none = session

    def discard(self) -> None:
        """Forget all that is not confirmed."""
        if self.known_or_none is not None:
            self.known_or_none.discard()

    def forget_unsaved(self) -> None:
        """Forget all that is not confirmed; what was handed out is watched."""
        if self.known_or_none is not None:
            self.known_or_none.forget_unsaved()

    def fail(self, error: StateError) -> None:
        """Have the session out of reach: whoever uses it is raised ``error``."""
        self.trouble, self.is_loaded = error, False

    def _note(self, error: Exception) -> None:
        if not isinstance(error, StateError):
            app_log.error("the session of a request could not be loaded", exc_info=error)
            error = StateError(f"the session is out of reach: {type(error).__name__}")
        self.trouble = error

    @property
    def loaded(self) -> Session:
        """The session; raises what kept it from being loaded."""
        if self.is_loaded:
            return self.known_or_none or self.known
        where = ("a kind in the session", "the kinds of this handler")
        raise self.trouble or UndeclaredKind(*where)

    @property
    def if_kept(self) -> Session | None:
        """The session, None in an application that keeps none; raises as `loaded` does."""
        return self.loaded if self.tier_or_none is not None else None

    @property
    def if_needed(self) -> Session | None:
        """The session, None for a handler that uses none; raises as `loaded` does."""
        return self.loaded if self.tier_or_none is not None and self.needed else None

    @property
    def tier_to_ask(self) -> ServerSessionTier | None:
        """The tier that a commit has to ask, None where the session was not loaded."""
        return self.tier_or_none if self.is_loaded else None

    @property
    def begins(self) -> bool:
        """Whether a commit makes a cookie necessary."""
        return self.known.may_begin and self.known.status in (Status.NEW, Status.RENEWED)

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.known.status not in (Status.ABSENT, Status.UNCHANGED)
