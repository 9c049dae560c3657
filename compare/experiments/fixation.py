"""Fixation: an attacker plants their own cookies with a victim, who then signs in.

The attacker has been wherever a victim goes before signing in, and plants what they got there; also
what is left of a session of their own that they have ended, and one that they are signed in with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from .. import demands
from ..carriers import signs_in
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..jar import name_of
from ..shop_visitor import ShopVisitor, Unexpected

STICKS = "what was planted stays good"
DEAD = "what was planted is dead"
LET_IN = "the attacker is signed in"
_TRIES = 3


def run(lab: Lab) -> Outcome:
    """Plant cookies, have the victim sign in with them, use them again; once is enough."""
    for _ in range(_TRIES):
        outcome = _with_what_visitors_get(lab)
        if outcome is None or outcome.word == LET_IN:
            break
    if outcome is not None and outcome.word != DEAD:
        return outcome
    further = _with_a_used_one(lab) or _with_one_in_use(lab)
    return further or outcome or _nothing_to_plant(lab)


def _with_what_visitors_get(lab: Lab) -> Outcome | None:
    target = lab.target()
    attacker = lab.visitor(target, "attacker")
    lab.look_around(attacker)
    wrote = lab.fill_cart(target, attacker)
    if not attacker.held or attacker.who():
        return None
    names = ", ".join(map(name_of, attacker.held))
    victim = _planted(lab, attacker)
    if who := attacker.who():
        return Outcome(
            LET_IN, False, f"With the cookies it had planted, the attacker is now {who}."
        )
    if wrote and lab.is_private(target) and attacker.cart():
        return Outcome(
            STICKS,
            False,
            "The planted cart is as valid as before, for whoever has the cookies.",
            demand=demands.OLD_TOKEN,
        )
    told = f"With what was planted ({names}) the attacker is nobody."
    return Outcome(DEAD, True, told, remarks=tuple(_still_in_use(attacker, victim)))


def _with_a_used_one(lab: Lab) -> Outcome | None:
    """Return what became of it if the attacker is let in; None otherwise."""
    target = lab.target()
    attacker = lab.visitor(target, "attacker with an account")
    lab.sign_in(attacker, lab.person(target))
    used = attacker.held
    attacker.sign_out()
    attacker.held = used | attacker.held
    if not attacker.held or attacker.who():  # what is good after a sign-out is not for this to say
        return None
    _planted(lab, attacker)
    if who := attacker.who():
        told = (
            f"With the cookies of a session it had ended, and planted, the attacker is now {who}."
        )
        return Outcome(LET_IN, False, told)
    return None


def _with_one_in_use(lab: Lab) -> Outcome | None:
    """Plant the attacker's own session while it is signed in; the victim signs in over it."""
    target = lab.target()
    attacker = lab.visitor(target, "attacker, signed in")
    mallory, person = lab.person(target), lab.person(target)
    lab.sign_in(attacker, mallory)
    victim = lab.copy(attacker, "victim")
    if mallory.username == person.username:  # whom it then names says nothing
        return None
    with suppress(Unexpected):  # it need not let somebody in who is signed in already
        victim.sign_in(person)
    if attacker.who() != person.username:
        return None
    told = f"The victim signed in over the attacker's session, and that is now {person.username}'s."
    return Outcome(LET_IN, False, told)


def _planted(lab: Lab, attacker: ShopVisitor) -> ShopVisitor:
    victim = lab.copy(attacker, "victim")
    lab.sign_in(victim, lab.person(lab.target()))
    return victim


def _still_in_use(attacker: ShopVisitor, victim: ShopVisitor) -> Iterator[str]:
    """Yield what of the planted the sign-in rests on, together with something new."""
    shows = signs_in(victim)
    for name, value in attacker.held.items():
        without = {each: text for each, text in victim.held.items() if each != name}
        if victim.held.get(name) == value and not shows(without):
            yield f"{name_of(name)} is part of the sign-in, and stays what it was before."


def _nothing_to_plant(lab: Lab) -> Outcome:
    attacker = lab.visitor(lab.target(), "attacker")
    before = len(attacker.exchanges)
    lab.look_around(attacker)
    asked = ", ".join(dict.fromkeys(each.path for each in attacker.exchanges[before:]))
    told = f"There is no cookie before the sign-in, so none to plant; asked for were {asked}."
    return Outcome(DEAD, True, told)


EXPERIMENT = Experiment(
    name="fixation",
    title="Fixation",
    question="Is what an attacker planted before the sign-in worth anything after it?",
    clause="ASVS 7.2.4",
    run=run,
    expected={COOKIE: STICKS, SESSION: DEAD},
    kept=frozenset({DEAD}),
    most_requests=240,
    demand=demands.FIXATION,
    core=True,
)
