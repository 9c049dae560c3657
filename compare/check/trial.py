"""Trying an application out, and then every experiment that its file allows.

Rule 1: before any verdict, the application is used once as its file says. What does not work then
makes the file or the application `Unusable`: no verdict rests on a sign-in that never was.
Rule 2: an experiment ends as kept, broken, or not tried, with the reason. It is not tried where the
file has not what it takes, and where the application answers what its file does not say.
Rule 3: an application that is gone ends the trial.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from ..browser import NoAnswer
from ..experiment import TROUBLE, Experiment, Lab
from ..experiments import EXPERIMENTS
from ..findings import Exchange, Outcome
from ..shop_visitor import Person, ShopVisitor, Unexpected
from ..targets import Target
from ..waiting import wait_until
from .described_target import DescribedTarget
from .described_visitor import DescribedVisitor
from .description import Description, NotTried, Unusable
from .passwords import MOST_REQUESTS, restore, sign_in

#: What is tried on anybody's application.
CHECKS = tuple(each for each in EXPERIMENTS if each.kept)

KEPT, BROKEN, NOT_TRIED = "kept", "broken", "not tried"
_LONGEST_WAIT, _A_MOMENT = 60.0, 0.2
_FIRST_LOOK = 60
_LAST_LOOK = 20


@dataclass(frozen=True)
class Checked:
    """What an experiment says of an application: ``verdict`` is kept, broken or not tried.

    ``strange`` says that the application answered what its file does not say.
    """

    experiment: Experiment
    verdict: str
    word: str
    sentence: str
    exchanges: tuple[Exchange, ...] = ()
    strange: bool = False


class DescribedLab(Lab):
    """What an experiment is given in front of a described application."""

    store_deadline = None

    def __init__(self, target: DescribedTarget) -> None:
        self._described = target
        self._visitors: list[ShopVisitor] = []
        self.application = target.description.name
        self.tier = ""

    def target(self, *_options: str, memcached: Sequence[str] = ()) -> Target:
        """Return the application, as it runs."""
        return cast(Target, self._described)

    def timed_target(self, idle: float, absolute: float) -> tuple[Target, float, float]:
        """Return the application, and the timeouts of its file in the place of those asked for."""
        timeouts = self._described.description.timeouts
        idle_is_tried = idle < absolute / 2
        wanted = timeouts.idle if idle_is_tried else timeouts.absolute
        name = "idle" if idle_is_tried else "absolute"
        if wanted is None:
            raise NotTried(f"the file has no {name} in [timeouts]")
        if wanted > _LONGEST_WAIT:
            raise NotTried(f"{wanted:.0f} s are long to wait for: start it with a shorter {name}")
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
        visitor.ask_who()
        time.sleep(_A_MOMENT)

    def passer_by(self, _target: Target, name: str = "passer-by") -> ShopVisitor:
        """Return somebody whose exchanges are nobody's evidence."""
        return DescribedVisitor(self._described, name)

    def fill_cart(self, target: Target, visitor: ShopVisitor) -> bool:
        """Have ``visitor`` write something; False where the file has nothing for that."""
        description = self._described.description
        if description.write is None or description.read is None:
            return False
        return super().fill_cart(target, visitor)

    def full_copy(self, target: Target, visitor: ShopVisitor, name: str) -> ShopVisitor:
        """Return somebody with ``visitor``'s cookies, with something written."""
        self.fill_cart(target, visitor)
        return self.copy(visitor, name)

    def sign_in(self, visitor: ShopVisitor, person: Person) -> None:
        """Have ``visitor`` sign in, and return once the target says so."""
        if not sign_in(visitor, person, (1, 1, 5)):
            raise Unexpected(f"{visitor.name} signed in, and it never says so")

    def person(self, target: Target) -> Person:
        """Return somebody who has just registered, or whose account the file has."""
        person = self._described.new_person()
        if self._described.description.register:
            self.passer_by(target).register(person)
        if person not in self._described.people:
            self._described.people.append(person)
        return person


def trial(
    target: DescribedTarget,
    experiments: Sequence[Experiment] = CHECKS,
    watch: Callable[[Experiment], None] = lambda _experiment: None,
) -> Iterator[Checked]:
    """Yield what each experiment says of ``target``; `Unusable` once it cannot be used."""
    first_look(target)
    for experiment in experiments:
        watch(experiment)
        try:
            checked = _tried(target, experiment)
        finally:
            restore(target, DescribedVisitor(target, "owner"))
        yield checked
        _still_there(target, experiment)


def first_look(target: DescribedTarget) -> None:
    """Use ``target`` as its file says; `Unusable` in a sentence where it does not work."""
    target.allow(_FIRST_LOOK)
    lab = DescribedLab(target)
    try:
        _used(lab, target)
    except (Unexpected, NotTried) as error:
        raise Unusable(f"{error}.") from error
    except NoAnswer as error:
        raise Unusable(f"{target.url}: {target.gone() or error}.") from error


def most_requests(description: Description, experiments: Sequence[Experiment]) -> int:
    """Return how many requests are sent at the most, and no more."""
    each = 2 if description.token else 1
    looks = _FIRST_LOOK + len(experiments) * _LAST_LOOK
    if description.account and not description.register and description.password:
        looks += len(experiments) * MOST_REQUESTS
    return looks + each * sum(experiment.most_requests for experiment in experiments)


def _used(lab: DescribedLab, target: DescribedTarget) -> None:
    shop = lab.target()
    person = lab.person(shop)
    visitor = lab.visitor(shop)
    if visitor.who():
        raise Unusable("[who]: what shows who is signed in is there for somebody who is not.")
    visitor.sign_in(person)
    _expect_name(target, visitor, person)
    if target.description.write:
        key = target.skus[0]
        visitor.put(key)
        try:
            wait_until(lambda: key in visitor.cart(), "it is there", pause=0.5, patience=5)
        except TimeoutError as error:
            raise Unusable("[read]: what was written is not there.") from error
    visitor.sign_out()
    if visitor.who():
        raise Unusable("[sign_out]: the browser that signed out is still signed in.")


def _expect_name(target: DescribedTarget, visitor: ShopVisitor, person: Person) -> None:
    reply = visitor.ask_who()
    if visitor.name_in(reply) != person.username:
        what = " ".join(reply.text.split())[:100] or "nothing"
        raise Unusable(
            f"[sign_in] was answered, and {target.description.who.path} does not say that "
            f"{person.username} is signed in: it answered {reply.status}, “{what}”."
        )


def _tried(target: DescribedTarget, experiment: Experiment) -> Checked:
    lab = DescribedLab(target)
    each = 2 if target.description.token else 1
    target.allow(each * experiment.most_requests)
    target.written = {}
    try:
        outcome = experiment.run(lab)
    except NotTried as reason:
        return Checked(experiment, NOT_TRIED, NOT_TRIED, f"Not tried: {reason}.", lab.exchanges)
    except TROUBLE as error:
        sentence = f"This could not be tried: {error}."
        return Checked(experiment, NOT_TRIED, "could not be tried", sentence, lab.exchanges, True)
    return _judged(experiment, outcome, lab.exchanges)


def _judged(experiment: Experiment, outcome: Outcome, exchanges: tuple[Exchange, ...]) -> Checked:
    verdict = KEPT if outcome.word in experiment.kept else BROKEN
    return Checked(experiment, verdict, outcome.word, outcome.sentence, exchanges)


def _still_there(target: DescribedTarget, experiment: Experiment) -> None:
    target.allow(_LAST_LOOK)
    try:
        with suppress(Unexpected):  # it answers
            DescribedVisitor(target, "passer-by").ask_who()
    except NoAnswer as error:
        why = target.gone() or error
        raise Unusable(f"it cannot be used since {experiment.name}: {why}.") from error
