"""Experiments on a visitor's own live state: the victim is whoever sits in front of the page.

Rule 1: the first person an experiment asks for is the visitor, with what their browser holds at
this moment; everybody else in it is who they are in ``make compare``.
Rule 2: what the experiment changes of the visitor's cookies, their browser gets.
Rule 3: it is tried as whoever signed in last, on both sides. Somebody else who is signed in on one
of them is signed out, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..browser import Reply
from ..experiment import Lab, Timeout
from ..findings import Exchange
from ..shop_visitor import Person, ShopVisitor, Unexpected
from ..targets import Target
from .booth import Booth
from .people import folded
from .side import Side
from .troubles import TROUBLES


class You(ShopVisitor):
    """The visitor of a booth on one side of it."""

    def __init__(self, side: Side, name: str = "you") -> None:
        super().__init__(side.target.url, name, side.jar)
        self._side = side

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Keep cookies as a browser does, and have the browser get them."""
        super().take(exchange, reply)
        self._side.pending += reply.set_cookies
        self._side.jar = dict(self.jar)

    def become(self, person: Person) -> str:
        """Be signed in as ``person``; return what there is to say about it."""
        who = self.who()
        if who is not None and folded(who) == folded(person.username):
            return ""
        if who is not None:
            self.sign_out()
        self.sign_in(person)
        return f"You were {who} here; this was tried as {person.username}. " if who else ""

    def set_cart(self, cart: Mapping[str, Mapping[str, Any]]) -> None:
        """Have exactly this in the cart."""
        now = self.cart()
        for sku in now.keys() - cart.keys():
            self.remove(sku)
        for sku, item in cart.items():
            if now.get(sku) != item:
                wanted = {"note": "", **item}
                self.expect(self.send("PUT", f"/cart/{sku}", wanted), 200)


def level_carts(sides: Iterable[Side]) -> None:
    """Have the same in all carts: what is in any of them or, where that does not fit, in all."""
    visitors = [You(side) for side in sides]
    carts = [you.cart() for you in visitors]
    if all(cart == carts[0] for cart in carts):
        return
    try:
        wanted = {sku: item for cart in carts for sku, item in cart.items()}
        for you in visitors:
            you.set_cart(wanted)
    except Unexpected:
        shared = {sku: it for sku, it in carts[0].items() if all(c.get(sku) == it for c in carts)}
        for you in visitors:
            you.set_cart(shared)


class LiveLab(Lab):
    """What an experiment is given in a booth, on the side of one application.

    ``said`` is what there is to say besides its outcome.
    """

    def __init__(self, booth: Booth, application: str) -> None:
        side = booth.sides[application]
        self._side = side
        self._booth = booth
        self._visitors = []
        self._you: You | None = None
        self.application = application
        self.tier = booth.tier(application)
        self.said = ""

    def target(self, *_options: str, memcached: Sequence[str] = ()) -> Target:
        """Return the visitor's application, as it runs."""
        return self._side.target

    def person(self, _target: Target) -> Person:
        """Return the visitor's account."""
        return self._booth.person_on(self.application)

    def visitor(self, target: Target, name: str = "victim") -> ShopVisitor:
        """Return the visitor, and for everybody after them somebody new."""
        if self._you is not None:
            return super().visitor(target, name)
        self._you = You(self._side)
        return self.kept(self._you)

    def signed_in(
        self, target: Target, person: Person | None = None, name: str = "victim"
    ) -> ShopVisitor:
        """Return the visitor, signed in; then somebody who signs in as them elsewhere."""
        if self._you is not None:
            return super().signed_in(target, person or self.person(target), name)
        self.visitor(target)
        return self.you()

    def fill_cart(self, target: Target, visitor: ShopVisitor, _note: str = "") -> bool:
        """Have something in the cart, without a note: the visitor has written none."""
        return super().fill_cart(target, visitor)

    def note_is_secret(self, _target: Target) -> bool:
        """Look for no note: see `fill_cart`."""
        return False

    def you(self) -> You:
        """Return the visitor, signed in as who they are on both sides."""
        self._you = self._you or You(self._side)
        self.said += self._you.become(self.person(self._side.target))
        return self._you

    def sign_you_out(self) -> None:
        """Have the visitor be nobody."""
        You(self._side).sign_out()

    def timed_target(
        self, _tried: Timeout, *, idle: float, absolute: float
    ) -> tuple[Target, float, float]:
        """Return the visitor's application, which has been started with these timeouts."""
        return self._side.target, idle, absolute

    @contextmanager
    def preferences_put_back(self) -> Iterator[None]:
        """Have the visitor's preferences as they were after the block."""
        before = You(self._side).preferences()
        try:
            yield
        finally:
            try:
                You(self._side).prefer(**before)
            except TROUBLES:
                self.said += "Your preferences could not be put back as they were. "

    @contextmanager
    def cart_put_back(self, *, emptied: bool) -> Iterator[None]:
        """Have the visitor's cart, empty at first if asked for, as it was after the block."""
        before = You(self._side).cart()
        if emptied:
            You(self._side).set_cart({})
        try:
            yield
        finally:
            try:
                You(self._side).set_cart(before)
            except TROUBLES:
                self.said += "Your cart could not be put back as it was. "
