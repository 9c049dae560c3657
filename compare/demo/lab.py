"""Experiments on a visitor's own live state: the victim is whoever sits in front of the page.

Rule 1: the first person an experiment asks for is the visitor, with what their browser holds at
this moment; everybody else in it is who they are in ``make compare``.
Rule 2: what the experiment changes of the visitor's cookies, their browser gets.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..browser import Reply
from ..experiment import Lab
from ..findings import Exchange
from ..shop_visitor import Person, ShopVisitor
from ..targets import Target
from .booth import Booth, Side


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


class LiveLab(Lab):
    """What an experiment is given in a booth, on the side of one application."""

    def __init__(self, booth: Booth, application: str) -> None:
        side = booth.sides[application]
        self._side = side
        self._booth = booth
        self._visitors = []
        self._you: You | None = None
        self.application = application
        self.tier = booth.tier(application)

    def target(self, *_options: str, memcached: Sequence[str] = ()) -> Target:
        """Return the visitor's application, as it runs."""
        return self._side.target

    def person(self, _target: Target) -> Person:
        """Return the visitor's account."""
        return self._booth.person

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
            return super().signed_in(target, person or self._booth.person, name)
        you = self.visitor(target)
        if not you.who():
            self.sign_in(you, self._booth.person)
        return you
