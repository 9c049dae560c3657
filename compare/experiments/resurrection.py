"""Resurrection: a request that began before the sign-out ends after it, and writes what it read.

The last byte of its body is what it waits for. Whatever it stores then must not bring back what
has been confirmed to be over.
"""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

ALIVE, DEAD = "still signed in", "stays signed out"
_TRIES = 10


def run(lab: Lab) -> Outcome:
    """Begin a change, sign out, end the change, and use a copy of the cookies; ten times."""
    target = lab.target()
    for number in range(_TRIES):
        victim = lab.signed_in(target) if number == 0 else lab.passer_by(target)
        if number:
            lab.sign_in(victim, lab.person(target))
        victim.put(target.skus[0])
        slow = lab.copy(victim, "slow tab") if number == 0 else victim.copy("slow tab")
        thief = lab.copy(victim, "thief") if number == 0 else victim.copy("thief")
        change = slow.begin_to_add(target.skus[1])
        lab.let_it_read(victim)
        victim.sign_out()
        change.finish()
        if thief.who():
            return Outcome(
                ALIVE, False, "A change that was under way left the copy signed in after sign-out."
            )
    return Outcome(
        DEAD, True, f"{_TRIES} changes under way during a sign-out; none brought it back."
    )


EXPERIMENT = Experiment(
    name="resurrection",
    title="Resurrection",
    question="Does a slow request bring back what was signed out meanwhile?",
    clause="ASVS 7.4.1",
    capability="revocable",
    run=run,
    expected={COOKIE: ALIVE, SESSION: DEAD},
    kept=frozenset({DEAD}),
    most_requests=240,
)
