"""A store of somebody else's, and the edge that its errors stop at.

Rule 1: what is said of a connection, a file or a time (`OSError`, which a `TimeoutError` is, and
`EOFError`, which asyncio's streams raise where one ends) is an outage, whether or not its author
thought of it: `StoreUnavailable`, 503 with a ``Retry-After``, as with any store. The log has it
whole, for it is the store that should say so. So is a call that the store itself has cancelled.
Rule 2: whatever else it raises is a mistake of a program, and stays what it is: 500.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from ..exceptions import StoreUnavailable
from .base import SessionRecord, SessionStore

logger = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT")

_OUTAGES = (OSError, EOFError)


def at_the_edge(store: SessionStore) -> SessionStore:
    """Return ``store``, or, where somebody else wrote it, what asks it and tells its outages."""
    is_ours = type(store).__module__.startswith(f"{__package__}.")
    return store if is_ours else StrangersStore(store)


class StrangersStore(SessionStore):
    """The contract, kept by ``store``; see the rules above."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        kind = type(store)
        self._loads_soon = kind.load_soon is not SessionStore.load_soon
        self._swaps_soon = kind.cas_soon is not SessionStore.cas_soon

    async def load(self, key: str) -> SessionRecord | None:
        """See `SessionStore.load`."""
        with _outages():
            return await self._store.load(key)

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        """See `SessionStore.load_soon`."""
        if not self._loads_soon:
            return super().load_soon(key)
        with _outages():
            return _told(self._store.load_soon(key))

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`."""
        with _outages():
            return await self._store.add(key, sealed, idle)

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`."""
        with _outages():
            return await self._store.cas(key, sealed, token, idle)

    def cas_soon(
        self, key: str, sealed: bytes, token: bytes, idle: int
    ) -> asyncio.Future[bool | None]:
        """See `SessionStore.cas_soon`."""
        if not self._swaps_soon:
            return super().cas_soon(key, sealed, token, idle)
        with _outages():
            return _told(self._store.cas_soon(key, sealed, token, idle))

    async def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        with _outages():
            return await self._store.touch(key, idle)

    async def delete(self, key: str) -> bool:
        """See `SessionStore.delete`."""
        with _outages():
            return await self._store.delete(key)

    @property
    def room(self) -> int | None:
        """See `SessionStore.room`."""
        return self._store.room

    @property
    def may_answer_elsewhere(self) -> bool:
        """See `SessionStore.may_answer_elsewhere`."""
        return self._store.may_answer_elsewhere


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except _OUTAGES as error:
        raise _outage(error) from error


def _outage(error: OSError | EOFError) -> StoreUnavailable:
    logger.error("the session store raises no StoreUnavailable of its own", exc_info=error)
    return StoreUnavailable(f"the session store: {type(error).__name__}")


def _told(begun: asyncio.Future[AnswerT]) -> asyncio.Future[AnswerT]:
    """Return what ``begun`` will be, its outage told; who gives it up gives that up."""
    answer: asyncio.Future[AnswerT] = begun.get_loop().create_future()

    def give_up(answer: asyncio.Future[AnswerT]) -> None:
        if answer.cancelled():
            begun.cancel()

    def tell(begun: asyncio.Future[AnswerT]) -> None:
        if answer.done():
            return
        if begun.cancelled():
            if _is_given_up(begun):
                answer.cancel()
            else:
                answer.set_exception(StoreUnavailable("the store has cancelled the call"))
        elif isinstance(error := begun.exception(), _OUTAGES):
            answer.set_exception(_outage(error))
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(begun.result())

    answer.add_done_callback(give_up)
    begun.add_done_callback(tell)
    return answer


def _is_given_up(begun: asyncio.Future[AnswerT]) -> bool:
    """Return whether it was cancelled from without, as the loop's end does; nobody asks any more.

    A future that is no task is cancelled by nobody but the store itself.
    """
    return isinstance(begun, asyncio.Task) and begun.cancelling() > 0
