"""Cancellations that a store lets out, told apart from those that are meant for the one who waits.

A call that was cancelled within a store, when it closes a pool say, gave no answer. Passed on as a
cancellation it would end the request without one as well, and its client would wait for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..exceptions import StoreUnavailable


@contextmanager
def no_answer() -> Iterator[None]:
    """Raise `StoreUnavailable` for a cancellation that nobody has asked this task for."""
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise StoreUnavailable("the store has cancelled the call") from error


def is_let_out(answer: asyncio.Future[Any]) -> bool:
    """Return whether ``answer`` was cancelled from within."""
    return answer.cancelled() and isinstance(answer, asyncio.Task) and not answer.cancelling()
