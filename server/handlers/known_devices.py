"""What a device is known by: a signed cookie of its own, bounded (OWASP's device cookies).

A stranger's guesses at a password do not count for a device that has signed in to the account
before (:mod:`..accounts.throttle`). The cookie tells nobody whose account that is, signs nobody in
and outlives sign-out; whoever copies it gains ten guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tornado_state import Kind

#: Marks of the accounts that have signed in here, the one that came last in the end.
DEVICE: Final = Kind(
    "device",
    list[str],
    default=[],
    size=256,
    outage_proof=True,
    outlives_logout=True,
    on_conflict="last_write",
)

_MOST = 4


def with_mark(marks: Sequence[str], mark: str) -> list[str]:
    """Return the marks with this one, and without those that came long before. Pure."""
    return [*(each for each in marks if each != mark), mark][-_MOST:]
