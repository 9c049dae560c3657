"""Rotation: the application gets a new cookie secret, and later forgets the old one."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

SMOOTH = "the old one counts while it is listed"
SIGNS_OUT = "everybody is signed out"
STILL_COUNTS = "a forgotten secret still counts"


def run(lab: Lab) -> Outcome:
    """Sign in, rotate, look; drop the old secret, look again; and sign in anew."""
    target = lab.target()
    person = lab.person(target)
    visitor = lab.signed_in(target, person, "visitor")
    old = lab.copy(visitor, "holder of the old cookie")
    target.add_secret()
    if not visitor.who():
        return Outcome(SIGNS_OUT, False, "The new secret has signed everybody out.")
    target.forget_old_secrets()
    if old.who():
        return Outcome(
            STILL_COUNTS, False, "A cookie of the secret that was dropped is still accepted."
        )
    lab.sign_in(visitor, person)
    return Outcome(
        SMOOTH,
        True,
        "The new secret signed nobody out. Once the old one was dropped, its cookies were worth "
        "nothing.",
    )


EXPERIMENT = Experiment(
    name="rotation",
    title="Rotation of the secret",
    question="Can the cookie secret be changed without signing anybody out?",
    clause="ASVS 11.2.2",
    run=run,
    expected={COOKIE: SMOOTH, SESSION: SMOOTH},
)
