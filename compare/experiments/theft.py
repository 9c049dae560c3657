"""Theft while signed in: a copy of the cookies is used while their owner still uses them."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

FOR_GOOD = "accepted, and cannot be ended"
UNTIL_ENDED = "accepted, until its owner ends it"
OUTLIVES = "accepted, also after it was ended"
REFUSED = "refused"


def run(lab: Lab) -> Outcome:
    """Copy the jar, use it, and end it from the owner's other device."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    phone = lab.signed_in(target, person, "owner's other device")
    thief = lab.copy(victim, "thief")
    if not thief.who():
        return Outcome(REFUSED, None, "The copy was refused: something binds it to the device.")
    if not phone.end_session("others"):
        return Outcome(
            FOR_GOOD, None, "The copy is as good as the original, and nobody can end either."
        )
    if thief.who():
        return Outcome(OUTLIVES, None, "The owner ended it, and the copy is still signed in.")
    return Outcome(
        UNTIL_ENDED,
        None,
        "The copy is as good as the original, until its owner ends it from another device. Only "
        "cookies bound to a device would refuse it.",
    )


EXPERIMENT = Experiment(
    name="theft",
    title="Theft while signed in",
    question="Is a stolen copy accepted, and can its owner end it?",
    clause="ASVS 7.5.2",
    run=run,
    expected={COOKIE: FOR_GOOD, SESSION: UNTIL_ENDED},
)
