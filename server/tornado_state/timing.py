"""How long a request waited for its state, told to the browser: ``Server-Timing`` (W3C).

Rule: an application that does not ask for it has states that do not look at a clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .kinds import Kind
from .request_state import RequestState
from .sessions.renewing import Confirm, nobody_else

T = TypeVar("T")


class TimedState(RequestState):
    """A state that adds up the seconds for which it was waited for."""

    __slots__ = ("_seconds",)

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self._seconds = 0.0

    @property
    def timing(self) -> str:  # type: ignore[override]  # nobody assigns it
        """The header's value, in milliseconds."""
        return f"state;dur={self._seconds * 1000:.1f}"

    def look_up(self) -> None:
        """Leave it to `load`, which looks at the clock."""

    def may_commit_soon(self) -> bool:
        """Leave it to `commit`, likewise."""
        return False

    async def load(self) -> None:
        """See `RequestState.load`."""
        with self._timed():
            await super().load()

    async def update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        """See `RequestState.update`."""
        with self._timed():
            return await super().update(kind, function)

    async def commit(self, confirm: Confirm = nobody_else) -> None:
        """See `RequestState.commit`."""
        with self._timed():
            await super().commit(confirm)

    async def reload(self) -> None:
        """See `RequestState.reload`."""
        with self._timed():
            await super().reload()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - began
