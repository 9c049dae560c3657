"""Fixation: an attacker plants their own cookies with a victim, who then signs in."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STICKS = "what was planted stays good"
DEAD = "what was planted is dead"
LET_IN = "the attacker is signed in"
_TRIES = 5


def run(lab: Lab) -> Outcome:
    """Plant cookies, have the victim sign in with them, use them again; once is enough."""
    for _ in range(_TRIES):
        outcome = _tried(lab)
        if outcome.word == LET_IN:
            break
    return outcome


def _tried(lab: Lab) -> Outcome:
    target = lab.target()
    attacker = lab.visitor(target, "attacker")
    attacker.put(target.skus[0])
    if not attacker.jar:
        return Outcome(DEAD, True, "There is no cookie before the sign-in, so none to plant.")
    victim = lab.copy(attacker, "victim")
    lab.sign_in(victim, lab.person(target))
    if who := attacker.who():
        return Outcome(
            LET_IN, False, f"With the cookies it had planted, the attacker is now {who}."
        )
    if attacker.cart():
        return Outcome(
            STICKS, False, "The planted cart is as valid as before, for whoever has the cookies."
        )
    return Outcome(DEAD, True, "Signing in made a new ID, and the planted one is dead.")


EXPERIMENT = Experiment(
    name="fixation",
    title="Fixation",
    question="Is what an attacker planted before the sign-in worth anything after it?",
    clause="ASVS 7.2.4",
    run=run,
    expected={COOKIE: STICKS, SESSION: DEAD},
    kept=frozenset({STICKS, DEAD}),
    most_requests=240,
)
