"""What memcached holds, as whoever has it sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tornado_state.sessions.sealing import is_last_word

from ..memcached_process import MemcachedProcess
from ..targets import Target
from .wire import taken_apart

_SHOWN_BYTES = 48
_SHOWN_RECORDS = 6

#: Seconds that each answer may take: whoever looks keeps others waiting.
_PATIENCE = 1.0


def records_shown(memcached: MemcachedProcess, mine: str | None) -> dict[str, Any]:
    """Return the first few records, ``mine`` before all, and how many ``more`` there are.

    Of each: its key, size, first bytes, seconds left, whether it is ``mine``, and whether it only
    says that its session has ended.
    """
    expiries = memcached.keys(patience=_PATIENCE)
    shown = sorted(expiries, key=lambda key: key != mine)[:_SHOWN_RECORDS]
    records = memcached.values(shown, patience=_PATIENCE)
    now = int(time.time())
    return {
        "records": [
            {
                "key": key,
                "size": len(value),
                "bytes": value[:_SHOWN_BYTES].hex(" "),
                "left": max(0, expiries[key] - now),
                "yours": key == mine,
                "ended": is_last_word(value),
            }
            for key, value in records.items()
        ],
        "more": len(expiries) - len(shown),
    }


def record_of(target: Target, jar: Mapping[str, str]) -> bytes | None:
    """Return the session in memcached that the ID of a jar points to, as it is kept there.

    What an ended one leaves for a moment, to say that it has ended, is none.
    """
    key = key_of(target, jar)
    found = target.memcached.values([key], patience=_PATIENCE) if key else {}
    return next((value for value in found.values() if not is_last_word(value)), None)


def key_of(target: Target, jar: Mapping[str, str]) -> str | None:
    """Return under which key ``jar``'s session is kept; None without one."""
    for name, value in jar.items():
        parts = taken_apart(value) if name.endswith("-session-id") else None
        if parts is not None:
            return target.store_key(parts["value"])
    return None
