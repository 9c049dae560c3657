"""One version of a session as the store has it, and how large it may be.

Rule: what is larger than the tier's capacity is refused before it is sent, and the old version
stands. Only a sign-in may go beyond; what it made so large may shrink in any number of steps.
"""

from __future__ import annotations

import msgspec

from ..confirmed import NOTHING, Texts
from ..exceptions import TooLarge
from ..placement import SERVER_SESSION
from ..recent import Recent

assert SERVER_SESSION.capacity is not None
#: Bytes of data.
CAPACITY: int = SERVER_SESSION.capacity


class StoredSession(msgspec.Struct, frozen=True, gc=False):
    """One version of a session as the store has it.

    ``values`` are texts by the kinds' names, times epoch seconds. ``token`` is None just after a
    write: a store does not tell the token of what it stored. ``sealed`` tells one's own write.
    """

    session_id: str
    store_key: str
    created_at: int
    written_at: int
    remembered: bool
    values: Texts
    sealed: bytes
    token: bytes | None

    @property
    def size(self) -> int:
        """Bytes of JSON."""
        return size_of(self.values)


#: Of how many sessions a version is known, at least, and how many bytes each has at most.
_REMEMBERED = 2048
_LONGEST = 2048


class RecentVersions(Recent[str, StoredSession]):
    """The version last seen of each session ID: the same sealed bytes need not be opened again."""

    def __init__(self) -> None:
        super().__init__(_REMEMBERED)

    def remember(self, stored: StoredSession) -> StoredSession:
        """Know a version, and return it."""
        if len(stored.sealed) <= _LONGEST:
            self.put(stored.session_id, stored)
        return stored


class Found(msgspec.Struct, frozen=True, gc=False):
    """What a session ID leads to.

    ``old`` is a session that goes on under another ID, ``was`` what may still be seen of it.
    """

    stored: StoredSession | None = None
    old: StoredSession | None = None
    was: Texts = NOTHING


def size_of(values: Texts) -> int:
    """Return how many bytes of JSON ``values`` are in a record."""
    size = 1
    for name, text in values.items():
        size += len(name) + len(text) + 4
    return max(2, size)


def check_size(values: Texts, fits: int) -> None:
    """Raise `TooLarge` for values beyond the capacity, unless as many bytes are taken already."""
    limit, size = max(CAPACITY, fits), size_of(values)
    if size > limit:
        raise TooLarge("the session", size, limit)
