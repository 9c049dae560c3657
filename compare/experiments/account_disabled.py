"""Account disabled: whoever runs the shop disables an account that is signed in somewhere."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STILL_IN, OUT = "still signed in", "signed out"


def run(lab: Lab) -> Outcome:
    """Sign in, have the account disabled, go on."""
    target = lab.target()
    person = lab.person(target)
    visitor = lab.signed_in(target, person, "visitor")
    target.disable(person)
    if visitor.who():
        return Outcome(STILL_IN, False, "The account is disabled, and its owner is still in.")
    return Outcome(OUT, True, "Disabling the account ended its sessions at once.")


EXPERIMENT = Experiment(
    name="account-disabled",
    title="Account disabled",
    question="Is somebody out at once whose account is disabled?",
    clause="ASVS 7.4.2",
    capability="revocable",
    run=run,
    expected={COOKIE: STILL_IN, SESSION: OUT},
)
