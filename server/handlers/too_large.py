"""A request that says that its body is larger than anything the shop takes.

Such a body is read and dropped, so that whoever sends it gets to read the answer. Of one that is
larger still, or does not say how long it is, Tornado refuses to read more than it always would.
"""

from __future__ import annotations

import re

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from .base import ShopHandler
from .bodies import MAX_BODY
from .errors import Refused

#: In bytes; what is dropped still takes time.
MOST_DROPPED = 64 * 1024 * 1024

_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)


def is_too_large(headers: HTTPHeaders) -> bool:
    """Return whether a request says that its body is too large."""
    length = headers.get("Content-Length", "")
    return bool(_LENGTH.fullmatch(length)) and int(length) > MAX_BODY


class TooLargeHandler(ShopHandler):
    """Answers in place of whoever the request was for."""

    def prepare(self) -> None:
        """Answer 413, whatever the method."""
        raise Refused(413, "too_large", f"A body may have {MAX_BODY:,} bytes at most.")


class Dropping(HTTPMessageDelegate):
    """Passes on everything of a request but its body."""

    def __init__(self, handler: HTTPMessageDelegate) -> None:
        self._handler = handler

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        """Pass on the headers."""
        result = self._handler.headers_received(start_line, headers)
        if result is not None:
            await result

    def data_received(self, chunk: bytes) -> None:
        """Drop a part of the body."""

    def finish(self) -> None:
        """Have the handler answer."""
        self._handler.finish()

    def on_connection_close(self) -> None:
        """Tell that nobody waits any more."""
        self._handler.on_connection_close()
