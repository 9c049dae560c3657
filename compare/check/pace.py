"""How fast requests follow each other: kind to somebody's test server.

Rule: between two requests is at least the pause of the file's, and an answer of 429 with
Retry-After is obeyed (RFC 9110 10.2.3) as long as the file has patience.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..browser import Reply
from .tables import Pace

_TOO_MANY = 429


class Paced:
    """Waits between requests. ``wait`` waits so many seconds."""

    def __init__(self, pace: Pace, wait: Callable[[float], None] = time.sleep) -> None:
        self._pace = pace
        self._wait = wait
        self._patience = pace.patience
        self._next = 0.0

    def keep(self) -> None:
        """Wait until the next request may go out."""
        left = self._next - time.monotonic()
        if left > 0:
            self._wait(left)
        self._next = time.monotonic() + self._pace.seconds

    def obeyed(self, reply: Reply) -> bool:
        """Wait as an answer asks for; False where it asks for nothing, or for too much."""
        seconds = asked_for(reply)
        if reply.status != _TOO_MANY or seconds is None or seconds > self._patience:
            return False
        self._patience -= seconds
        self._wait(seconds)
        return True


def asked_for(reply: Reply) -> float | None:
    """Return the seconds of Retry-After, which may be a date; None without any."""
    text = reply.header("retry-after") or ""
    if text.isdigit():
        return float(text[:6])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date.replace(tzinfo=date.tzinfo or UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
