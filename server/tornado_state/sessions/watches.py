"""Who wants to know when a session ends: open sockets, streams.

Rule 1: an end that this process brings about is told at once, any other one at the next look.
Rule 2: a look asks the store about every watched session, as many at once as share a round trip,
and pushes no idle clock but of sessions that their watchers want kept alive.
Rule 3: no answer is not an end: while the store is away nobody is told anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tornado.ioloop import PeriodicCallback

from ..exceptions import StoreUnavailable
from .records import SessionRecords
from .session import Session
from .store_keys import living
from .stored import StoredSession

log = logging.getLogger(__name__)

_FAILED = "what was to be done at the end of a session failed"

#: What is called at the end of a session; a coroutine that it returns is run.
WhenEnded = Callable[[], object]


class _Watch(NamedTuple):
    stored: StoredSession
    when_ended: WhenEnded
    keeps_alive: bool


class Watches:
    """See the module's rules. ``look_every`` is in seconds."""

    def __init__(self, records: SessionRecords, look_every: int) -> None:
        self._records = records
        self._look_every = look_every
        self._by_key: dict[str, list[_Watch]] = {}
        self._looking: PeriodicCallback | None = None
        self._telling: set[asyncio.Task[None]] = set()

    @contextmanager
    def watching(
        self, session: Session, when_ended: WhenEnded, *, keeps_alive: bool, begins: bool = False
    ) -> Iterator[None]:
        """Call ``when_ended``, once, if the session ends before the block does.

        One that ``begins``, or is to go on under another ID, is watched from then on.
        """
        watch: _Watch | None = None

        def begin(stored: StoredSession) -> None:
            nonlocal watch
            watch = _Watch(stored, when_ended, keeps_alive)
            self._add(watch)

        if begins:
            session.when_begun += (begin,)
        elif session.stored is not None:
            begin(session.stored)
        try:
            yield
        finally:
            session.when_begun = tuple(each for each in session.when_begun if each is not begin)
            if watch is not None:
                self._drop(watch)

    def ended(self, store_key: str) -> None:
        """Tell whoever watches the session; what they raise is theirs."""
        for watch in self._by_key.pop(store_key, []):
            try:
                told = watch.when_ended()
            except (Exception, asyncio.CancelledError):  # nobody waits here who could be cancelled
                log.exception(_FAILED)
            else:
                if asyncio.iscoroutine(told):
                    self._go_on(told)
        self._rest()

    def _go_on(self, told: Awaitable[object]) -> None:
        task = asyncio.ensure_future(_logged(told))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def look(self) -> None:
        """Ask the store which of the watched sessions still stand."""
        watched = list(self._by_key)
        try:
            stand = await living(self._records.store, watched)
        except StoreUnavailable:
            log.warning("the store does not say which of the watched sessions have ended")
            return
        for store_key in watched:
            if store_key not in stand:
                self.ended(store_key)
        for watches in list(self._by_key.values()):
            for watch in watches:
                if watch.keeps_alive:
                    await self._records.touch(watch.stored)

    def _add(self, watch: _Watch) -> None:
        self._by_key.setdefault(watch.stored.store_key, []).append(watch)
        if self._looking is None:
            self._looking = PeriodicCallback(self.look, self._look_every * 1000)
            self._looking.start()

    def _drop(self, watch: _Watch) -> None:
        watches = self._by_key.get(watch.stored.store_key, [])
        if watch in watches:
            watches.remove(watch)
        if not watches:
            self._by_key.pop(watch.stored.store_key, None)
        self._rest()

    def _rest(self) -> None:
        if not self._by_key and self._looking is not None:
            self._looking.stop()
            self._looking = None


async def _logged(told: Awaitable[object]) -> None:
    try:
        await told
    except Exception:
        log.exception(_FAILED)
