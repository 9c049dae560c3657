"""Revocation: a changed password ends what was signed in with the old one, or lets one end it.

The clause asks for the option to end the other sessions; ending them unasked is more. That a copy
of one's own cookies ends as well, no clause asks for.
"""

from __future__ import annotations

from .. import demands
from ..experiment import COOKIE, SESSION, Experiment, Lab, NotTried
from ..findings import Outcome

STAY, OUT, COPY_STAYS = "the others stay in", "the others are out", "a copy of one's own stays in"
OPTION = "the others are out when one says so"


def run(lab: Lab) -> Outcome:
    """Sign in on two devices, change the password on one; use the other, and a copy of the one."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    other = lab.signed_in(target, person, "second device")
    copy = lab.copy(victim, "thief")
    if not (victim.who() and copy.who()):
        raise NotTried("signing in on a second device ends the first: there are never others")
    victim.change_password()
    victim.who()
    if other.who():
        if not victim.end_others():
            told = "After the change of password the other device is still in, and nothing ends it."
            return Outcome(STAY, False, told)
        if other.who():
            return Outcome(STAY, False, "The others were ended, and the other device is still in.")
        return Outcome(OPTION, True, "The change let the other device be; the option ended it.")
    if copy.who():
        told = "The change ended the other device. A copy of one's own cookies outlives it."
        remark = "The token that the password was changed with could end as well, for a new one."
        return Outcome(COPY_STAYS, False, told, remarks=(remark,))
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
    kept=frozenset({OUT, OPTION, COPY_STAYS}),
    most_requests=60,
    demand=demands.OTHERS,
    needs=("password",),
    core=True,
)
