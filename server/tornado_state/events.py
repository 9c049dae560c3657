"""What happens to sessions and is worth knowing, in one place: counted, logged, told.

Rule 1: no event carries an ID, a cookie, a key or a value.
Rule 2: everything is counted. What anybody can bring about as often as he likes - forged cookies,
unreadable records - is logged once in a while, with how often it was since.
"""

from __future__ import annotations

import logging
import time
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds between two log lines of one event.
_EVERY = 60.0


#: The names of all events.
EVENTS = (
    *("signed_in", "signed_out", "renewed", "adopted"),
    *("conflict", "refused", "forged", "unreadable"),
)


class Events:
    """Counts events by name; ``tell_also`` is called with the name of each.

    ``signed_in``, ``signed_out``, ``renewed``   what a handler asked for, once it is confirmed
    ``adopted``                   a value that was kept elsewhere is brought over
    ``conflict``, ``refused``     a change that was not kept
    ``forged``                    a cookie whose signature does not hold, or of another shape
    ``unreadable``                a record that is none of ours
    """

    def __init__(
        self,
        tell_also: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._tell_also = tell_also
        self._clock = clock
        self._logged: dict[str, tuple[float, int]] = {}

    def tell(self, event: str, sentence: str = "") -> None:
        """Count ``event``; with a ``sentence``, log that once in a while."""
        self.counts[event] += 1
        if self._tell_also is not None:
            try:
                self._tell_also(event)
            except (Exception, CancelledError):  # whatever a listener makes of it, it has happened
                log.exception("state_events failed")
        if sentence:
            self._log(event, sentence)

    def _log(self, event: str, sentence: str) -> None:
        now, count = self._clock(), self.counts[event]
        last, logged = self._logged.get(event, (now - _EVERY, 0))
        if now - last >= _EVERY:
            log.warning("%s (%d since the last line)", sentence, count - logged)
            self._logged[event] = (now, count)
