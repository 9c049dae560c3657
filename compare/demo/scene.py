"""The stage of a step of the tour: the visitor on one side, and who else is there.

Rule 1: whatever one of them sends becomes a lane of the picture, with what it had to do with the
store: the record that the cookie points to is looked at before and after.
Rule 2: the visitor is the one in front of the page, with what their browser holds; what changes of
it, the browser gets. What somebody else holds is the guest's, whose browser stands beside.
Rule 3: what only prepares a beat is sent behind the scene, and is no part of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ..browser import Begun, Reply
from ..findings import Exchange
from ..shop_visitor import Person, ShopVisitor
from .booth import Booth
from .lab import You
from .lanes import in_words, lane
from .side import Guest, Side
from .store_view import record_of

_NEW = "keeps a new record"


class Stage:
    """One side of a step. ``lanes`` are those of the beat that is played, ``facts`` whatever its
    beats tell each other, ``shown`` what the page shows besides, ``said`` what there is to say of
    who was here before.
    """

    def __init__(self, booth: Booth, application: str) -> None:
        self.booth = booth
        self.application = application
        self.side: Side = booth.sides[application]
        self.lanes: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}
        self.said = ""
        self.taking = Lock()
        self.shows = True

    @property
    def person(self) -> Person:
        """Who the visitor is here."""
        return self.booth.person_on(self.application)

    @property
    def you(self) -> YouOnStage:
        """The visitor, with what the browser holds at this moment."""
        return YouOnStage(self)

    def guest(self, name: str) -> OnStage:
        """Return whoever sits in front of the guest's browser."""
        return GuestOnStage(self, name)

    def welcome(self, whose: str, jar: Mapping[str, str]) -> None:
        """Put the browser of a guest with these cookies beside the visitor's."""
        self.side.guest = self.side.guests[whose] = Guest(whose, dict(jar))

    @contextmanager
    def behind_the_scene(self) -> Iterator[None]:
        """Show nothing of what is sent in the block."""
        self.shows, before = False, self.shows
        try:
            yield
        finally:
            self.shows = before

    def two_products(self) -> list[str]:
        """Return two products, by sku, that are in no cart from now on."""
        you = self.you
        with self.behind_the_scene():
            there = you.cart()
            skus = sorted(self.side.target.skus, key=there.__contains__)[:2]
            for sku in there.keys() & {*skus}:
                you.remove(sku)
        return skus

    def names(self, reply: Reply) -> str:
        """Return what is in the cart of an answer, as a line."""
        return in_words(reply.json["items"])

    def record_of(self, jar: Mapping[str, str]) -> bytes | None:
        """Return what the store has that these cookies point to, None if it cannot be asked."""
        if not self.booth.uses_a_store(self.application) or self.booth.frozen:
            return None
        return record_of(self.side.target, jar)


class OnStage(ShopVisitor):
    """Somebody whose exchanges are drawn."""

    def __init__(self, stage: Stage, name: str, jar: Mapping[str, str]) -> None:
        super().__init__(stage.side.target.url, name, jar)
        self.stage = stage
        self._before: bytes | None = None

    def begin_with(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Begun:
        """Look at the record first."""
        self._before = self.stage.record_of(self.jar)
        return super().begin_with(method, path, body, headers)

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Draw it."""
        sent = dict(self.jar)
        with self.stage.taking:  # two tabs get their answers at once; a browser takes one by one
            super().take(exchange, reply)
            if self.stage.shows:
                drawn = lane(exchange, self.stage.side.prefix, self._store(sent, reply))
                self.stage.lanes.append(drawn)

    def _store(self, sent: Mapping[str, str], reply: Reply) -> str:
        if not self.stage.booth.uses_a_store(self.stage.application):
            return "is not asked"
        if self.stage.booth.frozen:
            return "does not answer"
        if self.jar != sent and reply.set_cookies and self.stage.record_of(self.jar):
            return _NEW
        return _done(self._before, self.stage.record_of(sent))


class YouOnStage(OnStage, You):
    """The visitor."""

    def __init__(self, stage: Stage) -> None:
        You.__init__(self, stage.side)
        self.stage = stage
        self._before = None

    def become(self, person: Person) -> str:
        """Be signed in as ``person``; that is no part of any picture."""
        with self.stage.behind_the_scene():
            said = super().become(person)
        self.stage.said += said
        return said


class GuestOnStage(OnStage):
    """Whoever sits in front of the guest's browser: what changes of its cookies, it gets."""

    def __init__(self, stage: Stage, name: str) -> None:
        guest = stage.side.guest
        super().__init__(stage, name, guest.jar if guest else {})

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Keep cookies in the guest's browser."""
        super().take(exchange, reply)
        if guest := self.stage.side.guest:
            guest.jar = dict(self.jar)


def _done(before: bytes | None, after: bytes | None) -> str:
    """Return what the store has done, by the record it had and the one it has."""
    if after is None:
        return "has no such record" if before is None else "deletes the record"
    if before is None:
        return _NEW
    return "finds the record" if before == after else "writes the record"
