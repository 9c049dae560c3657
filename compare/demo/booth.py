"""A visitor's own pair of applications: nobody else's clicks, freezes or restarts reach it.

Rule 1: the applications are those of ``make run-cookie`` and ``make run-session``, unchanged, each
a process with a memcached, accounts and secrets of its own.
Rule 2: what the visitor's browser holds is known from what passes; what an action changed of it is
handed to the browser with the next answer of the pane.
Rule 3: whoever wants to know what has changed waits for it; ``pages`` counts who does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..browser import NoAnswer
from ..shop_visitor import Person, ShopVisitor, Unexpected
from ..targets import Target, Targets

#: Whoever has no account of their own yet can use this one.
READY_MADE = Person("demo", "demo@post.example", "violet-otter-91")

_KEPT_EXCHANGES = 30
_OPTIONS = ("--dev",)


@dataclass
class Side:
    """One application of a booth. ``jar`` is what the browser holds of it, ``pending`` what is to
    be handed over, ``exchanges`` what passed, the newest first.
    """

    target: Target
    jar: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    exchanges: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_EXCHANGES))


class Booth:
    """See the module's rules. Opened and closed in a thread, used on the event loop."""

    def __init__(self) -> None:
        self._targets = Targets()
        self.sides: dict[str, Side] = {}
        self.person = READY_MADE
        self.frozen = False
        self.last: dict[str, Any] | None = None
        self.measured: dict[str, dict[str, bool | int]] = {}
        self.pages = 0
        self.busy = asyncio.Lock()
        self.changed = asyncio.Condition()
        self.version = 0

    def open(self) -> None:
        """Start everything, and register the ready-made account."""
        for application in self._targets:
            target = self._targets.running(application, _OPTIONS)
            self.sides[application] = Side(target)
        self.register(READY_MADE)

    def close(self) -> None:
        """End everything."""
        if self.frozen:
            self.sides["session"].target.memcached.thaw()
        self._targets.close()

    def register(self, person: Person) -> str | None:
        """Make an account on both sides; return why not, if it could not be."""
        for side in self.sides.values():
            try:
                reply = ShopVisitor(side.target.url, "you").send(
                    "POST", "/register", person._asdict()
                )
            except (NoAnswer, Unexpected) as error:
                return str(error)
            if reply.status != 201:
                return _refusal(reply.json)
        self.person = person
        return None

    def tier(self, application: str) -> str:
        """Return the name of the tier that an application keeps everything in."""
        return self._targets.tier(application)

    def freeze(self, *, frozen: bool) -> None:
        """Freeze or thaw memcached."""
        if frozen != self.frozen:
            memcached = self.sides["session"].target.memcached
            (memcached.freeze if frozen else memcached.thaw)()
            self.frozen = frozen

    async def notify(self) -> None:
        """Tell whoever waits that something has changed."""
        self.version += 1
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, version: int, seconds: float) -> None:
        """Return when there is something newer than ``version``, or the time is up."""
        async with self.changed:
            with suppress(TimeoutError):
                waiting = self.changed.wait_for(lambda: self.version > version)
                await asyncio.wait_for(waiting, seconds)


def _refusal(answer: Any) -> str:
    error = (answer or {}).get("error") or {}
    wrong = [f"{name}: {why}" for name, why in error.get("fields", {}).items()]
    return " ".join(wrong) or str(error.get("message", "This did not work."))
