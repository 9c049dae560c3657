"""Load before the handler, commit before the first byte of the response.

Tornado awaits nothing between a handler's method and the response, so this works one layer below:
the application gives each handler that names kinds a delegate which loads its state as soon as the
headers are there, and a connection which holds the response until the store has confirmed what the
handler changed. That covers ``finish``, ``flush``, redirects, error pages, streaming and handlers
of other people alike.

Rule 1: the first byte leaves after the commit. If the commit fails, the response made so far is
thrown away and the request is answered by the error handler; the access log tells only what was
sent.
Rule 2: a handler that raised, or answers 5xx, commits nothing and sends no cookie.
Rule 3: nothing to ask of the store, nothing to wait for: the response passes straight through.
Rule 4: a protocol switch (101) cannot wait. What it changed must be committed before, with
``await state.commit()``; otherwise the handshake fails and nothing is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable
from typing import Any, ClassVar

from tornado import httputil
from tornado.log import gen_log
from tornado.web import Application, RequestHandler

from .exceptions import StateError
from .held_connection import HeldConnection
from .kinds import Kind
from .request_state import RequestState
from .tiers import StateTiers


class StateHandler(RequestHandler):
    """A handler with state: name the ``kinds`` it uses, and find them in ``self.state``."""

    kinds: ClassVar[tuple[Kind, ...]] = ()

    @classmethod
    def kinds_for(cls, request: httputil.HTTPServerRequest) -> tuple[Kind, ...]:
        """Return the kinds used for ``request``, of which only the headers are there yet."""
        return cls.kinds

    @property
    def state(self) -> RequestState:
        """The request's state; `RuntimeError` when the handler names no kinds."""
        connection = self.request.connection
        if not isinstance(connection, HeldConnection):
            raise RuntimeError(f"{type(self).__name__} names no kinds, so it has no state")
        return connection.state

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error, and commit nothing. A `StateError` brings its own status."""
        if isinstance(self.request.connection, HeldConnection):
            self.state.discard()
        error = kwargs.get("exc_info", (None, None))[1]
        super().send_error(error.status if isinstance(error, StateError) else status_code, **kwargs)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what has a status of its own in a line; a traceback is for what nobody foresaw."""
        if isinstance(value, StateError) and value.status != 500:
            gen_log.warning("%d %s: %s", value.status, self._request_summary(), value)
        else:
            super().log_exception(typ, value, tb)


class StateErrorHandler(StateHandler):
    """Answers a request whose commit failed; subclass it together with your own ``write_error``."""

    def initialize(self, error: StateError) -> None:
        """Take over from the handler whose changes could not be kept."""
        self.error = error

    def prepare(self) -> None:
        """Raise the error, whatever the method."""
        raise self.error


class StateApplication(Application):
    """An application whose handlers have state.

    ``tiers`` says where each kind is kept; ``state_error_handler`` answers when a commit fails.
    """

    def __init__(
        self,
        handlers: Any = None,
        *,
        tiers: StateTiers,
        state_error_handler: type[RequestHandler] = StateErrorHandler,
        **settings: Any,
    ) -> None:
        super().__init__(handlers, **settings)
        self._tiers = tiers
        self._state_error_handler = state_error_handler

    # Tornado types this by the private class it returns; what its caller uses is the delegate's
    # interface.
    def get_handler_delegate(  # type: ignore[override]
        self,
        request: httputil.HTTPServerRequest,
        target_class: type[RequestHandler],
        *args: Any,
        **kwargs: Any,
    ) -> httputil.HTTPMessageDelegate:
        """Give a handler that names kinds its state, any other one what Tornado gives it."""
        kinds = _kinds_for(target_class, request)
        if not kinds or request.connection is None:
            return super().get_handler_delegate(request, target_class, *args, **kwargs)
        try:
            state = RequestState(self._tiers, request.headers.get_list("Cookie"), kinds)
        except StateError as error:
            wrong = {"error": error}
            return super().get_handler_delegate(request, self._state_error_handler, wrong)

        def answer(error: StateError) -> None:
            self._answer_failure(request, held, error)

        held = HeldConnection(request.connection, state, answer)
        request.connection = held
        handler = super().get_handler_delegate(request, target_class, *args, **kwargs)
        return _LoadFirst(state, handler)

    def _answer_failure(
        self, request: httputil.HTTPServerRequest, held: HeldConnection, error: StateError
    ) -> None:
        """Answer anew on the same connection; the state is there to be read, not to be changed."""
        held.state.discard()
        anew = copy.copy(request)
        anew.connection = HeldConnection(held.connection, held.state)
        super().get_handler_delegate(anew, self._state_error_handler, {"error": error}).finish()

    def log_request(self, handler: RequestHandler) -> None:
        """Log once it is known what was sent."""
        connection = handler.request.connection
        if isinstance(connection, HeldConnection) and connection.holding:
            connection.when_sent(lambda: super(StateApplication, self).log_request(handler))
        else:
            super().log_request(handler)


def _kinds_for(
    target_class: type[RequestHandler], request: httputil.HTTPServerRequest
) -> tuple[Kind, ...]:
    if issubclass(target_class, StateHandler):
        return target_class.kinds_for(request)
    kinds: tuple[Kind, ...] = getattr(target_class, "kinds", ())
    return kinds


class _LoadFirst(httputil.HTTPMessageDelegate):
    """Loads the state when the headers are there, then hands over to the handler's own delegate."""

    def __init__(self, state: RequestState, handler: httputil.HTTPMessageDelegate) -> None:
        self._state = state
        self._handler = handler

    async def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> None:
        await self._state.load()
        result = self._handler.headers_received(start_line, headers)
        if result is not None:
            await result

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._handler.data_received(chunk)

    def finish(self) -> None:
        self._handler.finish()

    def on_connection_close(self) -> None:
        self._handler.on_connection_close()
