"""The cookies of predecessors, as one request brings them and its answer clears them.

Rule: a cookie is cleared once what it was good for is confirmed to be here, or to be over.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..cookies.wire import Cookies, SetCookie
from .adopted import Predecessor


class OldCookies:
    """See the module's rule. ``predecessors`` are by the names of their cookies."""

    def __init__(self, predecessors: Mapping[str, Predecessor], cookies: Cookies) -> None:
        self._clearing = {
            name: predecessor.cleared
            for name, predecessor in predecessors.items()
            if name in cookies
        }
        self._asked: Mapping[str, SetCookie] = {}
        self._confirmed: dict[str, SetCookie] = {}

    def let_go(self) -> None:
        """Whoever was signed in by a predecessor is so no more, once that is confirmed."""
        self._asked = self._clearing

    def discard(self) -> None:
        """Forget what is not confirmed."""
        self._asked = {}

    def confirm(self) -> None:
        """What was asked for is confirmed."""
        self.clear(self._asked)

    def clear_all(self) -> None:
        """Have all of them cleared with whatever answer goes out."""
        self.clear(self._clearing)

    def clear(self, cookies: Mapping[str, SetCookie]) -> None:
        """Have these cleared, by name, with whatever answer goes out."""
        self._confirmed.update(cookies)

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send."""
        return list(self._confirmed.values())
