"""How long a session lives. Pure.

Rule 1: two clocks, both the server's (ASVS 5.0 7.3.1, 7.3.2). The idle timeout is the record's
expiry in the store, by the store's own clock; the absolute one counts from the record's creation,
and no activity extends it.
Rule 2: of a session that is remembered both are the longer one, as far as a store keeps a record.
Rule 3: a session in which nobody is signed in may have a shorter idle timeout: anybody can begin
one.
Rule 4: a record from more than five minutes ahead is not believed, like a signature from there.
"""

from __future__ import annotations

import msgspec

#: memcached reads a longer expiry as a date, and the record is gone at once.
LONGEST_IDLE = 30 * 86_400

_MAX_AHEAD = 300


class Clocks(msgspec.Struct, frozen=True, gc=False):
    """The time-outs of an application's sessions, in whole seconds."""

    idle_timeout: int
    absolute_timeout: int
    remember_timeout: int
    anonymous_timeout: int

    def absolute(self, *, remembered: bool) -> int:
        """Return the seconds that a session may live."""
        return self.remember_timeout if remembered else self.absolute_timeout

    def idle(self, *, remembered: bool, anonymous: bool) -> int:
        """Return the seconds that a session lives unused."""
        if remembered:
            return min(self.remember_timeout, LONGEST_IDLE)
        return self.anonymous_timeout if anonymous else self.idle_timeout

    def remaining(self, created_at: int, now: float, *, remembered: bool) -> int:
        """Return the seconds until the absolute timeout, at least 1."""
        return max(1, created_at + self.absolute(remembered=remembered) - int(now))

    def expiry(self, created_at: int, now: float, *, remembered: bool, anonymous: bool) -> int:
        """Return the seconds for which the store is to keep the record from now."""
        left = max(1, created_at + self.absolute(remembered=remembered) - int(now))
        idle = self.idle(remembered=remembered, anonymous=anonymous)
        return idle if idle < left else left

    def is_ahead(self, created_at: int, now: float) -> bool:
        """Return whether a record says that it was made when it cannot have been."""
        return created_at > now + _MAX_AHEAD
