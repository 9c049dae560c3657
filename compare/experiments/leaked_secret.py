"""Leaked secret: the attacker knows the cookie secret and this project's code."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

FORGED, NOTHING = "anybody can be forged", "nothing is gained"
ADOPTED = "an ID of the attacker's is adopted"


def run(lab: Lab) -> Outcome:
    """Forge a sign-in, and a session ID; use both."""
    target = lab.target()
    person = lab.person(target)
    lab.signed_in(target, person, "owner of the account")
    forger = lab.visitor(target, "attacker")
    forger.jar = target.forged_sign_in(person)
    if forger.who() == person.username:
        return Outcome(FORGED, False, f"Without any password the attacker is {person.username}.")
    forger.jar = target.forged_session()
    presented = dict(forger.jar)
    if forger.who():
        return Outcome(FORGED, False, "A session ID that nobody was given is signed in.")
    forger.put(target.skus[0])
    if presented.items() <= forger.jar.items():
        return Outcome(
            ADOPTED, False, "The target took a session ID that the attacker had made up."
        )
    return Outcome(
        NOTHING, True, "A signature makes no session: the forged IDs are known to nobody."
    )


EXPERIMENT = Experiment(
    name="leaked-secret",
    title="Leaked secret",
    question="What does the cookie secret give to whoever has it?",
    clause="ASVS 11.1.1",
    run=run,
    expected={COOKIE: FORGED, SESSION: NOTHING},
)
