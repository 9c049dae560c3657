"""What an experiment is, what it is given, and how it is carried out.

Rule 1: an experiment is a function of a `Lab`. It uses the target as its visitors can, over HTTP,
and at most what an operator has besides: a hand on memcached, the command that disables an
account, the secret that is supposed to have leaked.
Rule 2: it says what it saw in the words of its own table, one word for each thing there is to see.
Which of the words the project promises for a tier stands beside it, in the same file.
Rule 3: what the target does against its contract is no outcome. The experiment then says that it
could not be carried out, which fails a run as well.
Rule 4: one that has words in ``kept`` asks for nothing but what every application with a sign-in
has. It is tried on anybody's, and those words say that the application keeps the promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .browser import NoAnswer
from .findings import Demand, Exchange, Finding, Outcome
from .processes import ProcessFailed
from .shop_visitor import Person, ShopVisitor, Unexpected, new_person

if TYPE_CHECKING:
    from .targets import Target, Targets

#: What says that an experiment could not be carried out.
TROUBLE = (Unexpected, NoAnswer, ProcessFailed, TimeoutError)

#: The two tiers, as `server` calls them.
COOKIE, SESSION = "signed cookie", "server session"


#: The time-out that an experiment is about.
Timeout = Literal["idle", "absolute"]


class NotTried(Exception):
    """The application, or its file, has not what an experiment takes; the text says what."""


class DoesNotApply(NotTried):
    """There is nothing in the application that the experiment is about; the text says what."""


class Lab:
    """What one run of an experiment on one application is given.

    ``store_deadline`` is after how many seconds the application gives up waiting for its store,
    None where nobody has said so.
    """

    store_deadline: float | None = 0.5

    def __init__(self, targets: Targets, application: str) -> None:
        self._targets = targets
        self._visitors: list[ShopVisitor] = []
        self.application = application
        self.tier = targets.tier(application)

    def target(self, *options: str, memcached: Sequence[str] = ()) -> Target:
        """Return the application, running with these options and arguments of memcached."""
        return self._targets.running(self.application, options, memcached)

    def timed_target(
        self, _tried: Timeout, *, idle: float, absolute: float
    ) -> tuple[Target, float, float]:
        """Return the application with these timeouts, in seconds, and those it really has."""
        options = (f"--idle-timeout={idle:.0f}", f"--absolute-timeout={absolute:.0f}")
        return self.target(*options), idle, absolute

    def visitor(self, target: Target, name: str = "victim") -> ShopVisitor:
        """Return somebody who has not been here before; what they do is kept as evidence."""
        return self.kept(ShopVisitor(target.url, name))

    def kept(self, visitor: ShopVisitor) -> ShopVisitor:
        """Keep what ``visitor`` does from now on as evidence."""
        visitor.exchanges = self._visitors[0].exchanges if self._visitors else visitor.exchanges
        self._visitors.append(visitor)
        return visitor

    def look_around(self, visitor: ShopVisitor) -> None:
        """Have ``visitor`` go wherever one goes before one signs in."""
        for path in ("/", "/preferences", "/cart"):
            visitor.send("GET", path)

    def fill_cart(self, target: Target, visitor: ShopVisitor, note: str = "") -> bool:
        """Have ``visitor`` put something into the cart; False where that cannot be."""
        visitor.put(target.skus[0], note)
        return True

    def is_private(self, target: Target) -> bool:
        """Return whether what is in somebody's cart is not there for a stranger as well."""
        return not self.passer_by(target).cart()

    def note_is_secret(self, _target: Target) -> bool:
        """Return whether what is in a cart is nobody else's business."""
        return True

    def full_copy(self, target: Target, visitor: ShopVisitor, name: str) -> ShopVisitor:
        """Return somebody with ``visitor``'s cookies while something of every kind is in them.

        The preferences are put back, for a visitor who goes on.
        """
        self.fill_cart(target, visitor)
        before = visitor.preferences()
        visitor.prefer(results_per_page=before["results_per_page"] % 100 + 1)
        other = self.copy(visitor, name)
        visitor.prefer(**before)
        return other

    def copy(self, visitor: ShopVisitor, name: str) -> ShopVisitor:
        """Return somebody with a copy of ``visitor``'s cookies."""
        return self.kept(visitor.copy(name))

    def writer(self, target: Target) -> ShopVisitor:
        """Return somebody who may write, signed in only where that takes it."""
        return self.visitor(target, "visitor")

    def several_skus(self, target: Target) -> list[str]:
        """Return what may be in a cart at the same time."""
        return target.skus

    def let_it_read(self, visitor: ShopVisitor) -> None:
        """Return once the target has read what was begun: it has answered what came later."""
        visitor.ask_who()

    def passer_by(self, target: Target, name: str = "passer-by") -> ShopVisitor:
        """Return somebody whose exchanges are nobody's evidence."""
        return ShopVisitor(target.url, name)

    def is_brought_along(self, _name: str) -> bool:
        """Return whether a sign-in sends what is held under this name."""
        return True

    def person(self, target: Target) -> Person:
        """Return somebody who has just registered."""
        person = new_person()
        self.passer_by(target).register(person)
        return person

    def signed_in(
        self, target: Target, person: Person | None = None, name: str = "victim"
    ) -> ShopVisitor:
        """Return somebody who has signed in, as ``person`` or as somebody new."""
        visitor = self.visitor(target, name)
        self.sign_in(visitor, person or self.person(target))
        return visitor

    def sign_in(self, visitor: ShopVisitor, person: Person) -> None:
        """Have ``visitor`` sign in; `Unexpected` unless that is what the target then says.

        Without this, nobody signed in would look like somebody who is out, as they should be.
        """
        visitor.sign_in(person)
        if (who := visitor.who()) != person.username:
            raise Unexpected(f"{visitor.name} signed in as {person.username}, and {_is(who)}")

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The evidence."""
        return tuple(self._visitors[0].exchanges) if self._visitors else ()


def _is(who: str | None) -> str:
    return f"is {who}" if who else "nobody is signed in"


@dataclass(frozen=True, eq=False)
class Experiment:
    """One line of the table of contents.

    ``question`` is what it answers, ``capability`` the field of `Capabilities` it measures, None
    where it measures none, ``expected`` the word promised for each tier, ``clause`` what says that
    it matters. ``kept`` are the words of an application that keeps the promise, whosever it is,
    ``demand`` is what the others do not meet, ``needs`` the tables of a described one's file that
    it takes (``core`` ones no check is whole without), ``follows`` the words that another
    experiment has said already, and ``most_requests`` is how many it sends to one at the most.
    """

    name: str
    title: str
    question: str
    clause: str
    run: Callable[[Lab], Outcome]
    expected: Mapping[str, str]
    capability: str | None = None
    kept: frozenset[str] = frozenset()
    most_requests: int = 0
    demand: Demand | None = None
    needs: tuple[str, ...] = ()
    core: bool = False
    follows: frozenset[str] = frozenset()

    def carried_out(self, targets: Targets, application: str) -> Finding:
        """Return what it finds out about an application."""
        targets.give_up_the_dead()
        lab = Lab(targets, application)
        outcome, trouble = None, ""
        try:
            outcome = self.run(lab)
        except TROUBLE as error:
            trouble = f"This could not be tried: {str(error).rstrip('.')}."
            targets.give_up(application)  # what has just been killed may seem to run for a moment
        return Finding(
            experiment=self.name,
            target=application,
            tier=lab.tier,
            capability=self.capability,
            clause=self.clause,
            expected=self.expected[lab.tier],
            outcome=outcome,
            trouble=trouble,
            exchanges=lab.exchanges,
        )
