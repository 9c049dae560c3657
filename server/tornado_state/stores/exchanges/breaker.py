"""Whether a server is taken to be away, and the tries to reach it anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from .commands import StoreCounters, StoreError

logger = logging.getLogger(__name__)

#: Seconds a new connection has to answer, and between two tries, while the breaker is open.
PROBE_PATIENCE = _PROBE_PAUSE = 0.25


class Breaker:
    """Open while the server is away; ``probe`` is called until somebody closes it.

    The log has one line when it opens and one when it closes.
    """

    def __init__(self, name: str, counters: StoreCounters, probe: Callable[[], None]) -> None:
        self.is_open = False
        self._name, self._counters, self._probe = name, counters, probe
        self._timer: asyncio.TimerHandle | None = None

    def open(self, error: StoreError, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to probe."""
        self.is_open = True
        self._counters.openings += 1
        logger.warning("%s: %s; calls fail at once until it answers", self._name, error)
        self._later(loop)

    def close(self) -> None:
        """Stop probing, for the server answers."""
        self.is_open = False
        self.end()
        logger.warning("%s answers again", self._name)

    def end(self) -> None:
        """Stop probing for good."""
        if self._timer is not None:
            self._timer.cancel()

    def _later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(_PROBE_PAUSE, self._now, loop)

    def _now(self, loop: asyncio.AbstractEventLoop) -> None:
        self._later(loop)  # first: whatever this try ends in, there is another
        self._probe()
