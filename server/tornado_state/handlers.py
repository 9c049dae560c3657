"""Handlers with state: declare kinds as class attributes, and use them as attributes.

Rule 1: a kind assigned to a class attribute, of the handler or of a base, is declared. The
attribute of an instance is the value in the request at hand.
Rule 2: `current_user` is the value of the identity kind, so Tornado's ``authenticated``, templates
and UI modules work unchanged. While nobody can tell who is signed in, neither does it.
Rule 3: a cookie of the application's state is set and cleared by the state alone. Of two headers of
one name the browser keeps the last (RFC 6265bis 5.7), and what that says is not what is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

from tornado import httputil
from tornado.escape import native_str
from tornado.iostream import IOStream
from tornado.log import gen_log
from tornado.web import RequestHandler

from .composition import Composition
from .declaring import declared_kinds
from .exceptions import ReservedCookie, StateError, Unanswered, UndeclaredKind
from .held_connection import HeldConnection
from .kinds import Kind
from .open_state import OpenState, opened
from .request_state import Pending, RequestState


class StateHandler(RequestHandler):
    """A handler with state. See the module's rules."""

    declared_kinds: ClassVar[dict[str, Kind[Any]]] = {}

    #: Whether a request is a use of the session, and pushes its idle clock. False is for what asks
    #: by itself, again and again: a page that polls. What is written keeps a session alive anyway.
    counts_as_use: ClassVar[bool] = True

    #: What the handler had asked for when it failed, until it is finished.
    _failed_with: Pending | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.declared_kinds = declared_kinds(cls)

    @classmethod
    def kinds_for(cls, request: httputil.HTTPServerRequest) -> Iterable[Kind[Any]]:
        """Return those of the declared kinds that ``request`` is about, all of them by default.

        For a handler that answers some requests without its session: what is not named is not
        loaded, and raises `UndeclaredKind` when it is used.
        """
        return cls.declared_kinds.values()

    @property
    def state(self) -> RequestState:
        """The request's state; `UndeclaredKind` when the handler declares no kinds."""
        connection = self.request.connection
        if not isinstance(connection, HeldConnection):
            raise UndeclaredKind(
                "state", f"{type(self).__name__}, or it is not served by a StateApplication"
            )
        return connection.state

    @property
    def has_state(self) -> bool:
        """Whether this request has state: the handler declares kinds that it is about."""
        return isinstance(self.request.connection, HeldConnection)

    def open_state(self) -> AbstractAsyncContextManager[OpenState]:
        """Give the visitor's state anew, for after the answer began: see :mod:`.open_state`.

        Raises `SessionEnded` when the session is over, or there is none and a kind is kept there.
        """
        return opened(self.state, self._until_let_out)

    async def _until_let_out(self) -> None:
        """Wait for an answer that waits for the store: until then nobody has what it says."""
        connection = self.request.connection
        if isinstance(connection, HeldConnection) and connection.held is not None:
            await connection.held.until_let_out()

    @property
    def current_user(self) -> Any:
        """Who is signed in by now; or, as with Tornado, what was set, or found in one's own way."""
        own_way = type(self).get_current_user is not StateHandler.get_current_user
        if own_way or "_current_user" in self.__dict__:
            return super().current_user
        return self.get_current_user()

    @current_user.setter
    def current_user(self, value: Any) -> None:
        self._current_user = value

    def get_current_user(self) -> Any:
        """Return the value of the identity kind, None when nobody is signed in.

        Raises `StoreUnavailable` while nobody can tell, `UndeclaredKind` when the handler does not
        load it.
        """
        if not self.has_state and self._nobody_signs_in():
            return None
        return self.state.identity

    def _nobody_signs_in(self) -> bool:
        composition = self._composition
        return composition is not None and composition.identity is None

    @property
    def _composition(self) -> Composition | None:
        return getattr(self.application, "composition", None)

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **kwargs: Any) -> None:
        """As Tornado's, which all others go through; `ReservedCookie` for one of the state's."""
        if native_str(name) in self._cookies_of_state():
            raise ReservedCookie(native_str(name))
        super().set_cookie(name, value, *args, **kwargs)

    def clear_all_cookies(self, **kwargs: Any) -> None:
        """Have the browser forget all that it sent: as Tornado's, and ``state.destroy`` for ours.

        Raises `UndeclaredKind` where the handler does not load the session that there may be.
        """
        ours = self._cookies_of_state()
        if ours:
            self.state.destroy(everything=True)
        for name in self.request.cookies:
            if name not in ours:
                self.clear_cookie(name, **kwargs)

    def _cookies_of_state(self) -> Collection[str]:
        composition = self._composition
        return composition.cookie_names if composition else ()

    def get_template_namespace(self) -> dict[str, Any]:
        """Return what every template may use; ``current_user`` is None where it is not loaded."""
        if "_current_user" not in self.__dict__ and not self._knows_user():
            self.current_user = None
        return super().get_template_namespace()

    def _knows_user(self) -> bool:
        try:
            self.current_user  # noqa: B018 - which is asked for as it is read
        except UndeclaredKind:
            return False
        return True

    def detach(self) -> IOStream:
        """Take the stream over; `ResponseStarted` for a change that only an answer would keep."""
        connection = self.request.connection
        if isinstance(connection, HeldConnection):
            connection.check_may_detach()  # before Tornado takes the request for done
        return super().detach()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error; a `StateError` brings its own status.

        An error below 500 is an answer like any other and keeps what was changed. So is another one
        that ``write_error`` answers with 400 to 499: it has foreseen it. Where it answers as if
        nothing had gone wrong, nothing is kept but what it has changed itself.
        """
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = error.status if isinstance(error, StateError) else status_code
        connection = self.request.connection
        if isinstance(connection, HeldConnection):
            if isinstance(error, Unanswered):
                connection.retry_after = error.retry_after
            if status >= 500 and not self._headers_written:
                self._failed_with = connection.state.pending()
        super().send_error(status, **kwargs)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> asyncio.Future[None]:
        """As Tornado's; of a failure that is told as none nothing is kept."""
        if self._failed_with is not None and self._status_code < 400 and not self._headers_written:
            self.state.take_back(self._failed_with)
        self._failed_with = None
        return super().finish(chunk)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what has a status of its own in a line; a traceback is for what nobody foresaw."""
        if isinstance(value, StateError) and value.status != 500:
            gen_log.warning("%d %s: %s", value.status, self._request_summary(), value)
        else:
            super().log_exception(typ, value, tb)
