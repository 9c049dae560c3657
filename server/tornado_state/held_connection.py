"""A connection that lets nothing out before the state is committed.

Rule 1: the handler writes as ever; headers and body wait here until the store has confirmed.
Rule 2: where there is nothing to ask of the store, nothing waits.
Rule 3: when the commit fails, what the handler wrote is thrown away, whatever it still writes is
swallowed, and somebody else is asked to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, cast

from tornado import httputil
from tornado.concurrent import chain_future
from tornado.log import app_log

from .exceptions import InvalidValue, ResponseStarted, StateError, TooLarge
from .request_state import RequestState


class HeldConnection(httputil.HTTPConnection):
    """The handler's connection, which lets nothing out before the state is committed.

    ``answer`` is called with the error when the commit fails; without it the state is only read.
    """

    def __init__(
        self,
        connection: httputil.HTTPConnection,
        state: RequestState,
        answer: Callable[[StateError], None] | None = None,
    ) -> None:
        self.connection = connection
        self.state = state
        self.holding = False
        self._answer = answer
        self._chunks: list[bytes] = []
        self._finished = False
        self._when_sent: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        """Everything else is the connection's own: close callbacks, detaching, its context."""
        return getattr(self.connection, name)

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Send the headers, at once or as soon as the commit is confirmed."""
        if self._answer is None:
            return self.connection.write_headers(start_line, headers, chunk)
        status = cast(httputil.ResponseStartLine, start_line).code
        if status >= 500:
            self.state.discard()
        try:
            if status == 101 and self.state.changed:
                self._refuse_switch()
            self.state.close()
            if status == 101 or status >= 500 or not self.state.must_wait():
                self._add_cookies(headers)
                return self.connection.write_headers(start_line, headers, chunk)
        except (InvalidValue, TooLarge) as error:
            return self._hold(self._fail(error))
        return self._hold(self._commit_and_send(start_line, headers, chunk))

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Send a part of the body, after the headers."""
        if not self.holding:
            return self.connection.write(chunk)
        self._chunks.append(chunk)
        return self._sent

    def finish(self) -> None:
        """End the response, after everything else."""
        if self.holding:
            self._finished = True
        else:
            self.connection.finish()

    def when_sent(self, callback: Callable[[], None]) -> None:
        """Call back when the held response has left; never, when another was sent instead."""
        self._when_sent.append(callback)

    def _refuse_switch(self) -> NoReturn:
        """Have the error answered, and keep the handler from taking the connection over."""
        error = ResponseStarted()
        self._hold(self._fail(error))
        raise error

    def _hold(self, task: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        self.holding = True
        self._sent: asyncio.Future[None] = asyncio.Future()
        # Retrieved here, for a handler that does not wait until its response has left.
        self._sent.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        self._task = asyncio.ensure_future(task)
        return self._sent

    def _add_cookies(self, headers: httputil.HTTPHeaders) -> None:
        for cookie in self.state.set_cookies():
            headers.add("Set-Cookie", cookie.header)

    async def _commit_and_send(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> None:
        try:
            await self.state.commit()
            self._add_cookies(headers)
        except StateError as error:
            await self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            app_log.error("the commit of a request's state failed", exc_info=True)
            await self._fail(
                StateError(f"the state could not be committed: {type(error).__name__}")
            )
        else:
            self._release(self.connection.write_headers(start_line, headers, chunk))

    def _release(self, written: asyncio.Future[None]) -> None:
        self.holding = False
        for chunk in self._chunks:
            written = self.connection.write(chunk)
        if self._finished:
            self.connection.finish()
        chain_future(written, self._sent)
        for callback in self._when_sent:
            callback()

    async def _fail(self, error: StateError) -> None:
        """Throw the response away and have the error answered instead.

        What the handler still writes is swallowed: to it, the connection stays held.
        """
        self._sent.set_exception(error)
        assert self._answer is not None, "what is only read cannot fail to be committed"
        self._answer(error)
