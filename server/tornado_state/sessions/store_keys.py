"""Sessions known by nothing but their store keys: which of them live, and ending them.

Rule 1: a store refuses more calls at once than it lets wait, and somebody may have any number of
sessions. So they are asked for in chunks, the next one once the store has answered for the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice

from ..stores.base import SessionStore
from .sealing import is_last_word

#: As many as share one round trip to memcached.
_AT_ONCE = 64


async def living(store: SessionStore, store_keys: Iterable[str]) -> set[str]:
    """Return those of ``store_keys`` under which a session stands, not just the end of one."""
    found = set()
    for keys in _chunks(store_keys):
        records = await asyncio.gather(*map(store.load, keys))
        pairs = zip(keys, records, strict=True)
        found |= {key for key, record in pairs if record and not is_last_word(record.sealed)}
    return found


async def end(store: SessionStore, store_keys: Iterable[str]) -> None:
    """Delete the records under ``store_keys``; returns once the store confirmed each."""
    for keys in _chunks(store_keys):
        await asyncio.gather(*map(store.delete, keys))


def _chunks(store_keys: Iterable[str]) -> Iterator[list[str]]:
    keys = iter(store_keys)
    while chunk := list(islice(keys, _AT_ONCE)):
        yield chunk
