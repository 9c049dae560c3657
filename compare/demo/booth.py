"""A visitor's own pair of applications: nobody else's clicks, freezes or restarts reach it.

Rule 1: the applications are those of ``make run-cookie`` and ``make run-session``, unchanged, each
a process with a memcached, accounts, secrets and names of cookies of its own: those of one's own
shops on the same host stay as they are.
Rule 2: what the visitor's browser holds is known from what passes; what an action changed of it is
handed to the browser with the next answer of the pane.
Rule 3: whoever wants to know what has changed waits for it; ``pages`` counts who does.
Rule 4: what has ended by itself is started again, and the page says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ..experiment import SESSION
from ..processes import ProcessFailed
from ..shop_visitor import Person
from ..targets import Targets
from .side import Side
from .troubles import TROUBLES, plainly

#: Whoever has no account of their own yet can use this one.
READY_MADE = Person("demo", "demo@post.example", "violet-otter-91")

_SHOPS = {"cookie": "the signed-cookie shop", "session": "the server-session shop"}
_STORE_ENDED = (
    "memcached, where {} keeps its sessions, had ended. It has been started again with nothing in "
    "it: that shop has forgotten who was signed in, and every cart."
)


class Booth:
    """See the module's rules. Opened and closed in a thread, used on the event loop.

    Names of cookies begin with ``name`` and the application.

    ``stories`` are what the tour has told, by step, ``first`` what the browsers showed before, and
    ``play`` the step that is being played. ``person`` is who signed in last, on either side, and
    ``results`` counts what the panes have to be loaded anew for. Whoever looks into a store, or may
    freeze or restart one, holds ``looking``: memcached lists its keys to one at a time, and to
    nobody when it is frozen.
    """

    def __init__(self, name: str = "demo") -> None:
        self._name = name
        self._targets = Targets()
        self.sides: dict[str, Side] = {}
        self.person = READY_MADE
        self.frozen = False
        self.closed = False
        self.last: dict[str, Any] | None = None
        self.play: Any = None
        self.first: dict[str, dict[str, str]] = {}
        self.stories: dict[str, dict[str, Any]] = {}
        self.notice = ""
        self.results = 0
        self.measured: dict[str, dict[str, bool | int]] = {}
        self.pages = 0
        self.busy = asyncio.Lock()
        self.looking = asyncio.Lock()
        self.mending = asyncio.Lock()
        self.changed = asyncio.Condition()
        self.version = 0

    def open(self) -> None:
        """Start everything, and register the ready-made account."""
        for application in self._targets:
            options = ("--dev", f"--state-name={self._name}-{application}")
            self.sides[application] = Side(self._targets.running(application, options))
        for side in self.sides.values():
            side.register(READY_MADE)

    def close(self) -> None:
        """End everything, at once, frozen or not; may be called again."""
        self.closed = True
        self._targets.close()
        for side in self.sides.values():
            side.target.app.close()
            side.target.memcached.close()

    def register(self, person: Person) -> str | None:
        """Make an account on both sides, or on none; return why not, if it could not be."""
        known = [side.people.get(person.username) for side in self.sides.values()]
        if any(each is not None and each != person for each in known):
            return "username: This name is taken."
        for side in self.sides.values():
            if refusal := side.register(person):
                return refusal
        self.person = person
        return None

    def person_on(self, application: str) -> Person:
        """Return who signed in last, as that side knows them; they get an account there."""
        people = self.sides[application].people
        if people.get(self.person.username) is None:
            self.sides[application].register(self.person)
        return people.get(self.person.username) or self.person

    def tier(self, application: str) -> str:
        """Return the name of the tier that an application keeps everything in."""
        return self._targets.tier(application)

    def uses_a_store(self, application: str) -> bool:
        """Return whether an application keeps anything in its memcached."""
        return self.tier(application) == SESSION

    def freeze(self, *, frozen: bool) -> None:
        """Freeze or thaw the memcached of either side."""
        if frozen != self.frozen:
            self.frozen = frozen
            for side in self.sides.values():
                memcached = side.target.memcached
                if frozen:
                    memcached.freeze()
                else:
                    with suppress(ProcessFailed):  # what has ended is started anew instead
                        memcached.thaw()

    async def mend(self) -> None:
        """Start again what has ended, unless something is being tried that may be why."""
        async with self.mending:  # whoever comes meanwhile waits for the end of it
            ended = any(side.ended for side in self.sides.values())
            if ended and not self.closed and not self.busy.locked():
                await self._mend()

    async def _mend(self) -> None:
        async with self.busy:
            try:
                async with self.looking:
                    mended = await asyncio.to_thread(lambda: list(self._mended()))
                for told in mended:  # one may have ended a moment after the other
                    if told not in self.notice:
                        self.notice = f"{self.notice} {told}".strip()
            except TROUBLES as error:
                self.notice = f"What has ended could not be started again. {plainly(error)}"
        self.results += 1
        await self.notify()

    def _mended(self) -> Iterable[str]:
        if self.frozen:
            self.freeze(frozen=False)
        for application, side in self.sides.items():
            if not side.target.memcached.runs:
                side.target.memcached.restart()
                if self.uses_a_store(application):  # elsewhere nobody has lost anything
                    yield _STORE_ENDED.format(_SHOPS[application])
            if not side.target.app.runs:
                side.target.app.start()
                yield f"The program of {_SHOPS[application]} had ended. It has been started again."

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
