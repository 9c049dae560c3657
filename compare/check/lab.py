"""What an experiment is given in front of a described application."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from ..browser import NoAnswer
from ..experiment import Lab, Timeout
from ..findings import Exchange
from ..shop_visitor import Person, ShopVisitor, Unexpected
from .described_target import DescribedTarget
from .described_visitor import DescribedVisitor
from .description import NotTried
from .passwords import sign_in
from .placeholders import placeholders, uses

if TYPE_CHECKING:
    from ..targets import Target

_LONGEST_WAIT, _A_MOMENT = 60.0, 0.2


class DescribedLab(Lab):
    """See the module. People are numbered anew for each experiment."""

    store_deadline = None

    def __init__(self, target: DescribedTarget) -> None:
        self._described = target
        self._visitors: list[ShopVisitor] = []
        self._people = 0
        self.application = target.description.name
        self.tier = ""

    def target(self, *_options: str, memcached: Sequence[str] = ()) -> Target:
        """Return the application, as it runs."""
        return cast("Target", self._described)

    def timed_target(
        self, tried: Timeout, *, idle: float, absolute: float
    ) -> tuple[Target, float, float]:
        """Return the application, and the timeouts of its file in the place of those asked for."""
        timeouts = self._described.description.timeouts
        wanted = timeouts.idle if tried == "idle" else timeouts.absolute
        if wanted is None:
            raise NotTried(f"the file has no {tried} in [timeouts]")
        if wanted > _LONGEST_WAIT:
            raise NotTried(f"{wanted:.0f} s are long to wait for: start it with a shorter {tried}")
        self._described = self._described.timed()
        return self.target(), timeouts.idle or wanted, timeouts.absolute or wanted

    def visitor(self, target: Target, name: str = "victim") -> ShopVisitor:
        """Return somebody who has not been here before."""
        return self.kept(self.passer_by(target, name))

    def writer(self, target: Target) -> ShopVisitor:
        """Return somebody who may write, signed in only where the file says so."""
        write = self._described.description.write
        if write is not None and not write.without_sign_in:
            return self.signed_in(target, name="visitor")
        return self.visitor(target, "visitor")

    def several_skus(self, _target: Target) -> list[str]:
        """Return what may be kept at the same time."""
        if not self._described.keeps_several:
            raise NotTried("[write] has no {key}, so it keeps one value")
        return self._described.skus

    def let_it_read(self, visitor: ShopVisitor) -> None:
        """Return once it has; where each request has a thread, it may well be a moment later."""
        try:
            visitor.ask_who()
        except NoAnswer as error:
            raise NotTried("half a request keeps everybody waiting: it has one worker") from error
        time.sleep(_A_MOMENT)

    def passer_by(self, _target: Target, name: str = "passer-by") -> ShopVisitor:
        """Return somebody whose exchanges are nobody's evidence."""
        return DescribedVisitor(self._described, name)

    def look_around(self, visitor: ShopVisitor) -> None:
        """Have ``visitor`` go wherever one goes before one signs in."""
        assert isinstance(visitor, DescribedVisitor)
        for path in self._described.description.pages_before:
            visitor.requests.visit(path)
        visitor.ask_everything()

    def fill_cart(self, target: Target, visitor: ShopVisitor, note: str = "") -> bool:
        """Have ``visitor`` write something; False where that cannot be."""
        write = self._described.description.write
        assert isinstance(visitor, DescribedVisitor)
        if write is None or not self._described.writes:
            return False
        if not write.without_sign_in and not visitor.has_signed_in:
            return False
        return super().fill_cart(target, visitor, note if uses(write, "value") else "")

    def note_is_secret(self, _target: Target) -> bool:
        """Return whether what is written is nobody else's business."""
        write = self._described.description.write
        return write is not None and write.sensitive

    def is_private(self, target: Target) -> bool:
        """Return whether what was written is not there for a stranger as well."""
        return self._described.writes and super().is_private(target)

    def full_copy(self, target: Target, visitor: ShopVisitor, name: str) -> ShopVisitor:
        """Return somebody with ``visitor``'s cookies, with something written."""
        self.fill_cart(target, visitor)
        return self.copy(visitor, name)

    def is_brought_along(self, name: str) -> bool:
        """Return whether a sign-in sends what is held under ``name``; a cookie it does."""
        sent = placeholders(msgspec.to_builtins(self._described.description.sign_in))
        return not name.startswith("{") or name[1:-1] in sent

    def sign_in(self, visitor: ShopVisitor, person: Person) -> None:
        """Have ``visitor`` sign in, and return once the target says so."""
        if not sign_in(visitor, person, (1, 1, 5)):
            raise Unexpected(f"{visitor.name} signed in, and it never says so")

    def person(self, target: Target) -> Person:
        """Return somebody with an account, another one each time where there are several."""
        self._people += 1
        passer_by = self.passer_by(target)
        return self._described.person(self._people - 1, passer_by.register)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The evidence, with nothing in it that is a secret of the run."""
        return tuple(each.without(self._described.secrets) for each in super().exchanges)
