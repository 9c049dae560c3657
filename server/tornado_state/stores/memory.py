"""A session store in this process: for trying things out, and as the oracle of the contract suite.

Rule 1: records live in this process only. They end with it, and no other process sees them.
Rule 2: it is bounded, in records and in bytes. A store that is full refuses a new record and a
larger one (`StoreRefused`); it never evicts one.
Rule 3: an expired record is absent from the instant it expires. Its memory is freed when it is next
asked for, or by a sweep once the number of records has doubled since the last one, so that a
record nobody asks for again does not stay for ever. While the store is full every `add` sweeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from ..exceptions import StoreRefused
from .arguments import check_idle, check_key, check_sealed, check_token
from .base import SessionRecord, SessionStore

#: Below this many records a sweep is not worth its while.
_SMALLEST_SWEEP = 1024

#: Bytes that a record takes besides: its key, its token, the objects and the entry.
_OVERHEAD = 300


class _Kept(NamedTuple):
    record: SessionRecord
    expires: float


class MemoryStore(SessionStore):
    """The contract, kept in a dict. For one event loop.

    ``clock`` returns seconds that never go back; ``max_records`` and ``max_bytes``, with some 300
    for what each record takes besides, are the bounds of rule 2.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        max_records: int = 100_000,
        max_bytes: int = 64 * 2**20,
    ) -> None:
        self._clock = clock
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: dict[str, _Kept] = {}
        self._tokens = count(1)
        self._sweep_at = _SMALLEST_SWEEP

    async def load(self, key: str) -> SessionRecord | None:
        """See `SessionStore.load`."""
        check_key(key)
        kept = self._alive(key)
        return kept.record if kept else None

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`; `StoreRefused` beyond a bound."""
        check_key(key)
        check_sealed(sealed)
        check_idle(idle)
        if self._alive(key):
            return False
        self._make_room(_cost(sealed))
        self._keep(key, sealed, idle)
        return True

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`."""
        check_key(key)
        check_sealed(sealed)
        check_token(token)
        check_idle(idle)
        kept = self._alive(key)
        if kept is None:
            return None
        if kept.record.token != token:
            return False
        self._make_room(max(0, _cost(sealed) - _cost(kept.record.sealed)), 0)
        self._keep(key, sealed, idle)
        return True

    async def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        check_key(key)
        check_idle(idle)
        kept = self._alive(key)
        if kept is None:
            return False
        self._kept[key] = kept._replace(expires=self._clock() + idle)
        return True

    async def load_and_touch(self, key: str, idle: int) -> SessionRecord | None:
        """See `SessionStore.load_and_touch`."""
        return self._kept[key].record if await self.touch(key, idle) else None

    async def delete(self, key: str) -> bool:
        """See `SessionStore.delete`."""
        check_key(key)
        was_alive = self._alive(key) is not None
        self._drop(key)
        return was_alive

    @property
    def room(self) -> int:
        """See `SessionStore.room`."""
        return self._max_bytes

    def _alive(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and kept.expires <= self._clock():
            self._drop(key)
            return None
        return kept

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        self._bytes -= _cost(kept.record.sealed) if kept else 0

    def _keep(self, key: str, sealed: bytes, idle: int) -> None:
        self._drop(key)
        self._bytes += _cost(sealed)
        record = SessionRecord(sealed, b"%d" % next(self._tokens))
        self._kept[key] = _Kept(record, self._clock() + idle)

    def _make_room(self, more: int, records: int = 1) -> None:
        """Have room for so many ``records`` and ``more`` bytes, or raise `StoreRefused`."""
        if len(self._kept) >= self._sweep_at or not self._fits(more, records):
            now = self._clock()
            for key in [key for key, kept in self._kept.items() if kept.expires <= now]:
                self._drop(key)
            self._sweep_at = max(_SMALLEST_SWEEP, 2 * len(self._kept))
        if not self._fits(more, records):
            raise StoreRefused(
                f"the store in memory is full: {len(self._kept)} records, {self._bytes} bytes"
            )

    def _fits(self, more: int, records: int) -> bool:
        few = len(self._kept) + records <= self._max_records
        return few and self._bytes + more <= self._max_bytes


def _cost(sealed: bytes) -> int:
    return len(sealed) + _OVERHEAD
