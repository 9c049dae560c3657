"""Waiting for what must become true: polled, with a deadline, never a pause and a hope."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

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
    """Return a TCP port of 127.0.0.1 that nobody listens on.

    None of those that the system gives to connections: one of them could have it before whoever
    asked has.
    """
    while True:
        port = random.randrange(10_000, 32_000)  # noqa: S311 - nobody is to be kept from guessing it
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                listener.bind(("127.0.0.1", port))
                return port
