"""A connection that lets nothing out before the state is committed.

Rule 1: the handler writes as ever; headers and body wait here until the store has confirmed.
Rule 2: where there is nothing to ask of the store, nothing waits.
Rule 3: when the commit fails, what the handler wrote is thrown away, whatever it still writes is
swallowed, and somebody else is asked to answer.
Rule 4: what is confirmed goes out with every answer, and caches are told (:mod:`.answer_head`).
Rule 5: what fails while a held answer is let out fails as it would have without waiting: whoever
waits for it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tornado import httputil
from tornado.concurrent import chain_future
from tornado.log import app_log

from .answer_head import check_head, tell_keepers
from .exceptions import ResponseStarted, StateError, Unanswered
from .explaining import explain_commit, explain_cookies, explain_load, is_asked_for
from .late_changes import tell_last
from .request_state import RequestState


class HeldConnection(httputil.HTTPConnection):
    """The handler's connection, which lets nothing out before the state is committed.

    ``answer`` is called with the error when the commit fails; without it the state is only read.
    ``handler`` is the name of the handler, for what can only be told in a log.
    """

    def __init__(
        self,
        connection: httputil.HTTPConnection,
        state: RequestState,
        answer: Callable[[Exception], None] | None,
        handler: str,
    ) -> None:
        # More than Tornado's interface says: whoever serves, and who detaches it, knows what it is.
        self.connection: Any = connection
        self.state = state
        self.holding = False
        self.retry_after: int | None = None
        self._answer = answer
        self._explains = is_asked_for()
        self._handler = handler
        self._chunks: list[bytes] = []
        self._finished = False
        self._when_sent: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        """Everything else is the connection's own: detaching, its context."""
        return getattr(self.connection, name)

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have ``callback`` called when the client leaves early."""
        self.connection.set_close_callback(callback)

    def for_error(self, error: Exception) -> HeldConnection:
        """Return a connection for whoever answers ``error``: the state is there to be read."""
        self.state.discard()
        self.state.close()
        connection = HeldConnection(self.connection, self.state, None, self._handler)
        if isinstance(error, Unanswered):
            connection.retry_after = error.retry_after
        return connection

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Send the headers, at once or as soon as the commit is confirmed."""
        status: int = start_line.code  # type: ignore[union-attr]
        if self._explains:
            explain_load(self.state.session)
            explain_commit(self.state.session, status)
        if status >= 500 or self._answer is None:
            self.state.discard()
        if self._answer is None:
            return self._send(start_line, headers, chunk)
        if status == 101:
            return self._switch(start_line, headers, chunk)
        try:
            if self.state.must_wait(failed=status >= 500):
                self._check_head(headers, chunk)
                self.state.close()
                return self._hold(self._commit_and_send(start_line, headers, chunk))
            self.state.commit_cookies()
        except StateError as error:
            return self._hold(self._fail(error))
        return self._send(start_line, headers, chunk)

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Send a part of the body, after the headers."""
        if not self.holding:
            sent: asyncio.Future[None] = self.connection.write(chunk)
            return sent
        self._chunks.append(chunk)
        return self._sent

    def finish(self) -> None:
        """End the response, after everything else."""
        if self.holding:
            self._finished = True
        else:
            self.connection.finish()
            self._let_go()

    def _let_go(self) -> None:
        """Be part of no circle any more, so that what this request made is freed as it ends."""
        self._answer = None
        self._when_sent.clear()

    def when_sent(self, callback: Callable[[], None]) -> None:
        """Call back when the held response has left; never, when another was sent instead."""
        self._when_sent.append(callback)

    def __del__(self) -> None:
        if self.state.can_change_late():
            tell_last(self.state, self._handler)

    def _check_head(self, headers: httputil.HTTPHeaders, chunk: bytes | None) -> None:
        try:
            check_head(headers, chunk)
        except httputil.HTTPOutputError:
            self._close()
            raise

    def _close(self) -> None:
        """Let nobody wait for what cannot be sent."""
        self.connection.close()

    def _send(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> asyncio.Future[None]:
        self.state.close()
        self._complete(start_line.code, headers)  # type: ignore[union-attr]
        sent: asyncio.Future[None] = self.connection.write_headers(start_line, headers, chunk)
        return sent

    def _switch(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> asyncio.Future[None]:
        """Send the headers at once, or raise, so that the handler takes no connection over.

        Only that a session is kept alive, which changes nothing, may come after the answer.
        """
        try:
            if self.state.changed:
                raise ResponseStarted
            keep_alive = self.state.must_wait()
            self.state.commit_cookies()
        except StateError as error:
            self._hold(self._fail(error))
            raise
        if keep_alive:
            self._task = asyncio.ensure_future(self._settle(fatal=False))
        return self._send(start_line, headers, chunk)

    def _hold(self, task: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        self.holding = True
        self._sent: asyncio.Future[None] = asyncio.Future()
        # Retrieved here, for a handler that does not wait until its response has left.
        self._sent.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        self._task = asyncio.ensure_future(task)
        return self._sent

    def _complete(self, status: int, headers: httputil.HTTPHeaders) -> None:
        """Add cookies, and what caches and clients must know."""
        cookies = self.state.set_cookies()
        for cookie in cookies:
            headers.add("Set-Cookie", cookie.header)
        tell_keepers(headers, sets_cookies=bool(cookies), depends=self.state.was_read)
        if self._explains:
            explain_cookies(cookies)
        if (timing := self.state.timing) is not None:
            headers.add("Server-Timing", timing)
        if status == 503 and self.retry_after is not None and "Retry-After" not in headers:
            headers["Retry-After"] = str(self.retry_after)

    async def _commit_and_send(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> None:
        status = start_line.code  # type: ignore[union-attr]
        try:
            await self._settle(fatal=status < 500)
        except StateError as error:
            self.state.discard()
            if self.state.renewal_interrupted:
                await self._settle(fatal=False)
            await self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            app_log.error("the commit of a request's state failed", exc_info=True)
            await self._fail(
                StateError(f"the state could not be committed: {type(error).__name__}")
            )
        else:
            self._complete(status, headers)
            self._release(start_line, headers, chunk)

    async def _settle(self, *, fatal: bool) -> None:
        """Commit; with an answer of 500 and above, that is to see what was confirmed before."""
        try:
            await self.state.commit()
        except StateError:
            if fatal:
                raise

    def _release(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> None:
        self.holding = False
        try:
            written = self.connection.write_headers(start_line, headers, chunk)
            for part in self._chunks:
                written = self.connection.write(part)
            if self._finished:
                self.connection.finish()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the answer
            app_log.error("%s: the answer could not be sent", self._handler, exc_info=True)
            self._close()
            self._sent.set_exception(error)
            return
        chain_future(written, self._sent)
        for callback in self._when_sent:
            callback()
        if self._finished:
            self._let_go()

    async def _fail(self, error: StateError) -> None:
        """Throw the response away and have the error answered instead.

        What the handler still writes is swallowed: to it, the connection stays held.
        """
        self._sent.set_exception(error)
        assert self._answer is not None, "what is only read cannot fail to be committed"
        self._answer(error)
        self._let_go()
