"""Somebody who is active all the time: they click, until a time is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from .shop_visitor import ShopVisitor, Unexpected

#: Whole seconds are counted in cookies and in stores, so an end may come earlier by two of them.
COARSE = 2.0


class Activity:
    """What became of ``visitor``, who has just signed in and goes on asking who they are.

    ``out_after`` is how many seconds after ``since`` nobody was signed in any more, None while
    somebody is. ``idle`` is the timeout that activity has to push.
    """

    def __init__(self, visitor: ShopVisitor, since: float, idle: float) -> None:
        self._visitor = visitor
        self._since = self._last = since
        self._idle = idle
        self._longest_pause = 0.0
        self.out_after: float | None = None

    def go_on(self, seconds: float, also: Callable[[], object] = lambda: None) -> None:
        """Click for some seconds, and do ``also`` whatever is given each time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.click()
            also()
            time.sleep(min(0.25, self._idle / 8))  # between two clicks
        self.click()

    def click(self) -> None:
        """Ask who is signed in.

        A pause is from one question to the next answer: when the target saw either, nobody knows.
        """
        asked = time.monotonic()
        who, now = self._visitor.who(), time.monotonic()
        if self.out_after is None:
            self._longest_pause = max(self._longest_pause, now - self._last)
            self._last = asked
            if who is None:
                self.out_after = now - self._since

    def was_cut_short(self, lifetime: float) -> bool:
        """Return whether it ended although ``lifetime``, the absolute timeout, was not over.

        Raises `Unexpected` where the clicks were too far apart to be activity.
        """
        if self.out_after is None:
            return False
        if self._longest_pause > self._idle / 2:
            raise Unexpected(
                f"two clicks were {self._longest_pause:.1f} s apart: nobody was active"
            )
        return self.out_after < lifetime - COARSE
