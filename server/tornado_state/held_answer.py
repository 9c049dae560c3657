"""An answer that waits: its head, what was written of it since, and who waits until it has left.

Rule: whoever waits is told what became of it, and nobody has to wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from tornado import httputil
from tornado.concurrent import chain_future
from tornado.log import app_log


class Answering(Protocol):
    """Whoever answers in place of a handler."""

    def answer(self, error: Exception) -> None:
        """Answer ``error``."""


class HeldAnswer(msgspec.Struct, eq=False):
    """See the module. ``chunk`` is what goes out with the head, ``chunks`` what goes after it."""

    start_line: httputil.RequestStartLine | httputil.ResponseStartLine
    headers: httputil.HTTPHeaders
    chunk: bytes | None
    chunks: list[bytes] | None = None
    #: Whether nothing more will be written.
    is_whole: bool = False
    #: Done once it has left.
    sent: asyncio.Future[None] = msgspec.field(default_factory=asyncio.Future)
    #: Called when it has left; never, when another was sent instead.
    when_sent: Callable[[], None] | None = None
    _let_out: asyncio.Future[None] | None = None
    _is_over: bool = False

    @property
    def status(self) -> int:
        """The status that it has."""
        status: int = self.start_line.code  # type: ignore[union-attr]
        return status

    def fail(self, error: Exception) -> None:
        """Raise ``error`` in whoever waits; nobody takes what was written."""
        self.chunks = None
        self._tell()
        if not self.sent.done():
            self.sent.set_exception(error)
            _retrieve(self.sent)

    def release(self, connection: Any) -> None:
        """Let it out; raises what cannot be sent."""
        written: asyncio.Future[None] = connection.write_headers(
            self.start_line, self.headers, self.chunk
        )
        for part in self.chunks or ():
            written = connection.write(part)
        if self.is_whole:
            connection.finish()
        self._tell()
        if written.done() and not written.cancelled() and written.exception() is None:
            if not self.sent.done():
                self.sent.set_result(None)
        else:
            self.sent.add_done_callback(_retrieve)
            chain_future(written, self.sent)
        if self.when_sent is not None:
            try:
                self.when_sent()
            except Exception:  # noqa: BLE001 - an application's own, and the answer is another matter
                app_log.error("an answer that has left could not be logged", exc_info=True)

    async def until_let_out(self) -> None:
        """Wait until it was let out, or another was; the client may not have read any of it."""
        if not self._is_over:  # `sent` is whoever's that waits for it, who may give up
            self._let_out = self._let_out or asyncio.Future()
            await asyncio.shield(self._let_out)  # whoever gives up keeps no other waiting

    def _tell(self) -> None:
        self._is_over = True
        if self._let_out is not None and not self._let_out.done():
            self._let_out.set_result(None)


def _retrieve(sent: asyncio.Future[None]) -> None:
    """Have nothing logged for a handler that does not wait until its response has left."""
    sent.cancelled() or sent.exception()
