"""Revocation: a changed password ends what was signed in with the old one."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STAY, OUT, COPY_STAYS = "the others stay in", "the others are out", "a copy of one's own stays in"


def run(lab: Lab) -> Outcome:
    """Sign in on two devices, change the password on one; use the other, and a copy of the one."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    other = lab.signed_in(target, person, "second device")
    copy = lab.copy(victim, "thief")
    victim.change_password()
    victim.who()
    if other.who():
        return Outcome(STAY, False, "After the change of password the other device is still in.")
    if copy.who():
        return Outcome(COPY_STAYS, False, "A copy of one's own cookies outlives the change.")
    return Outcome(
        OUT, True, "The change of password ended the other device, and every copy of one's own ID."
    )


EXPERIMENT = Experiment(
    name="revocation",
    title="Revocation",
    question="Does changing the password end everything that was signed in with the old one?",
    clause="ASVS 7.4.3",
    capability="revocable",
    run=run,
    expected={COOKIE: STAY, SESSION: OUT},
    kept=frozenset({OUT}),
    most_requests=40,
)
