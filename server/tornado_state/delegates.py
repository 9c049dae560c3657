"""What Tornado's server talks to, for one request of a handler with state.

Rule 1: the state is loaded before the handler begins: with the whole body, or as soon as the
headers are there for a handler that takes the body as it comes.
Rule 2: whatever goes wrong before the handler begins, somebody answers.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tornado import httputil
from tornado.log import app_log
from tornado.web import Application, HTTPError, RequestHandler

from .exceptions import StateError
from .held_connection import HeldConnection
from .request_state import RequestState
from .sessions.cancellations import is_let_out


def _status(error: Exception) -> int:
    if isinstance(error, HTTPError):
        return error.status_code
    return error.status if isinstance(error, StateError) else 500


class AnswerOnly(httputil.HTTPMessageDelegate):
    """Answers a request with an error, once its body is there."""

    def __init__(self, answer: Callable[[Exception], None], error: Exception) -> None:
        self._answer = answer
        self._error = error

    def data_received(self, chunk: bytes) -> None:
        """Drop it."""

    def finish(self) -> None:
        """Answer."""
        self._answer(self._error)

    #: What is called where one application calls another.
    execute = finish


class LoadFirst(httputil.HTTPMessageDelegate):
    """Loads the state before the handler begins: with the whole body, or ``early`` without it."""

    #: Set once there is a state, and a handler's own delegate.
    _state: RequestState
    _handler: httputil.HTTPMessageDelegate

    def __init__(
        self,
        application: Application,
        request: httputil.HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any],
    ) -> None:
        self._application = application
        self._request = request
        self._target_class = target_class
        self._target_kwargs = target_kwargs
        self._early: bool = target_class._stream_request_body

    #: Of what stands in a handler's place: it takes all that comes.
    _finished = False

    def before(self, state: RequestState, handler: httputil.HTTPMessageDelegate) -> LoadFirst:
        """Return itself, which loads ``state`` before ``handler`` begins."""
        self._state, self._handler = state, handler
        return self

    def answer(self, error: Exception) -> None:
        """Have a new instance of the handler answer ``error``, and nothing but that.

        It is not executed: neither its method nor ``prepare``, nor any check of the request, could
        change what has become of the request. Its request is a copy with a connection of its own:
        the handler that failed may still be writing to the other, where it is swallowed.
        """
        request = self._request
        if isinstance(request.connection, HeldConnection):
            self._tell_gone(request.connection)
            connection = request.connection.for_error(error)
            request = copy.copy(request)
            request.connection = connection
        handler = self._made(request)
        handler._transforms = []
        told = (type(error), error, error.__traceback__)
        try:
            handler.log_exception(*told)
        except Exception:  # noqa: BLE001 - as Tornado has it: an error in telling it takes no answer
            app_log.error("Error in exception logger", exc_info=True)
        try:
            handler.send_error(_status(error), exc_info=told)
        except Exception:  # noqa: BLE001 - as above; it was made for requests that were begun
            app_log.error("%s cannot answer an error", self._target_class.__name__, exc_info=True)
            self._answer_plainly(handler, error)

    def _tell_gone(self, connection: HeldConnection) -> None:
        """Tell a handler that still writes, and may never stop, that nobody takes it any more.

        One that takes the body, which still comes, ends with that.
        """
        told = getattr(connection.connection, "_close_callback", None)
        writes = connection.held is not None and not connection.held.is_whole
        if told is not None and writes and not self._early:
            asyncio.get_running_loop().call_soon(told)

    def _answer_plainly(self, failed: RequestHandler, error: Exception) -> None:
        """Have Tornado's own handler answer in place of one that ``failed`` to."""
        if not failed._headers_written:
            handler = RequestHandler(self._application, failed.request)
            handler._transforms = []
            handler.send_error(_status(error))
        elif not failed._finished:
            failed.request.connection.close()  # type: ignore[union-attr]  # nothing more will come

    def _made(self, request: httputil.HTTPServerRequest) -> RequestHandler:
        """Return the handler, or Tornado's own in place of one that cannot even be made."""
        try:
            return self._target_class(self._application, request, **self._target_kwargs)
        except Exception:  # noqa: BLE001 - of whatever class: the client gets an answer
            app_log.error("%s cannot be made", self._target_class.__name__, exc_info=True)
            return RequestHandler(self._application, request)

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        """Have the handler begin, if it takes the body as it comes, with its state there."""
        if self._early:
            return self._begin_early(start_line, headers)
        return self._handler.headers_received(start_line, headers)

    async def _begin_early(self, start_line: Any, headers: httputil.HTTPHeaders) -> None:
        try:
            if self._state.needs_loading():
                await self._state.load()
        except Exception as error:  # noqa: BLE001 - of whatever class: the client gets an answer
            self._handler = AnswerOnly(self.answer, error)
            return
        begun = self._handler.headers_received(start_line, headers)
        assert begun is not None, "a handler that takes the body as it comes says when it is ready"
        await begun
        connection = self._request.connection
        held = connection.held if isinstance(connection, HeldConnection) else None
        if held is not None and held.is_whole:
            # The body may be one that nobody takes, and close the connection.
            await held.until_let_out()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass it on, but not to a handler that has answered, though its answer may be waiting.

        Once that has left, Tornado itself passes nothing on.
        """
        if self._early and getattr(self._handler, "handler", self)._finished:
            return None
        return self._handler.data_received(chunk)

    def finish(self) -> None:
        """Have the handler begin, if it has not yet, with its state there."""
        if self._early:
            self._handler.finish()
        else:
            self._load_and(self._handler.finish)

    def execute(self) -> None:
        """Have the handler begin where one application calls another: the body is there."""
        self._load_and(cast(Any, self._handler).execute)

    def _load_and(self, begin: Callable[[], object]) -> None:
        if not self._state.needs_loading():
            self._begin(begin)
        elif answer := self._state.look_up():
            self._when_loaded = begin
            answer.add_done_callback(self._looked_up)
        else:
            self._load_later(begin)

    def _looked_up(self, answer: asyncio.Future[Any]) -> None:
        if not answer.cancelled() and self._state.session.looked_up(answer):
            self._begin(self._when_loaded)
        elif not answer.cancelled() or is_let_out(answer):  # else the loop is being closed
            self._load_later(self._when_loaded)

    def _load_later(self, begin: Callable[[], object]) -> None:
        self._loading = asyncio.ensure_future(self._load_and_begin(begin))

    async def _load_and_begin(self, begin: Callable[[], object]) -> None:
        try:
            await self._state.load()
        except Exception as error:  # noqa: BLE001 - as above: what is adopted is of others' making
            self.answer(error)
        else:
            self._begin(begin)

    def _begin(self, begin: Callable[[], object]) -> None:
        try:
            begin()
        except httputil.HTTPInputError as error:
            self._answer_once(HTTPError(400, "%s", error))
        except Exception as error:  # noqa: BLE001 - a handler that cannot even be made
            self._answer_once(error)

    def _answer_once(self, error: Exception) -> None:
        """Answer an error of a handler that has not: two answers would be two requests'."""
        connection = self._request.connection
        if not (isinstance(connection, HeldConnection) and connection.has_begun):
            self.answer(error)
            return
        app_log.error("a handler has answered, and failed", exc_info=error)
        if not getattr(self._handler, "handler", self)._finished:
            connection.close()

    def on_connection_close(self) -> None:
        """Tell the handler; it does not begin with a body that never came whole."""
        self._handler.on_connection_close()
