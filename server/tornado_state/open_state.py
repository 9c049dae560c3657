"""A visitor's state anew, after the answer began: on a WebSocket, in a stream, in a job.

Rule 1: it is loaded when the block begins and written when it ends; a block that raises leaves
everything as it was, but for what was committed within it.
Rule 2: no cookie goes out from there. What takes one is refused at once: a change of a kind that a
signed cookie keeps, a sign-in, a new ID, a session that would begin. A sign-out takes none.
Rule 3: it is the session that the visitor has after the answer, whatever the request made of its
ID; while the answer waits for the store, so does the block. Once the session is over, or goes on
under an ID that another request was given, the state is over as well: whoever opened a socket with
a planted ID must not follow who signs in (ASVS 5.0 7.2.4).
Rule 4: it pushes the idle clock as a request of its handler does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

from tornado.log import app_log

from .exceptions import CookieNeeded, SessionEnded
from .kinds import Kind
from .request_state import RequestState

T = TypeVar("T")


class OpenState(RequestState):
    """What `RequestState` is, but for what takes a cookie: that raises `CookieNeeded`."""

    __slots__ = ()

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self._adopting = ()  # that takes a cookie

    def _assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``, as far as no cookie is needed for that."""
        self._check_in_session(kind)
        super()._assign(kind, value, by_update=by_update)
        self._check_may_begin()

    def _drop(self, kind: Kind[Any]) -> None:
        """Have no value, as far as no cookie is needed for that."""
        self._check_in_session(kind)
        super()._drop(kind)

    def _check_in_session(self, kind: Kind[Any]) -> None:
        if self.is_in_cookie(kind):
            raise CookieNeeded(f"a change of {kind.name}")

    def _check_transport(self, names: list[str]) -> None:
        raise CookieNeeded(f"a change of what {names[0]} keeps")

    def destroy(self, *, everything: bool = False) -> None:
        """End the session; what outlives that is in cookies, and who is signed in may be."""
        if everything:
            raise CookieNeeded("to drop what outlives a sign-out")
        if any(kind.identity for kind in self._composition.cookie_kinds):
            raise CookieNeeded("a sign-out of whom a cookie names")
        super().destroy()

    def sign_in(self, value: Any, remember: bool = False, label: str = "") -> NoReturn:
        """Refuse."""
        raise CookieNeeded("a sign-in")

    def renew_id(self, *, grace: bool = True) -> NoReturn:
        """Refuse."""
        raise CookieNeeded("a new session ID")

    def check_there(self) -> None:
        """Raise what keeps the session from being used; `SessionEnded` when it is over."""
        session = self._session
        if session.needed and session.loaded.stored is None:
            raise SessionEnded

    def __del__(self) -> None:
        for name in self.late_changes():
            app_log.warning(
                "a value of %s was changed from within after its open_state block: it is not kept",
                name,
            )


@asynccontextmanager
async def opened(
    state: RequestState, until_let_out: Callable[[], Awaitable[None]]
) -> AsyncIterator[OpenState]:
    """Open anew the state of a request, whose answer may be waiting; see the module's rules."""
    await until_let_out()
    made = state.composition
    required, visit = made.requirements(state._kinds), state.visit_after()
    anew = OpenState(made, required, visit, state._is_use)
    if anew.needs_loading():
        await anew.load()
    anew.check_there()
    try:
        yield anew
        await anew.commit()
    finally:
        anew.close()
