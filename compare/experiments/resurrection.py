"""Resurrection: a request that began before the sign-out ends after it, and writes what it read.

The last byte of its body is what it waits for. Whatever it stores then must not bring back what
has been confirmed to be over. Where a copy is good after any sign-out, that is `replay`'s to say.
"""

from __future__ import annotations

from .. import demands
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

ALIVE, DEAD = "still signed in", "stays signed out"
WITHOUT_IT = "follows from replay"
_TRIES = 10


def run(lab: Lab) -> Outcome:
    """Begin a change, sign out, end the change, and use a copy of the cookies; ten times."""
    target = lab.target()
    sku = target.skus[1]
    if _is_alive_anyway(lab):
        return Outcome(WITHOUT_IT, False, "A copy is good after any sign-out, with no race at all.")
    for number in range(_TRIES):
        victim = lab.signed_in(target) if number == 0 else lab.passer_by(target)
        if number:
            lab.sign_in(victim, lab.person(target))
        victim.put(target.skus[0])
        slow = lab.copy(victim, "slow tab") if number == 0 else victim.copy("slow tab")
        thief = lab.copy(victim, "thief") if number == 0 else victim.copy("thief")
        change = slow.begin_to_add(sku)
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


def _is_alive_anyway(lab: Lab) -> bool:
    target = lab.target()
    victim = lab.passer_by(target)
    lab.sign_in(victim, lab.person(target))
    victim.put(target.skus[0])
    copy = victim.copy("thief")
    victim.sign_out()
    return copy.who() is not None


EXPERIMENT = Experiment(
    name="resurrection",
    title="Resurrection",
    question="Does a slow request bring back what was signed out meanwhile?",
    clause="ASVS 7.4.1",
    capability="revocable",
    run=run,
    expected={COOKIE: WITHOUT_IT, SESSION: DEAD},
    kept=frozenset({DEAD}),
    follows=frozenset({WITHOUT_IT}),
    most_requests=260,
    demand=demands.RESURRECTION,
    needs=("write", "read"),
)
