"""A request's connection, which tells when the answer begins: what is left is then the client's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tornado import httputil


class Answering(httputil.HTTPConnection):
    """What a handler writes to; ``begins`` is called before the first byte of the answer."""

    def __init__(self, connection: httputil.HTTPConnection, begins: Callable[[], None]) -> None:
        self._connection = connection
        self._begins = begins

    def __getattr__(self, name: str) -> Any:
        """Everything else is the connection's own: close callbacks, detaching, its context."""
        return getattr(self._connection, name)

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Send the headers."""
        self._begins()
        return self._connection.write_headers(start_line, headers, chunk)

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Send a part of the body."""
        return self._connection.write(chunk)

    def finish(self) -> None:
        """End the answer."""
        self._connection.finish()
