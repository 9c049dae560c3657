"""Waiting for what must become true: polled, with a deadline, never a pause and a hope."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

#: Seconds; much more than anything takes on a machine that is not busy.
PATIENCE = 30.0


def wait_until(
    condition: Callable[[], bool], what: str, *, pause: float = 0.005, patience: float = PATIENCE
) -> None:
    """Return once ``condition()`` holds; `TimeoutError` naming ``what`` after ``patience`` seconds.

    ``pause`` is the seconds between two looks.
    """
    give_up = time.monotonic() + patience
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(pause)


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once ``await condition()`` holds; see `wait_until`."""
    give_up = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited in vain until {what}")
        await asyncio.sleep(0.005)  # between two looks


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
