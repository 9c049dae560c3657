"""Listing and ending sessions: where am I signed in, and out with the one I do not know."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

IMPOSSIBLE = "impossible"
WORKS = "listed and ended"
NOT_LISTED = "not all are listed"
NOT_ENDED = "listed, and not ended"


def run(lab: Lab) -> Outcome:
    """Sign in on two devices; from one, list both and end the other."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    before = victim.sessions()
    other = lab.signed_in(target, person, "device left behind")
    after = victim.sessions()
    if before is None or after is None:
        return Outcome(
            IMPOSSIBLE, False, "Nobody knows where the cookies are, so none can be listed or ended."
        )
    added = {each["handle"] for each in after} - {each["handle"] for each in before}
    if len(added) != 1 or sum(each["current"] for each in after) != 1:
        return Outcome(
            NOT_LISTED, False, f"Signed in on one more device, and {len(added)} more are listed."
        )
    victim.end_session(added.pop())
    if other.who():
        return Outcome(NOT_ENDED, False, "It was ended, and it is still signed in.")
    return Outcome(WORKS, True, "Both devices are listed, and the other one was ended at once.")


EXPERIMENT = Experiment(
    name="listing",
    title="Listing and ending sessions",
    question="Can people see where they are signed in, and end it from another device?",
    clause="ASVS 7.5.2",
    capability="revocable",
    run=run,
    expected={COOKIE: IMPOSSIBLE, SESSION: WORKS},
)
