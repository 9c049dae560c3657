"""What memcached holds, as whoever has it sees it."""

from __future__ import annotations

import time
from typing import Any

from server.state.sealing import store_key

from ..memcached_process import MemcachedProcess
from .wire import taken_apart

_SHOWN_BYTES = 48


def records_shown(memcached: MemcachedProcess, jar: dict[str, str]) -> list[dict[str, Any]]:
    """Return each record: its key, size, first bytes, seconds left, and whether it is ``jar``'s."""
    mine = _key_of(jar)
    expiries, records = memcached.keys(), memcached.records()
    return [
        {
            "key": key,
            "size": len(value),
            "bytes": value[:_SHOWN_BYTES].hex(" "),
            "left": max(0, expiries.get(key, 0) - int(time.time())),
            "yours": key == mine,
        }
        for key, value in sorted(records.items(), key=lambda record: record[0] != mine)
    ]


def _key_of(jar: dict[str, str]) -> str | None:
    for name, value in jar.items():
        parts = taken_apart(value) if name.endswith("-session-id") else None
        if parts is not None:
            return store_key(parts["value"])
    return None
