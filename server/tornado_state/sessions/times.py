"""When sessions were used, and when they end, by the clocks of :mod:`.clocks`.

Rule: a session that does not say who is signed in, in whatever version of the kind that says it,
has an idle timeout of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from .clocks import Clocks
from .stored import StoredSession
from .touches import Touches

#: Of the idle timeout, before its clock is pushed.
_TOUCH_AFTER = 0.1


class SessionTimes:
    """See the module's rule. ``identity`` is the name of the kind that says who is signed in."""

    def __init__(self, clocks: Clocks, clock: Callable[[], float]) -> None:
        self.clocks = clocks
        self.clock = clock
        self.identity: str | None = None
        shortest = min(clocks.idle_timeout, clocks.anonymous_timeout)
        self._touches = Touches(shortest * _TOUCH_AFTER, clock)

    def touch_due(self, stored: StoredSession) -> bool:
        """Return whether a tenth of the idle timeout is used up, as far as this process knows."""
        return self._touches.due(stored.store_key)

    def used(self, stored: StoredSession) -> None:
        """Note that the record was written or touched just now."""
        self._touches.done(stored.store_key)

    def last_used_at(self, stored: StoredSession) -> float:
        """Return when the session was last used, in epoch seconds, as far as this process knows."""
        return max(stored.written_at, self._touches.last(stored.store_key) or 0)

    def expires_at(self, stored: StoredSession) -> float:
        """Return when the session ends if it is not used again, in epoch seconds."""
        anonymous = self.is_anonymous(stored)
        idle = self.clocks.idle(remembered=stored.remembered, anonymous=anonymous)
        absolute = self.clocks.absolute(remembered=stored.remembered)
        return min(self.last_used_at(stored) + idle, stored.created_at + absolute)

    def remaining(self, stored: StoredSession) -> int:
        """Return the seconds until the absolute timeout, at least 1."""
        created_at, remembered = stored.created_at, stored.remembered
        return self.clocks.remaining(created_at, self.clock(), remembered=remembered)

    def expiry(self, stored: StoredSession) -> int:
        """Return the seconds for which the store is to keep the record from now."""
        return self.clocks.expiry(
            stored.created_at,
            self.clock(),
            remembered=stored.remembered,
            anonymous=self.is_anonymous(stored),
        )

    def is_anonymous(self, stored: StoredSession) -> bool:
        """Return whether it does not say who is signed in."""
        if self.identity is None or self.identity in stored.values:
            return self.identity is None
        return not any(name.partition("@")[0] == self.identity for name in stored.values)
