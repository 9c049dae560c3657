"""A connection that lets nothing out before the state is committed.

Rule 1: the handler writes as ever; headers and body wait here until the store has confirmed.
Rule 2: where there is nothing to ask of the store, nothing waits.
Rule 3: when the commit fails, what the handler wrote is thrown away, whatever it still writes is
swallowed, and somebody else is asked to answer.
Rule 4: what is confirmed goes out with every answer, and caches are told (:mod:`.answer_head`).
Rule 5: whoever waits for a held answer is told when it cannot be sent.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tornado import httputil
from tornado.log import app_log

from .answer_head import check_head, close_without, complete
from .connection_before import ConnectionBefore
from .exceptions import ResponseStarted, StateError, Unanswered
from .explaining import explain_commit, explain_load, is_asked_for
from .held_answer import Answering, HeldAnswer
from .request_state import RequestState
from .sessions.cancellations import is_let_out


class HeldConnection(ConnectionBefore):
    """The handler's connection, which lets nothing out before the state is committed.

    ``answering`` answers the error when the commit fails; without it the state is only read.
    ``handler`` is the name of the handler, for what can only be told in a log.
    """

    def __init__(
        self,
        connection: httputil.HTTPConnection,
        state: RequestState,
        answering: Answering | None,
        handler: str,
    ) -> None:
        ConnectionBefore.__init__(self, connection)
        self.state = state
        self.retry_after: int | None = None
        self._answering = answering
        self._explains = is_asked_for()
        self._handler = handler
        #: The answer that waits, None without one; it stays here when another is sent instead.
        self.held: HeldAnswer | None = None

    def for_error(self, error: Exception) -> HeldConnection:
        """Return a connection for whoever answers ``error``: the state is there to be read."""
        self.state.give_up()
        self.state.close()
        connection = type(self)(self.connection, self.state, None, self._handler)
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
        self.has_begun = True
        state, status = self.state, start_line.code  # type: ignore[union-attr]
        if self._explains:
            explain_load(state.session)
            explain_commit(state.session, status)
        failed, is_read_only = status >= 500, self._answering is None
        if failed or is_read_only:
            state.give_up()
        if is_read_only:
            return self._send(start_line, headers, chunk)
        if status == 101:
            return self._switch(start_line, headers, chunk)
        try:
            if "Set-Cookie" in headers._as_list:
                state.check_cookies(headers)
            waits = state.must_wait(failed=failed)
            if not waits:
                state.commit_cookies()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            return self._refuse(HeldAnswer(start_line, headers, chunk), error)
        if not waits:
            return self._send(start_line, headers, chunk)
        try:
            check_head(headers, chunk)
        except httputil.HTTPOutputError:
            self.connection.close()  # nobody waits for what cannot be sent
            raise
        state.close()
        return self._commit(HeldAnswer(start_line, headers, chunk))

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Send a part of the body, after the headers."""
        if self.held is None:
            sent: asyncio.Future[None] = self.connection.write(chunk)
            return sent
        if self._answering is not None:  # else somebody else has answered
            self.held.chunks = self.held.chunks or []
            self.held.chunks.append(chunk)
        return self.held.sent

    def finish(self) -> None:
        """End the response, after everything else."""
        if self.held is not None:
            self.held.is_whole = True
        else:
            self.connection.finish()
            self._answering = None  # a part of no circle, so that all of it is freed as this ends

    def detach(self) -> Any:
        """Hand the stream over; see `check_may_detach`."""
        self.check_may_detach()
        return self.connection.detach()

    def check_may_detach(self) -> None:
        """Raise for a head that waits, and as `close_without`."""
        if self.held is not None:
            raise ResponseStarted("the head waits for the store: `await self.flush()` first")
        close_without(self.state)

    def __del__(self) -> None:
        self.state.tell_late_changes(self._handler)

    def _send(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None,
    ) -> asyncio.Future[None]:
        self.state.close()
        status: int = start_line.code  # type: ignore[union-attr]
        complete(status, headers, self.state, self.retry_after, explains=self._explains)
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
            self.state.check_cookies(headers)
            self.state.check_may_switch()
            keep_alive = self.state.must_wait()
            self.state.commit_cookies()
        except Exception as error:
            self._refuse(HeldAnswer(start_line, headers, chunk), error)
            raise
        if keep_alive:
            self._task = asyncio.ensure_future(self._settle())
        return self._send(start_line, headers, chunk)

    def _commit(self, held: HeldAnswer) -> asyncio.Future[None]:
        """Hold the answer until what it claims is confirmed. ``on_finish`` is still in time."""
        self.held = held
        if held.status < 500 and self.state.may_commit_soon():
            asyncio.get_running_loop().call_soon(self._commit_soon, held)
        else:
            self._task = asyncio.ensure_future(self._commit_and_send(held))
        return held.sent

    def _commit_soon(self, held: HeldAnswer) -> None:
        answer = self.state.commit_soon()
        if answer is not None:
            answer.add_done_callback(self._committed)
        else:
            self._task = asyncio.ensure_future(self._commit_and_send(held))

    def _refuse(self, held: HeldAnswer, error: Exception) -> asyncio.Future[None]:
        """Have ``error`` answered instead."""
        self.held = held
        self._task = asyncio.ensure_future(self._give_up(held, error))
        return held.sent

    def _committed(self, answer: asyncio.Future[Any]) -> None:
        held = self.held
        assert held is not None, "it waits for this"
        try:
            is_done = self.state.committed()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            if not answer.cancelled() or is_let_out(answer):  # else the loop is being closed
                self._task = asyncio.ensure_future(self._give_up(held, error))
            return
        if is_done:
            self._release(held)
        else:
            self._task = asyncio.ensure_future(self._commit_and_send(held))

    async def _commit_and_send(self, held: HeldAnswer) -> None:
        try:
            await (self.state.commit() if held.status < 500 else self._settle())
        except Exception as error:  # noqa: BLE001 - as above
            await self._give_up(held, error)
        else:
            self._release(held)

    async def _give_up(self, held: HeldAnswer, error: Exception) -> None:
        if isinstance(error, StateError):
            self.state.give_up()
            if self.state.renewal_interrupted:
                await self._settle()
        else:
            app_log.error("the commit of a request's state failed", exc_info=error)
            error = StateError(f"the state could not be committed: {type(error).__name__}")
        await self._fail(held, error)

    async def _settle(self) -> None:
        """Commit what may be done without; where the request failed, see what was confirmed."""
        try:
            await self.state.commit()
        except Exception as error:  # noqa: BLE001 - as above
            if not isinstance(error, StateError):
                app_log.error("what a request has confirmed is not known", exc_info=error)

    def _release(self, held: HeldAnswer) -> None:
        complete(held.status, held.headers, self.state, self.retry_after, explains=self._explains)
        self.held = None
        try:
            held.release(self.connection)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the answer
            app_log.error("%s: the answer could not be sent", self._handler, exc_info=True)
            self.connection.close()
            held.fail(error)
            return
        if held.is_whole:
            self._answering = None

    async def _fail(self, held: HeldAnswer, error: StateError) -> None:
        """Have the error answered instead. To the handler, the connection stays held."""
        held.fail(error)
        assert self._answering is not None, "what is only read cannot fail to be committed"
        self._answering.answer(error)
        self._answering = None


class HeldForeignConnection(HeldConnection):
    """One before another connection than Tornado's, whatever that has."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)
