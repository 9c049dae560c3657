"""The shapes that an application's data has had, and the way from each to today's.

Rule 1: data of an older layout is brought up by the application's migrations, one after the other.
Rule 2: data of a newer layout is left alone and counts as absent, so that an old and a new release
can run side by side.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from .sealing import Contents, decode, encode

log = logging.getLogger(__name__)

Migration = Callable[[Any], Any]


class Layouts:
    """``today`` numbers the layout written; ``migrations`` map a layout to what makes the next."""

    def __init__(self, today: int, migrations: Mapping[int, Migration]) -> None:
        self.today = today
        self._migrations = dict(migrations)

    def brought_up(self, contents: Contents) -> bytes | None:
        """Return the data in today's layout; None when that cannot be."""
        if contents.layout == self.today:
            return contents.data
        if contents.layout > self.today:
            log.warning("a session record of layout %d was left alone", contents.layout)
            return None
        data = decode(contents.data)
        for layout in range(contents.layout, self.today):
            if layout not in self._migrations:
                log.warning("no migration from layout %d of a session record", layout)
                return None
            data = self._migrations[layout](data)
        return encode(data)
