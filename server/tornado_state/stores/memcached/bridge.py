"""Code that seems to block, run on the event loop without blocking it.

pymemcache calls ``recv`` and expects bytes. Here it runs in a greenlet: where it would block, the
greenlet steps aside with something to await, the event loop goes on, and the greenlet continues
with the result, as SQLAlchemy's asyncio drivers do. The other way is threads; but handing every
lookup to one and back costs more processor time than the lookup.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from greenlet import getcurrent, greenlet

T = TypeVar("T")


async def run(function: Callable[[], T]) -> T:
    """Return what ``function`` returns; within it, `wait_for` waits without blocking the loop.

    Cancelling this raises `asyncio.CancelledError` where ``function`` waits.
    """
    aside = greenlet(function)
    outcome: Any = aside.switch()
    while not aside.dead:
        go_on = aside.switch
        try:
            result = await outcome
        except BaseException as error:  # noqa: BLE001 - it belongs to the code that waits for it
            go_on, result = aside.throw, error
        outcome = go_on(result)
    return cast("T", outcome)


def wait_for(awaitable: Awaitable[T]) -> T:
    """Return what ``awaitable`` gives; to be called within `run` only."""
    parent = getcurrent().parent
    assert parent is not None
    result: T = parent.switch(awaitable)
    return result
